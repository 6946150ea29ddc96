"""The daemon refuses to start on what it cannot work with: one clear line, exit code 1, at once."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from cti.ports import free_ports
from cti.single import only_one
from tests.acceptance.hotline import ROOT


@dataclass
class Workshop:
    """A folder with settings, a site and a flow that can be broken. There is no Asterisk."""

    folder: Path
    ports: dict[str, int]

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def site(self) -> Path:
        return self.folder / "site.yaml"

    @property
    def flow(self) -> Path:
        return self.folder / "flows" / "main.yaml"

    @property
    def settings(self) -> Path:
        return self.folder / "settings.yaml"

    def change(self, file: Path, old: str, new: str) -> int:
        """Replace the text once; returns the number of the line."""
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), "utf-8")
        return text[: text.index(old)].count("\n") + 1

    def refusal(self) -> str:
        """What `cti run` says last, when it ends by itself with exit code 1."""
        ended = subprocess.run(
            [sys.executable, "-m", "cti.cli", "run", "--settings", str(self.settings)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert ended.returncode == 1, ended.stderr
        assert ended.stdout == ""
        assert "Traceback" not in ended.stderr, ended.stderr
        before, found, said = ended.stderr.rpartition("cti: ")
        assert found, before
        return said.rstrip("\n")


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    http, agi, ami = free_ports(3)
    example = ROOT / "tests/site/site.yaml"
    (tmp_path / "flows").mkdir()
    (tmp_path / "site.yaml").write_bytes(example.read_bytes())
    flow = example.parent / "flows" / "main.yaml"
    (tmp_path / "flows" / "main.yaml").write_bytes(flow.read_bytes())
    values: dict[str, Any] = {
        "site": str(tmp_path / "site.yaml"),
        "state_dir": str(tmp_path / "state"),
        "http": {"port": http},
        "agi": {"port": agi},
        "asterisk": {"ami_port": ami},
    }
    (tmp_path / "settings.yaml").write_text(yaml.safe_dump(values, sort_keys=False), "utf-8")
    return Workshop(tmp_path, {"http": http, "agi": agi})


def test_two_seats_with_one_device_are_refused_with_file_and_line(workshop: Workshop) -> None:
    line = workshop.change(workshop.site, "device: PJSIP/1002", "device: PJSIP/1001")
    assert workshop.refusal() == (
        f"{workshop.site}:{line}:13: seats.1002.device: seats 1001 and 1002 have the same device "
        "PJSIP/1001; give each seat a device of its own"
    )


def test_an_unknown_queue_in_a_flow_is_refused_with_file_and_line(workshop: Workshop) -> None:
    line = workshop.change(workshop.flow, "queue: bills", "queue: bils")
    assert workshop.refusal() == (
        f"{workshop.flow}:{line}:12: steps.bills.queue: there is no queue 'bils'; "
        "did you mean 'bills'?"
    )


def test_a_broken_settings_file_is_refused_with_key_line_and_what_is_allowed(
    workshop: Workshop,
) -> None:
    line = workshop.change(workshop.settings, "http:\n  port:", "http:\n  prot:") + 1
    said = workshop.refusal()
    assert said == (
        f"{workshop.settings}:{line}:3: http.prot: is not a known key; did you mean 'port'?"
    )


@pytest.mark.parametrize("section", ["http", "agi"])
def test_a_port_in_use_is_refused_with_its_setting(workshop: Workshop, section: str) -> None:
    port = workshop.ports[section]
    with socket.create_server(("127.0.0.1", port)):
        assert workshop.refusal() == (
            f"TCP port {port} on 127.0.0.1 is in use by another program; stop that, or choose "
            f"another {section}.port"
        )


def test_an_address_that_is_not_this_machines_is_refused(workshop: Workshop) -> None:
    workshop.change(workshop.settings, "http:\n", "http:\n  host: 192.0.2.1\n")
    assert "192.0.2.1 cannot be listened on" in workshop.refusal()


def test_a_database_of_a_newer_program_is_refused_and_left_as_it_is(workshop: Workshop) -> None:
    workshop.state.mkdir()
    file = workshop.state / "jietong.db"
    database = sqlite3.connect(file)
    database.execute("CREATE TABLE alembic_version (version_num TEXT)")
    database.execute("INSERT INTO alembic_version VALUES ('9999')")
    database.commit()
    assert "was made by a newer program (revision 9999" in workshop.refusal()
    assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("alembic_version",)]
    database.close()


def test_damaged_secrets_are_refused_by_name_and_left_as_they_are(workshop: Workshop) -> None:
    workshop.state.mkdir()
    file = workshop.state / "secrets.json"
    file.write_text('{"ami": "abc')
    said = workshop.refusal()
    assert said.startswith(f"{file}: is damaged")
    assert said.endswith("restore it, or delete it to make new secrets")
    assert file.read_text() == '{"ami": "abc'


def test_a_second_daemon_on_the_same_state_is_refused(workshop: Workshop) -> None:
    with only_one(workshop.state / "daemon.lock", "the daemon"):
        assert workshop.refusal().startswith("the daemon is running already (process ")


def test_a_state_folder_that_cannot_be_made_is_refused_by_name(workshop: Workshop) -> None:
    workshop.state.write_text("a file, not a folder")
    assert str(workshop.state) in workshop.refusal()
