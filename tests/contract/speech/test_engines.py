"""What every speech engine keeps to, and what happens when one does not."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from ivr_flows.speech.command import Command
from ivr_flows.speech.engine import TELEPHONE_HZ, SpeechEngine, make_prompt
from ivr_flows.speech.errors import (
    EngineFailed,
    EngineMissing,
    EngineTooSlow,
    SoundUnusable,
    SpeechError,
    TextRefused,
)
from ivr_flows.speech.espeak import Espeak, pinyin
from ivr_flows.speech.http import Http

from .voices import alive, asked, program, serving

HOSTILE = [
    "余额 $(touch owned) 元",
    "`touch owned`; touch owned | touch owned & touch owned > owned",
    "../../../etc/passwd",
    "-f /etc/passwd --stdout",
    'a "quoted" \'text\' \\ <speak><audio src="/etc/passwd"/>x</speak>',
    "NUL \x00 and \x07 bell \x1b[31m red \r\n new line",
    "右到左 \u202e abc \ud800 surrogate",
    "{out} {language} %s %n",
    "𠮷野家 😀 ok",
]


class TestEveryEngine:
    @pytest.mark.parametrize(("text", "language"), [("您好，再见。", "zh-CN"), ("Hello.", "en")])
    def test_speaks_a_sound_that_a_telephone_carries(
        self, engine: SpeechEngine, text: str, language: str
    ) -> None:
        sound = make_prompt(engine, text, language)
        assert sound.size > 0.2 * TELEPHONE_HZ
        speech = sound[np.abs(sound) > 10 ** (-45 / 20)]
        rms = 20 * np.log10(float(np.sqrt(np.mean(speech**2))))
        assert abs(rms + 20) < 3
        assert float(np.max(np.abs(sound))) <= 10 ** (-3 / 20) + 0.01

    @pytest.mark.parametrize("text", HOSTILE)
    def test_speaks_hostile_text_as_text(
        self,
        engine: SpeechEngine,
        text: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.chdir(tmp_path)
        samples, rate = engine.speak(text, "zh-CN")
        assert samples.size > 0.1 * rate
        assert not list(tmp_path.rglob("owned"))

    @pytest.mark.parametrize("text", ["", " \n", "。！", "\x00\x01", "x" * 100_000])
    def test_refuses_what_is_no_text_to_speak(self, engine: SpeechEngine, text: str) -> None:
        with pytest.raises(TextRefused):
            engine.speak(text, "en")


class TestCommand:
    @pytest.mark.parametrize(
        ("mode", "error", "said"),
        [
            ("dies", EngineFailed, "exit code 3 this text[31m"),
            ("killed", EngineFailed, "signal 9"),
            ("nothing", SoundUnusable, "no file"),
            ("garbage", SoundUnusable, "no WAV"),
            ("empty", SoundUnusable, "empty"),
            ("silent", SoundUnusable, "nothing to hear"),
            ("huge", SoundUnusable, "larger than"),
            ("link", SoundUnusable, "no WAV"),
        ],
    )
    def test_failure_is_typed_and_says_why(
        self, tmp_path: Path, mode: str, error: type[SpeechError], said: str
    ) -> None:
        with pytest.raises(error, match=said.replace("[", r"\[")):
            Command(program(tmp_path, mode), seconds=20).speak("hello", "en")

    @pytest.mark.parametrize("mode", ["hangs", "leaves a child"])
    def test_that_hangs_is_ended_in_time_with_all_it_started(
        self, tmp_path: Path, mode: str
    ) -> None:
        began = time.monotonic()
        with pytest.raises(EngineTooSlow):
            Command(program(tmp_path, mode), seconds=1).speak("hello", "en")
        assert time.monotonic() - began < 3
        child = tmp_path / "seen.child"
        if mode == "leaves a child":
            deadline = time.monotonic() + 2
            while alive(int(child.read_text())) and time.monotonic() < deadline:
                time.sleep(0.01)
            assert not alive(int(child.read_text()))

    def test_gets_text_language_and_voice_and_nothing_of_a_shell(self, tmp_path: Path) -> None:
        argv = [part.replace("{language}", "{language}/{voice}") for part in program(tmp_path)]
        Command(argv, voices={"en": "amy"}, seconds=20).speak("it's $HOME", "en")
        assert asked(tmp_path) == [repr(("en/amy", "it's $HOME"))]

    def test_that_never_reads_its_input_is_no_failure(self, tmp_path: Path) -> None:
        samples, _ = Command(program(tmp_path, "deaf"), seconds=20).speak("x" * 900, "en")
        assert samples.size

    def test_that_is_not_there_is_told(self) -> None:
        with pytest.raises(EngineMissing, match="/nowhere/voice"):
            Command(["/nowhere/voice"], seconds=1).speak("hello", "en")
        with pytest.raises(EngineMissing, match="empty"):
            Command([], seconds=1)


class TestHttp:
    @pytest.mark.parametrize(
        ("mode", "error", "said"),
        [
            ("500", EngineFailed, "answered 500"),
            ("elsewhere", EngineFailed, "answered 302"),
            ("page", SoundUnusable, "text/html"),
            ("garbage", SoundUnusable, "no WAV"),
            ("empty", SoundUnusable, "empty"),
            ("silent", SoundUnusable, "nothing to hear"),
            ("huge", SoundUnusable, "larger than"),
            ("closes", EngineFailed, "ayload"),
        ],
    )
    def test_failure_is_typed_and_says_why(
        self, mode: str, error: type[SpeechError], said: str
    ) -> None:
        with serving(mode) as server, pytest.raises(error, match=said):
            Http(server.url, seconds=20).speak("hello", "en")

    @pytest.mark.parametrize("mode", ["hangs", "drips"])
    def test_that_is_slow_is_given_up_in_time(self, mode: str) -> None:
        with serving(mode) as server:
            began = time.monotonic()
            with pytest.raises(EngineTooSlow):
                Http(server.url, seconds=1).speak("hello", "en")
            assert time.monotonic() - began < 3

    def test_is_told_text_language_and_voice(self) -> None:
        with serving() as server:
            Http(server.url, voices={"zh-CN": "小燕"}, seconds=10).speak(' 您好\n"再见" ', "zh-CN")
        assert server.asked == [{"text": '您好 "再见"', "language": "zh-CN", "voice": "小燕"}]

    def test_that_is_not_there_is_told(self) -> None:
        with pytest.raises(EngineFailed):
            Http("http://127.0.0.1:9/speak", seconds=5).speak("hello", "en")
        with pytest.raises(EngineMissing, match="empty"):
            Http("", seconds=5)


class TestEspeak:
    def test_gets_mandarin_as_pinyin_by_words(self) -> None:
        assert pinyin("您好，银行在重庆。") == "nin2 hao3 ,  yin2 hang2 zai4 chong2 qing4 . "

    def test_a_language_without_a_voice_is_refused(self) -> None:
        if shutil.which("espeak-ng") is None:
            pytest.skip("needs the Debian package espeak-ng")
        with pytest.raises(EngineMissing, match="no voice for fr"):
            Espeak().speak("bonjour", "fr")

    def test_without_the_program_says_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(EngineMissing, match="install the Debian package espeak-ng"):
            Espeak()
