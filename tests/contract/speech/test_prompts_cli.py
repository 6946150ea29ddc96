"""`cti prompts` on a small site: from texts in a flow to sounds kept beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cti.cli import app
from ivr_flows.speech.kept import Kept
from ivr_flows.speech.text import key_of

from .voices import asked, program, tone

FLOW = """
languages: [zh-CN, en]
start: hello
steps:
  hello:
    do: play
    say:
      - greeting
      - {zh-CN: "您的地区是{area}。", en: "Your area is {area}."}
    next: people
  people:
    do: queue
    queue: repairs
"""
SITE = """
name: {zh-CN: 站点, en: Site}
hotlines: [{number: "12345", flow: main}]
queues:
  repairs:
    name: {zh-CN: 报修, en: Repairs}
"""
Cti = Callable[..., Result]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Shipped prompts: `greeting` in Mandarin only."""
    folder = tmp_path / "site"
    (folder / "flows").mkdir(parents=True)
    (folder / "flows/main.yaml").write_text(FLOW, "utf-8")
    (folder / "site.yaml").write_text(SITE, "utf-8")
    shipped = tmp_path / "prompts/zh-CN/greeting.wav"
    shipped.parent.mkdir(parents=True)
    shipped.write_bytes(tone(1, 8000, loud=0.14))
    (tmp_path / "prompts/catalogue.yaml").write_text("greeting: {zh-CN: 您好。, en: Welcome.}\n")
    return folder


@pytest.fixture
def cti(site: Path, tmp_path: Path) -> Cti:
    settings = tmp_path / "settings.yaml"

    def run(*arguments: str, mode: str = "good", voices: str = "{}") -> Result:
        settings.write_text(
            f"site: {site}/site.yaml\nstate_dir: {tmp_path}/state\n"
            f"prompts: {{dir: {tmp_path}/prompts}}\n"
            f"speech: {{engine: command, voices: {voices}, build_seconds: 5,"
            f" command: {json.dumps(program(tmp_path, mode))}}}\n"
        )
        asked = ["prompts", *arguments, "--settings", str(settings), "--lang", "en"]
        return CliRunner().invoke(app, asked, catch_exceptions=False)

    return run


def test_build_speaks_what_is_missing_once_and_check_is_content(
    cti: Cti, site: Path, tmp_path: Path
) -> None:
    before = cti("check")
    assert before.exit_code == 1
    assert "main: steps.hello.say (zh-CN): 您的地区是: missing" in before.output
    built = cti("build")
    assert built.exit_code == 0, built.output
    assert "made 3" in built.output
    kept = Kept(site / "spoken")
    said = {entry.text for entry in kept.entries.values()}
    assert said == {"您的地区是", "Your area is", "Welcome."}
    assert {entry.engine for entry in kept.entries.values()} == {"command"}
    assert "were there 3" in cti("build").output
    assert len(asked(tmp_path)) == 3
    checked = cti("check")
    assert checked.exit_code == 0, checked.output


def test_build_that_was_cut_off_goes_on_where_it_was(cti: Cti, site: Path, tmp_path: Path) -> None:
    cti("build")
    (site / "spoken/en" / f"{key_of('Welcome.', 'en')}.wav").unlink()
    assert "made 1" in cti("build").output
    assert "made 3" in cti("build", "--again").output


def test_build_tells_what_failed_and_keeps_the_rest(cti: Cti, site: Path) -> None:
    failed = cti("build", mode="dies")
    assert failed.exit_code == 1
    assert "main: steps.hello.say (en): Your area is: " in failed.output
    assert "exit code 3" in failed.output
    assert "failed 3" in failed.output
    assert not list((site / "spoken").rglob("*.wav"))


def test_changed_text_is_an_orphan_until_pruned(cti: Cti, site: Path) -> None:
    cti("build")
    flow = site / "flows/main.yaml"
    flow.write_text(FLOW.replace("Your area is", "You live in"), "utf-8")
    checked = cti("check")
    assert checked.exit_code == 1
    assert "You live in: missing" in checked.output
    assert "Your area is: no flow says it" in checked.output
    pruned = cti("build", "--prune")
    assert "made 1" in pruned.output
    assert "deleted 1" in pruned.output
    assert cti("check").exit_code == 0


def test_another_voice_is_another_sound(cti: Cti) -> None:
    cti("build")
    checked = cti("check", voices="{en: amy}")
    assert checked.exit_code == 1
    assert "Your area is: missing" in checked.output
    assert "the index holds another text or voice" in checked.output


@pytest.mark.parametrize(
    ("sound", "said"),
    [
        (tone(1, 8000, loud=0.01), "too quiet"),
        (tone(1, 8000, loud=0.9), "too loud"),
        (tone(25, 8000, loud=0.14), "longer than 20 s"),
        (tone(1, 16000, loud=0.14), "must be 8 kHz"),
        (tone(1, 8000, loud=0), "nothing to hear"),
        (b"garbage", "cannot be read"),
    ],
)
def test_check_hears_what_is_wrong_with_a_sound(
    cti: Cti, tmp_path: Path, sound: bytes, said: str
) -> None:
    cti("build")
    (tmp_path / "prompts/zh-CN/greeting.wav").write_bytes(sound)
    checked = cti("check")
    assert checked.exit_code == 1
    assert "troubles 1" in checked.output
    assert said in checked.output


def test_list_shows_text_language_seconds_and_source(cti: Cti, tmp_path: Path) -> None:
    cti("build")
    listed = cti("list").output
    lines = {line.split("  ")[0].strip(): line for line in listed.splitlines()}
    assert lines["greeting: 您好。"].split()[-3:] == ["zh-CN", "1.0", "shipped"]
    assert lines["greeting: Welcome."].split()[-4:-2] == ["en", "0.3"]
    assert lines["您的地区是"].split()[-2:] == ["site", "(command)"]


def test_imported_recording_wins(cti: Cti, tmp_path: Path) -> None:
    (tmp_path / "mine.wav").write_bytes(tone(2, 24000, loud=0.02))
    imported = cti("import", str(tmp_path / "mine.wav"), "greeting", "zh-CN")
    assert imported.exit_code == 0, imported.output
    cti("build")
    line = next(line for line in cti("list").output.splitlines() if "您好" in line)
    assert line.split()[-1] == "studio"
    assert cti("check").exit_code == 0


def test_without_any_engine_build_says_what_to_do(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTI_SPEECH__ENGINE", "none")
    result = CliRunner().invoke(app, ["prompts", "build", "--site", str(site / "site.yaml")])
    assert result.exit_code == 1
    assert "espeak-ng" in str(result.exception)
