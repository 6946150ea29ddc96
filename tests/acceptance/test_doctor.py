"""`cti doctor` against a hotline in order and against broken ones: it says what to do, in time."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from cti.doctor_pbx import PbxChecks
from cti.findings import Verdict
from cti.sandbox import Sandbox
from tests.acceptance.hotline import ROOT, Hotline, hotline

pytestmark = pytest.mark.asyncio(loop_scope="module")
IN_TIME_S = 20.0


@dataclass
class Patient:
    line: Hotline
    folder: Path

    def settings(self, **changes: dict[str, Any]) -> Path:
        """The running hotline's settings file with `changes` to its sections."""
        values = yaml.safe_load(self.line.settings_file.read_text("utf-8"))
        for section, keys in changes.items():
            values[section].update(keys)
        file = self.folder / "changed.yaml"
        file.write_text(yaml.safe_dump(values, allow_unicode=True), "utf-8")
        return file

    async def cli(self, *commands: str) -> None:
        """Asterisk's console."""
        site, secrets = self.line.site, self.line.secrets
        name = self.line.settings.prompts.dir_in_asterisk.split("/")[2]
        for command in commands:
            await Sandbox(self.line.settings, site, secrets, name).cli(command)

    async def examined(self, settings: Path | None = None) -> tuple[int, str]:
        """Exit code and output of `cti doctor`."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cti.cli", "doctor"),
            *("--settings", str(settings or self.line.settings_file)),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), IN_TIME_S)
        text = said.decode()
        assert "Traceback" not in text, text
        assert "report it" not in text, text
        assert process.returncode is not None
        return process.returncode, text

    async def says(self, *parts: str, settings: Path | None = None) -> None:
        """It finds something broken and says all `parts`."""
        code, text = await self.examined(settings)
        assert code == 1, text
        assert "FAIL" in text
        assert "->" in text
        for part in parts:
            assert part in text, text


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def patient(
    tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path
) -> AsyncIterator[Patient]:
    folder = tmp_path_factory.mktemp("doctor")
    async with hotline(folder, root_dir=asterisk_root) as line:
        yield Patient(line, folder)


async def test_a_hotline_in_order_is_found_in_order(patient: Patient) -> None:
    await patient.line.seat("1001")
    code, text = await patient.examined()
    assert code == 0, text
    assert "FAIL" not in text
    assert "warn" not in text
    assert "phones registered now: 1" in text


async def test_examining_changes_nothing_for_the_daemon(patient: Patient) -> None:
    await patient.examined()
    log = patient.line.log_file.read_text("utf-8")
    assert log.count("AMI link is up") == 1
    assert "snapshot taken" in log


async def test_asterisk_that_does_not_run_is_told(patient: Patient) -> None:
    nobody = patient.settings(asterisk={"ami_port": 9})
    await patient.says("127.0.0.1:9: Connection refused", "start Asterisk", settings=nobody)


async def test_a_port_where_somebody_else_listens_is_told_in_time(patient: Patient) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    mute = patient.settings(asterisk={"ami_port": port})
    await patient.says("no answer to Login", "AMI port?", settings=mute)
    server.close()
    http = patient.settings(asterisk={"ami_port": patient.line.settings.http.port})
    await patient.says("AMI port?", settings=http)


async def test_a_wrong_secret_of_the_daemons_account_is_told(patient: Patient) -> None:
    wrong = patient.settings(asterisk={"ami_secret": "notthatone"})
    await patient.says("jietong is refused", "ami_secret must be", settings=wrong)


async def test_foreign_secrets_are_told(patient: Patient, tmp_path: Path) -> None:
    values = yaml.safe_load(patient.line.settings_file.read_text("utf-8"))
    values["state_dir"] = str(tmp_path / "elsewhere")
    file = tmp_path / "foreign.yaml"
    file.write_text(yaml.safe_dump(values, allow_unicode=True), "utf-8")
    await patient.says("refuses the account doctor", "not there", "database", settings=file)


@pytest.mark.parametrize("module", ["app_queue", "app_userevent", "func_module"])
async def test_a_module_that_is_not_loaded_is_named_with_the_line_that_loads_it(
    patient: Patient, module: str
) -> None:
    await patient.cli(f"module unload {module}.so")
    try:
        await patient.says(f"not loaded: {module}", f"load = {module}.so")
    finally:
        await patient.cli(f"module load {module}.so")


async def test_a_context_that_is_not_there_is_named(patient: Patient) -> None:
    await patient.cli("dialplan remove context seat-leg", "dialplan remove context waiting-room")
    try:
        await patient.says("no context waiting-room, seat-leg", "extensions.conf")
    finally:
        await patient.cli("dialplan reload")
    assert (await patient.examined())[0] == 0


async def test_a_seat_that_asterisk_does_not_know_is_named(patient: Patient) -> None:
    site = yaml.safe_load(patient.line.settings.site.read_text("utf-8"))
    site["seats"]["1009"] = {"name": "新", "device": "PJSIP/1009", "queues": ["bills"]}
    file = patient.folder / "other-site.yaml"
    file.write_text(yaml.safe_dump(site, allow_unicode=True), "utf-8")
    values = yaml.safe_load(patient.line.settings_file.read_text("utf-8"))
    values["site"] = str(file)
    settings = patient.folder / "other.yaml"
    settings.write_text(yaml.safe_dump(values, allow_unicode=True), "utf-8")
    await patient.says("1009 (PJSIP/1009)", "pjsip.conf", settings=settings)


async def test_missing_prompts_are_named_with_the_place_that_plays_them(patient: Patient) -> None:
    prompts = patient.folder / "few-prompts"
    shutil.copytree(patient.line.settings.prompts.dir, prompts)
    (prompts / "zh-CN" / "greeting.wav").unlink()
    (prompts / "zh-CN" / "goodbye.wav").unlink()
    few = patient.settings(prompts={"dir": str(prompts)})
    await patient.says("main.yaml:", "greeting", "zh-CN/goodbye.wav", str(prompts), settings=few)


async def test_a_folder_that_is_absent_or_no_folder_is_named(patient: Patient) -> None:
    (patient.folder / "file").write_text("")
    gone = patient.settings(
        recording={"store_dir": "/nowhere/kept", "spool_dir": str(patient.folder / "file")}
    )
    await patient.says("/nowhere/kept is not there", "file is not there", settings=gone)


async def test_a_full_disk_is_told(patient: Patient) -> None:
    full = patient.settings(recording={"store_dir": "/proc/self"})
    await patient.says("/proc/self cannot be written", settings=full)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://nobody@127.0.0.1:9/none", "start the database"),
        ("sqlite:////nowhere/at/all.db", "start the daemon once"),
        ("mysql://x/y", "correct database.url"),
        ("not a url", "correct database.url"),
    ],
)
async def test_a_database_that_is_not_there_is_told(patient: Patient, url: str, said: str) -> None:
    await patient.says(said, settings=patient.settings(database={"url": url}))


async def test_a_clock_that_is_wrong_is_told(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_time = time.time
    monkeypatch.setattr("cti.doctor_pbx.time.time", lambda: true_time() + 3600)
    line = patient.line
    checks = PbxChecks(line.settings, line.site, line.secrets)
    found = {
        finding.what: finding for finding in await asyncio.to_thread(lambda: [*checks.findings()])
    }
    assert found["clock"].verdict is Verdict.BROKEN
    assert "Asterisk's clock is 3600" in found["clock"].detail
    assert "chrony" in found["clock"].advice


async def test_a_daemon_that_is_away_is_a_warning_only(patient: Patient) -> None:
    patient.line.stop_daemon()
    code, text = await patient.examined()
    assert code == 0, text
    assert "start it: ./run" in text


async def test_a_refused_site_file_is_told_with_its_line(patient: Patient) -> None:
    file = patient.line.settings.site
    whole = file.read_text("utf-8")
    file.write_text(whole.replace("queues:", "queus:", 1), "utf-8")
    try:
        await patient.says("site file", f"{file}:", "did you mean 'queues'?", "keeps to what was")
    finally:
        file.write_text(whole, "utf-8")


async def test_a_plan_that_is_on_and_what_asterisk_does_not_have_are_told(patient: Patient) -> None:
    file = patient.line.settings.site
    whole = file.read_text("utf-8")
    site = yaml.safe_load(whole)
    site["seats"]["1009"] = {"name": "N", "device": "PJSIP/1009", "queues": ["gas"]}
    site["queues"]["gas"] = {"name": {"en": "Gas"}}
    file.write_text(yaml.safe_dump(site, allow_unicode=True), "utf-8")
    plans = patient.line.settings.state_dir / "plans.json"
    plans.write_text('{"flood": {"by": "lead", "at_us": 1, "why": "rain"}}', "utf-8")
    try:
        await patient.says(
            "no phone of 1009 (PJSIP/1009)",
            "no queue of last resort gas",
            "flood is on and not in the site file",
        )
    finally:
        plans.unlink()
        file.write_text(whole, "utf-8")
