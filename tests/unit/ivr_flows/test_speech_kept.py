"""A site's own sounds: their index, how they come to Asterisk, and how the cache stays small."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ivr_flows.speech.choice import EngineSpec
from ivr_flows.speech.errors import SoundNotKept
from ivr_flows.speech.files import write_whole
from ivr_flows.speech.kept import INDEX, Entry, Kept
from ivr_flows.speech.spoken import Places, Spoken
from ivr_flows.speech.text import key_of
from ivr_flows.speech.workshop import Workshop

KEY = key_of("您好", "zh-CN")
NONE = EngineSpec(engine="none")


def sound(folder: Path, key: str = KEY, content: bytes = b"RIFF") -> Path:
    file = folder / "zh-CN" / f"{key}.wav"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


class TestKept:
    def test_index_is_read_back_and_can_be_read_by_people(self, tmp_path: Path) -> None:
        kept = Kept(tmp_path)
        sound(tmp_path)
        kept.note("zh-CN", KEY, Entry("您好", "kokoro"))
        assert Kept(tmp_path).entry("zh-CN", KEY) == Entry("您好", "kokoro")
        assert "text: 您好" in (tmp_path / INDEX).read_text("utf-8")

    def test_entry_without_its_sound_is_none(self, tmp_path: Path) -> None:
        Kept(tmp_path).note("zh-CN", KEY, Entry("您好", "kokoro"))
        kept = Kept(tmp_path)
        assert kept.entry("zh-CN", KEY) is None
        assert kept.sounds() == frozenset()
        assert ("zh-CN", KEY) in kept.entries

    def test_sound_without_an_entry_is_there(self, tmp_path: Path) -> None:
        sound(tmp_path)
        assert Kept(tmp_path).entry("zh-CN", KEY) == Entry("", "")
        assert Kept(tmp_path).sounds() == {("zh-CN", KEY)}

    @pytest.mark.parametrize(
        "index",
        ["", "[", "a: 1", "zh-CN: [1]", "zh-CN: {x: {text: y}}", "zh-CN: {1: 2}", "\x00", "!!x y"],
    )
    def test_index_that_is_broken_counts_as_empty(self, tmp_path: Path, index: str) -> None:
        (tmp_path / INDEX).write_text(index)
        assert Kept(tmp_path).entries == {}

    def test_dropped_sound_is_gone_with_its_entry(self, tmp_path: Path) -> None:
        kept = Kept(tmp_path)
        file = sound(tmp_path)
        kept.note("zh-CN", KEY, Entry("您好", "kokoro"))
        kept.drop("zh-CN", KEY)
        assert not file.exists()
        assert Kept(tmp_path).entries == {}


class TestPublish:
    @pytest.fixture
    def spoken(self, tmp_path: Path) -> Spoken:
        places = Places(
            kept=tmp_path / "kept",
            cache=tmp_path / "cache",
            cache_in_asterisk="/spoken",
            most_bytes=100,
        )
        return Spoken(places, Workshop(NONE), Workshop(NONE))

    def test_changed_sound_is_brought_again_and_a_dropped_one_taken_away(
        self, spoken: Spoken, tmp_path: Path
    ) -> None:
        file = sound(tmp_path / "kept")
        assert spoken.publish_all() == 1
        assert spoken.found("您好", "zh-CN") == (f"/spoken/kept/zh-CN/{KEY}",)
        published = tmp_path / "cache/kept/zh-CN" / file.name
        file.write_bytes(b"RIFF, spoken again")
        spoken.found("您好", "zh-CN")
        assert published.read_bytes() == b"RIFF, spoken again"
        assert published.stat().st_mode & 0o777 == 0o644
        file.unlink()
        assert spoken.publish_all() == 0
        assert spoken.found("您好", "zh-CN") == ()

    def test_what_is_no_sound_of_ours_is_never_brought(
        self, spoken: Spoken, tmp_path: Path
    ) -> None:
        sound(tmp_path / "kept", key="../x")
        sound(tmp_path / "kept", key="notes")
        assert spoken.publish_all() == 0

    def test_cache_keeps_its_size_and_what_the_flows_need(
        self, spoken: Spoken, tmp_path: Path
    ) -> None:
        files = []
        for age in range(5):
            file = sound(tmp_path / "cache/espeak", key_of(f"第{age}句", "zh-CN"), b"x" * 50)
            os.utime(file, (1000 + age, 1000 + age))
            files.append(file)
        sound(tmp_path / "cache/kept", KEY, b"x" * 500)
        assert spoken.tidy({files[0].stem}) == 3
        assert [file.exists() for file in files] == [True, False, False, False, True]
        assert (tmp_path / "cache/kept/zh-CN" / f"{KEY}.wav").exists()


class TestFiles:
    def test_nothing_is_left_behind_when_the_disk_refuses(self, tmp_path: Path) -> None:
        (tmp_path / "folder").write_text("a file where a folder should be")
        with pytest.raises(SoundNotKept, match="cannot be written"):
            write_whole(tmp_path / "folder" / "x.wav", b"RIFF")
        (tmp_path / "x.wav").mkdir()
        with pytest.raises(SoundNotKept):
            write_whole(tmp_path / "x.wav", b"RIFF")
        assert sorted(file.name for file in tmp_path.iterdir()) == ["folder", "x.wav"]
