"""Every prompt of the catalogue can be heard in every language, at one loudness."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivr_flows.sayings import LANGUAGES, PAUSE, clip_names
from ivr_flows.speech.build import PROMPTS, parts_of, read_catalogue
from ivr_flows.speech.engine import PEAK_DBFS, TARGET_RMS_DBFS, TELEPHONE_HZ, to_telephone

CATALOGUE = read_catalogue()
FILES = [(name, language) for name, texts in CATALOGUE.items() for language in texts]
CLIPS = [(name, language) for name, language in FILES if name.startswith("say/")]
PROMPTS_ALONE = sorted({*FILES} - {*CLIPS})
SOUNDS = {"beep", PAUSE}
"""Without words, so not in the catalogue."""


def heard(file: Path) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Samples of a prompt in -1..1."""
    with wave.open(str(file)) as wav:
        shape = (wav.getnchannels(), wav.getsampwidth(), wav.getframerate())
        assert shape == (1, 2, TELEPHONE_HZ)
        return np.frombuffer(wav.readframes(wav.getnframes()), "<i2") / 32768


def dbfs(value: float) -> float:
    return 20 * float(np.log10(value))


@pytest.mark.parametrize(("name", "language"), FILES)
class TestPrompt:
    def test_is_as_loud_as_the_others_and_never_clipped(self, name: str, language: str) -> None:
        sound = heard(PROMPTS / language / f"{name}.wav")
        speech = sound[np.abs(sound) > 10 ** (-45 / 20)]
        assert abs(dbfs(np.sqrt(np.mean(speech**2))) - TARGET_RMS_DBFS) < 3
        assert dbfs(np.max(np.abs(sound))) <= PEAK_DBFS + 0.1


@pytest.mark.parametrize(("name", "language"), PROMPTS_ALONE)
class TestPromptAlone:
    def test_begins_and_ends_with_the_speech(self, name: str, language: str) -> None:
        sound = heard(PROMPTS / language / f"{name}.wav")
        spoken = np.flatnonzero(np.abs(sound) > 0.02)
        assert spoken[0] / TELEPHONE_HZ < 0.25
        assert (sound.size - spoken[-1]) / TELEPHONE_HZ < 0.25

    def test_is_as_long_as_its_text(self, name: str, language: str) -> None:
        """A file that was cut, or is another prompt's, is too short or too long to be this one."""
        seconds = heard(PROMPTS / language / f"{name}.wav").size / TELEPHONE_HZ
        least = most = 0.0
        for spoken, words in parts_of(CATALOGUE[name][language], language):
            units = len(words) if spoken == "zh-CN" else len(words.split()) * 1.5
            least, most = least + units * 0.13, most + units * 0.45 + 1
        assert least < seconds < most


@pytest.mark.parametrize(("name", "language"), CLIPS)
class TestClip:
    """A word of a number: it must follow the one before without a hole."""

    def test_begins_and_ends_at_once(self, name: str, language: str) -> None:
        sound = heard(PROMPTS / language / f"{name}.wav")
        spoken = np.flatnonzero(np.abs(sound) > 10 ** (-40 / 20))
        assert spoken[0] / TELEPHONE_HZ < 0.05
        assert (sound.size - spoken[-1]) / TELEPHONE_HZ < 0.05

    def test_is_as_long_as_a_word(self, name: str, language: str) -> None:
        seconds = heard(PROMPTS / language / f"{name}.wav").size / TELEPHONE_HZ
        assert 0.15 < seconds < 2.5


def test_every_language_has_every_prompt_and_no_file_is_left_over() -> None:
    for language in LANGUAGES:
        folder = PROMPTS / language
        files = {
            file.relative_to(folder).with_suffix("").as_posix() for file in folder.rglob("*.wav")
        }
        assert files == {name for name, texts in CATALOGUE.items() if language in texts} | SOUNDS
        assert {name for name in CATALOGUE if not name.startswith("say/")} <= files


def test_the_catalogue_says_what_numbers_are_made_of() -> None:
    for language, clips in clip_names().items():
        texts = {name: CATALOGUE[name][language] for name, spoken in CLIPS if spoken == language}
        assert texts == dict(clips)


def test_a_breath_is_silence_and_the_tone_is_one_of_a_thousand_hertz() -> None:
    for language in LANGUAGES:
        breath = heard(PROMPTS / language / f"{PAUSE}.wav")
        assert not np.any(breath)
        assert 0.1 < breath.size / TELEPHONE_HZ < 0.5
        tone = heard(PROMPTS / language / "beep.wav")
        assert tone.size / TELEPHONE_HZ == 0.25
        loudest = int(np.argmax(np.abs(np.fft.rfft(tone))))
        assert loudest * TELEPHONE_HZ / tone.size == 1000
        assert dbfs(np.max(np.abs(tone))) <= PEAK_DBFS


def test_a_stretch_in_the_other_language_goes_to_the_other_voice() -> None:
    parts = list(parts_of("人工服务，请按零。[en]For English, press nine.", "zh-CN"))
    assert parts == [("zh-CN", "人工服务，请按零。"), ("en", "For English, press nine.")]


def test_sound_for_the_telephone_is_trimmed_levelled_and_keeps_its_pitch() -> None:
    rate = 24000
    tone = 0.05 * np.sin(2 * np.pi * 700 * np.arange(rate) / rate)
    samples = np.concatenate([np.zeros(rate), tone, np.zeros(rate)]).astype(np.float32)
    out = to_telephone(samples, rate)
    assert 0.95 < out.size / TELEPHONE_HZ < 1.3
    spectrum = np.abs(np.fft.rfft(out))
    assert abs(int(np.argmax(spectrum)) * TELEPHONE_HZ / out.size - 700) < 5
    assert abs(dbfs(np.sqrt(np.mean(out[2000:6000] ** 2))) - TARGET_RMS_DBFS) < 2


def test_silence_stays_silence() -> None:
    assert not np.any(to_telephone(np.zeros(24000, np.float32), 24000))
