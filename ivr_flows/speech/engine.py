"""The port to a text-to-speech engine, and what every engine's sound goes through afterwards."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np

from ivr_flows.speech.text import by_script, parts_of
from ivr_flows.speech.wav import TELEPHONE_HZ, Samples, write_wav

__all__ = [
    "EDGE_S",
    "PEAK_DBFS",
    "TARGET_RMS_DBFS",
    "TELEPHONE_HZ",
    "Samples",
    "SpeechEngine",
    "make_prompt",
    "to_telephone",
    "write_wav",
]

TARGET_RMS_DBFS: Final = -20.0
"""Loudness of the speech itself (pauses left out), the same for every prompt."""
PEAK_DBFS: Final = -3.0
EDGE_S: Final = 0.06
"""Silence kept before and after the speech."""

_BETWEEN_LANGUAGES: Final = np.zeros(int(0.25 * TELEPHONE_HZ), np.float32)
_STOPS: Final = " .,;:!?，。、；：！？"


class SpeechEngine(Protocol):
    @property
    def mixes_languages(self) -> bool:
        """Whether it reads a foreign word in a text by itself."""
        ...

    def speak(self, text: str, language: str) -> tuple[Samples, int]:
        """Mono samples in -1..1 and their rate in Hz. Raises SpeechError."""
        ...


def to_telephone(samples: Samples, rate: int) -> Samples:
    """Resampled to 8 kHz below 3.8 kHz, trimmed, at the common loudness, without clicks."""
    trimmed = _trim(_resample(samples, rate))
    loud = trimmed[np.abs(trimmed) > 10 ** (-45 / 20)]
    if loud.size == 0:
        return trimmed
    gain = 10 ** (TARGET_RMS_DBFS / 20) / float(np.sqrt(np.mean(loud**2)))
    # Speech has peaks some 15 dB above its mean; soft-limit them instead of lowering the whole.
    ceiling = 10 ** (PEAK_DBFS / 20)
    limited = ceiling * np.tanh(trimmed * gain / ceiling)
    fade = np.minimum(1.0, np.arange(limited.size) / (0.01 * TELEPHONE_HZ))
    faded: Samples = (limited * fade * fade[::-1]).astype(np.float32)
    return faded


def _resample(samples: Samples, rate: int) -> Samples:
    """By Fourier transform: an exact low-pass, and prompts are short."""
    size = int(samples.size * TELEPHONE_HZ / rate)
    spectrum = np.fft.rfft(samples)
    kept = spectrum[: size // 2 + 1].copy()
    hz = np.arange(kept.size) * rate / samples.size
    kept *= np.clip((3950 - hz) / 150, 0, 1)  # a soft edge rings less
    kept *= np.clip(hz / 120, 0, 1)  # what a telephone does not carry only eats level
    return (np.fft.irfft(kept, size) * size / samples.size).astype(np.float32)


def _trim(samples: Samples) -> Samples:
    heard = np.flatnonzero(np.abs(samples) > 0.01 * float(np.max(np.abs(samples), initial=1e-9)))
    if heard.size == 0:
        return samples
    edge = int(EDGE_S * TELEPHONE_HZ)
    inner = samples[max(0, int(heard[0]) - edge) : int(heard[-1]) + edge]
    return np.pad(inner, (edge // 2, edge // 2)).astype(np.float32)


def make_prompt(engine: SpeechEngine, text: str, language: str) -> Samples:
    """The whole prompt at 8 kHz; stretches in another language go to that language's voice.

    Raises SpeechError.
    """
    sounds: list[Samples] = []
    for part in parts_of(text, language):
        for spoken, words in [part] if engine.mixes_languages else by_script(part[1], part[0]):
            # What follows a value begins with its comma, which is no sound.
            said = words.lstrip(_STOPS)
            sounds += [to_telephone(*engine.speak(said, spoken)), _BETWEEN_LANGUAGES]
    return np.concatenate(sounds[:-1])
