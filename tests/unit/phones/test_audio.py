"""What microphones carry, and G.711 in both directions."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from bench.phones.audio import Silence, Tone, WavFile, decoded, packets_of, samples_of
from bench.phones.tones import Array


def write_wav(path: Path, samples: Array, channels: int = 1, rate: int = 8000) -> Path:
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(channels)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(samples.astype("<i2").tobytes())
    return path


@pytest.mark.parametrize("hz", [50, 333, 440, 1999])
def test_a_tone_goes_round_without_a_step(hz: int) -> None:
    once = samples_of(Tone(hz))
    assert len(once) % 160 == 0
    steps = np.abs(np.diff(np.concatenate([once, once[:2]]).astype(int)))
    assert steps[-2:].max() <= steps.max()
    angle = 2 * np.pi * hz * len(once) / 8000
    assert np.cos(angle) == pytest.approx(1)


@pytest.mark.parametrize(("codec", "payload_type"), [("PCMU", 0), ("PCMA", 8)])
def test_coded_and_decoded_sound_is_the_same_to_g711_accuracy(
    codec: str, payload_type: int
) -> None:
    wanted = samples_of(Tone(440)).astype(float)
    got = decoded(b"".join(packets_of(Tone(440), codec)), payload_type)
    assert got is not None
    error = np.sqrt(np.mean((got - wanted) ** 2) / np.mean(wanted**2))
    assert error < 0.02  # -34 dB: G.711's own quantisation


def test_the_codecs_agree_with_an_independent_implementation() -> None:
    audioop = pytest.importorskip("audioop")
    codes = bytes(range(256))
    for payload_type, decode in ((0, audioop.ulaw2lin), (8, audioop.alaw2lin)):
        ours = decoded(codes, payload_type)
        assert ours is not None
        assert ours.astype("<i2").tobytes() == decode(codes, 2)


def test_other_payloads_are_no_sound() -> None:
    assert decoded(b"\x00" * 4, 101) is None


def test_silence_is_silent_on_the_wire() -> None:
    assert packets_of(Silence(), "PCMA") == (b"\xd5" * 160,)
    assert packets_of(Silence(), "PCMU") == (b"\xff" * 160,)


def test_a_wav_file_is_padded_to_whole_packets_and_its_first_channel_taken(tmp_path: Path) -> None:
    stereo = np.stack([np.arange(200), -np.arange(200)], axis=1).ravel()
    samples = samples_of(WavFile(write_wav(tmp_path / "a.wav", stereo, channels=2)))
    assert len(samples) == 320
    assert (samples[:200] == np.arange(200)).all()
    assert not samples[200:].any()
    empty = write_wav(tmp_path / "empty.wav", np.zeros(0))
    assert len(samples_of(WavFile(empty))) == 160


def test_a_wav_file_of_another_rate_is_refused(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "b.wav", np.zeros(10), rate=16000)
    with pytest.raises(ValueError, match="8000 Hz and 16 bit"):
        samples_of(WavFile(file))
