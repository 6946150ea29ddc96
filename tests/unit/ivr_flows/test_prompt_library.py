from __future__ import annotations

from pathlib import Path

import pytest

from ivr_flows.errors import PromptMissing
from ivr_flows.prompt_library import PromptFallback, PromptLibrary


@pytest.fixture
def library(tmp_path: Path) -> PromptLibrary:
    for file in (
        "zh-CN/greeting.wav",
        "en/greeting.wav",
        "zh-CN/hours/closed.wav",
        "studio/zh-CN/greeting.wav",
        "studio/zh-CN/studio-only.wav",
        "en/only-english.wav",
        "en/.hidden.wav",
        "notes.wav",
    ):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return PromptLibrary(tmp_path, "/usr/share/jietong/prompts/", "zh-CN")


def test_path_is_asterisks_and_without_extension(library: PromptLibrary) -> None:
    assert library.paths("greeting", "en")[0] == "/usr/share/jietong/prompts/en/greeting"


def test_studio_goes_first_and_the_other_is_kept_in_reserve(library: PromptLibrary) -> None:
    assert [
        path.removeprefix("/usr/share/jietong/prompts/")
        for path in library.paths("greeting", "zh-CN")
    ] == ["studio/zh-CN/greeting", "zh-CN/greeting"]


def test_missing_in_a_language_is_heard_in_the_main_one_and_reported_once(
    library: PromptLibrary,
) -> None:
    for _ in range(3):
        assert library.paths("hours/closed", "en") == (
            "/usr/share/jietong/prompts/zh-CN/hours/closed",
        )
    assert library.fallbacks == (PromptFallback("hours/closed", "en", "zh-CN"),)
    assert str(library.fallbacks[0]) == (
        "the prompt 'hours/closed' is missing in en, zh-CN is played"
    )


def test_missing_everywhere_is_typed(library: PromptLibrary) -> None:
    for name in ("nothing", "only-english"):
        with pytest.raises(PromptMissing):
            library.paths(name, "zh-CN")


def test_recording_dropped_in_later_is_heard(library: PromptLibrary, tmp_path: Path) -> None:
    (tmp_path / "en" / "hours").mkdir()
    (tmp_path / "en" / "hours" / "closed.wav").touch()
    assert library.paths("hours/closed", "en")[0].endswith("/en/hours/closed")


@pytest.mark.parametrize(
    "name", ["../zh-CN/greeting", "/greeting", "Greeting", "a b", "", "greeting/", "a//b", "x" * 65]
)
def test_name_that_is_none_is_never_looked_up(library: PromptLibrary, name: str) -> None:
    assert not library.has(name, "zh-CN")
    with pytest.raises(PromptMissing):
        library.paths(name, "zh-CN")


@pytest.mark.parametrize("language", ["..", "zh-CN/..", "", "studio"])
def test_language_that_is_none_is_never_looked_up(library: PromptLibrary, language: str) -> None:
    assert not library.has("greeting", language)


def test_names_are_those_recorded_in_any_language(library: PromptLibrary) -> None:
    assert library.names() == {"greeting", "hours/closed", "studio-only", "only-english"}
