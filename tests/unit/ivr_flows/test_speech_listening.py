"""What is wrong with a prompt, and recordings that people bring."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from ivr_flows.speech.engine import TARGET_RMS_DBFS
from ivr_flows.speech.errors import SoundUnusable, SpeechError
from ivr_flows.speech.listening import listen
from ivr_flows.speech.studio import ConverterMissing, NameRefused, import_recording
from ivr_flows.speech.wav import read_wav


def tone(
    file: Path,
    *,
    seconds: float = 1.0,
    rate: int = 8000,
    loud: float = 0.14,
    channels: int = 1,
    width: int = 2,
) -> Path:
    """700 Hz at an amplitude of `loud`, beyond 1 clipped."""
    samples = np.clip(loud * np.sin(2 * np.pi * 700 * np.arange(int(seconds * rate)) / rate), -1, 1)
    whole = np.repeat(samples * (2 ** (8 * width - 1) - 1), channels).astype("<i4")
    with wave.open(str(file), "wb") as wav:
        wav.setnchannels(channels)
        wav.setsampwidth(width)
        wav.setframerate(rate)
        wav.writeframes(whole.view(np.uint8).reshape(-1, 4)[:, :width].tobytes())
    return file


@pytest.mark.parametrize(
    ("made", "faults"),
    [
        ({}, ()),
        ({"loud": 0.03}, ("quiet",)),
        ({"loud": 0.4}, ("loud",)),
        ({"loud": 3.0}, ("loud", "clipped")),
        ({"loud": 0.0}, ("silent",)),
        ({"seconds": 20.5}, ("long",)),
        ({"rate": 16000}, ("format",)),
        ({"channels": 2}, ("format",)),
        ({"seconds": 0}, ("silent",)),
    ],
)
def test_each_fault_is_heard(tmp_path: Path, made: dict[str, float], faults: object) -> None:
    assert listen(tone(tmp_path / "x.wav", **made)).faults == faults  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"not a sound" * 100, b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0" * 9]
)
def test_what_is_no_sound_is_unreadable(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.wav").write_bytes(content)
    assert listen(tmp_path / "x.wav").faults == ("unreadable",)
    assert listen(tmp_path / "none.wav").faults == ("unreadable",)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_every_width_of_pcm_is_read_at_its_level(tmp_path: Path, width: int) -> None:
    if width == 1:  # unsigned in WAV
        with wave.open(str(tmp_path / "x.wav"), "wb") as wav:
            wav.setparams((1, 1, 8000, 0, "NONE", ""))
            wav.writeframes((128 + 100 * np.sin(np.arange(8000))).astype(np.uint8).tobytes())
        expected = 100 / 128
    else:
        tone(tmp_path / "x.wav", loud=0.5, width=width)
        expected = 0.5
    samples, rate = read_wav((tmp_path / "x.wav").read_bytes())
    assert rate == 8000
    assert abs(float(np.max(np.abs(samples))) - expected) < 0.02


class TestImport:
    def test_any_wav_comes_to_one_format_and_one_loudness(self, tmp_path: Path) -> None:
        for count, made in enumerate(
            (
                {"rate": 44100, "loud": 0.02},
                {"rate": 24000, "channels": 2},
                {"width": 3, "loud": 0.9},
            )
        ):
            source = tone(tmp_path / f"{count}.wav", **made)  # type: ignore[arg-type]
            target, seconds = import_recording(source, tmp_path / "p", f"hours/n{count}", "zh-CN")
            assert target == tmp_path / "p/studio/zh-CN/hours" / f"n{count}.wav"
            heard = listen(target)
            assert heard.faults == ()
            assert abs(heard.rms_dbfs - TARGET_RMS_DBFS) < 2
            assert abs(seconds - 1.0) < 0.2

    @pytest.mark.parametrize("suffix", ["mp3", "ogg", "m4a"])
    def test_compressed_recordings_are_read_with_ffmpeg(self, tmp_path: Path, suffix: str) -> None:
        if shutil.which("ffmpeg") is None:
            pytest.skip("needs the Debian package ffmpeg")
        source = tone(tmp_path / "a.wav", rate=24000)
        packed = tmp_path / f"-a b.{suffix}"
        command = ["ffmpeg", "-loglevel", "error", "-i", str(source), str(packed)]
        subprocess.run(command, check=True)
        target, seconds = import_recording(packed, tmp_path / "p", "greeting", "en")
        assert listen(target).faults == ()
        assert abs(seconds - 1.0) < 0.3

    def test_without_ffmpeg_the_error_says_what_to_do(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        (tmp_path / "a.mp3").write_bytes(b"\xff\xfb\x90\x00" * 500)
        with pytest.raises(ConverterMissing, match="install the Debian package ffmpeg, or save"):
            import_recording(tmp_path / "a.mp3", tmp_path / "p", "greeting", "en")
        target, _ = import_recording(tone(tmp_path / "a.wav"), tmp_path / "p", "greeting", "en")
        assert target.is_file()

    @pytest.mark.parametrize("content", [b"", b"no sound at all" * 50, b"RIFF\x10\0\0\0WAVEfmt "])
    def test_garbage_is_typed(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "a.wav").write_bytes(content)
        with pytest.raises(SpeechError):
            import_recording(tmp_path / "a.wav", tmp_path / "p", "greeting", "en")
        assert not (tmp_path / "p").exists()

    def test_silence_and_files_that_are_not_there_are_typed(self, tmp_path: Path) -> None:
        for source in (tone(tmp_path / "a.wav", loud=0), tmp_path / "none.wav", tmp_path):
            with pytest.raises(SoundUnusable):
                import_recording(source, tmp_path / "p", "greeting", "en")

    @pytest.mark.parametrize(
        ("name", "language"), [("../x", "en"), ("/etc/x", "en"), ("x.wav", "en"), ("x", "../en")]
    )
    def test_name_that_is_none_is_refused(self, tmp_path: Path, name: str, language: str) -> None:
        with pytest.raises(NameRefused):
            import_recording(tone(tmp_path / "a.wav"), tmp_path / "p", name, language)
