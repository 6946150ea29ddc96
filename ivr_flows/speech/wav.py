"""WAV files: read what others made without believing them, write what Asterisk plays."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any, Final

import numpy as np

from ivr_flows.speech.errors import SoundUnusable
from ivr_flows.speech.files import write_whole

Samples = np.ndarray[Any, np.dtype[np.float32]]
TELEPHONE_HZ: Final = 8000
MAX_BYTES: Final = 64_000_000
"""Five minutes of 48 kHz, stereo, 16 bit, and some."""
MAX_SECONDS: Final = 300.0
_RATES: Final = range(4000, 192_001)


def read_wav(data: bytes) -> tuple[Samples, int]:
    """Mono samples in -1..1 and their rate in Hz, of PCM with 8 to 32 bits and one or two channels.

    Raises SoundUnusable: no WAV, cut off, empty, silent, or too long.
    """
    if not data:
        raise SoundUnusable("it is empty")
    if len(data) > MAX_BYTES:
        raise SoundUnusable(f"it is larger than {MAX_BYTES} bytes")
    try:
        with wave.open(io.BytesIO(data)) as wav:
            channels, width, rate = wav.getnchannels(), wav.getsampwidth(), wav.getframerate()
            frames = wav.readframes(len(data))
    except (wave.Error, EOFError, ValueError, RuntimeError) as error:
        raise SoundUnusable(f"it is no WAV file ({error or 'cut off'})") from None
    if channels not in (1, 2) or width not in (1, 2, 3, 4) or rate not in _RATES:
        raise SoundUnusable(f"{channels} channels of {8 * width} bits at {rate} Hz are not usual")
    frames = frames[: len(frames) - len(frames) % (channels * width)]
    samples = _samples(frames, width)
    mono = samples.reshape(-1, channels).mean(axis=1, dtype=np.float32)
    if mono.size > MAX_SECONDS * rate:
        raise SoundUnusable(f"it is longer than {MAX_SECONDS:.0f} s")
    if not mono.size or float(np.max(np.abs(mono))) < 0.001:
        raise SoundUnusable("there is nothing to hear in it")
    return mono, rate


def _samples(frames: bytes, width: int) -> Samples:
    if width == 1:  # 8 bits are unsigned (RIFF/WAVE)
        return ((np.frombuffer(frames, np.uint8).astype(np.float32) - 128) / 128).astype(np.float32)
    if width == 3:
        wide = np.zeros((len(frames) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(frames, np.uint8).reshape(-1, 3)
        frames, width = wide.tobytes(), 4
    integers = np.frombuffer(frames, f"<i{width}")
    return (integers / float(2 ** (8 * width - 1))).astype(np.float32)


def wav_bytes(samples: Samples) -> bytes:
    """Mono, 16 bit, 8 kHz."""
    sound = io.BytesIO()
    with wave.open(sound, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(TELEPHONE_HZ)
        wav.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return sound.getvalue()


def write_wav(file: Path, samples: Samples) -> None:
    """Mono, 16 bit, 8 kHz; whole or not at all. Raises SoundNotKept."""
    write_whole(file, wav_bytes(samples))
