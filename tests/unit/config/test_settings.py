"""Settings: precedence, and refusals that name file, line, key and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import SettingsRefused
from config.settings import load_settings


def written(folder: Path, text: str) -> Path:
    file = folder / "own.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def refusal(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsRefused) as refused:
        load_settings(written(folder, text))
    return [
        str(complaint).removeprefix(f"{folder / 'own.yaml'}:")
        for complaint in refused.value.complaints
    ]


def test_defaults_alone_are_complete_and_open_nothing_to_the_network() -> None:
    settings = load_settings()
    assert {settings.asterisk.host, settings.agi.host, settings.http.host} == {"127.0.0.1"}
    assert settings.asterisk.trunk_addresses == ["127.0.0.2"]


def test_an_own_file_changes_what_it_names_and_nothing_beside_it(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, "http:\n  port: 9000\n"))
    assert settings.http.port == 9000
    assert settings.http.host == "127.0.0.1"
    assert settings.agi == load_settings().agi


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTI_HTTP__PORT", "9001")
    settings = load_settings(written(tmp_path, "http: {port: 9000, token_minutes: 5}\n"))
    assert settings.http.port == 9001
    assert settings.http.token_minutes == 5


def test_a_wrong_value_in_the_environment_is_said_to_come_from_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CTI_HTTP__PORT", "many")
    with pytest.raises(SettingsRefused, match=r"CTI_HTTP__PORT: http\.port: .*'many'"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CTI_HTTP__PROT", "1", "CTI_HTTP__PROT: http.prot: is not a known key; did you mean"),
        ("CTI_HTTP", "8080", "CTI_HTTP: http: "),
        ("CTI_HTTP", "{port", "CTI_HTTP: must be a JSON object"),
    ],
)
def test_other_slips_in_the_environment_name_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsRefused) as refused:
        load_settings()
    assert str(refused.value).startswith(said)


def test_a_key_that_is_a_number_is_refused_like_any_other(tmp_path: Path) -> None:
    (said,) = refusal(tmp_path, "8080: http\n")
    assert said.startswith("1:1: 8080: is not a known key; allowed here: agi, asterisk, ")


def test_an_unknown_key_is_refused_with_its_line_and_the_nearest_known_one(tmp_path: Path) -> None:
    assert refusal(tmp_path, "# mine\nhttp:\n  prot: 9000\n") == [
        "3:3: http.prot: is not a known key; did you mean 'port'?"
    ]


def test_an_unknown_key_like_no_other_is_refused_with_all_that_are_allowed(tmp_path: Path) -> None:
    assert refusal(tmp_path, "database:\n  zzz: 1\n") == [
        "2:3: database.zzz: is not a known key; allowed here: url"
    ]


@pytest.mark.parametrize(
    ("text", "line_and_key", "allowed"),
    [
        ("http: {port: 70000}", "1:14: http.port", "less than or equal to 65535"),
        ("\nagi:\n  step_timeout: 0", "3:17: agi.step_timeout", "greater than 0"),
        ("life:\n  away_seconds: 1", "2:17: life.away_seconds", "greater than or equal to 2"),
        ("http: 8080", "1:7: http", "valid dictionary"),
        ("asterisk:\n  system_name: JT 1", "2:16: asterisk.system_name", "[a-z0-9-]{1,16}"),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_line_and_the_range(
    tmp_path: Path, text: str, line_and_key: str, allowed: str
) -> None:
    (said,) = refusal(tmp_path, text)
    assert said.startswith(line_and_key + ": ")
    assert allowed in said


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    said = refusal(tmp_path, "http:\n  port: -1\nagi:\n  host: [1]\nlive: {}\n")
    assert sorted(line.split(": ")[0] for line in said) == ["2:9", "4:9", "5:1"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match=r"nowhere\.yaml: cannot be read \(No such file"):
        load_settings(tmp_path / "nowhere.yaml")


def test_relative_folders_are_below_the_state_folder(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, f"state_dir: {tmp_path}\n"))
    assert settings.path(Path("spool")) == tmp_path / "spool"
    assert settings.path(Path("/srv/x")) == Path("/srv/x")
