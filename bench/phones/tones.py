"""Recognising tones: the Goertzel coefficient of one frequency, for many frames at once.

A Hann window keeps a tone's neighbours out: in a frame of 20 ms a tone 150 Hz away is heard
30 dB weaker than it is. All levels are dB relative to a full-scale sine.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Final

import numpy as np

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
Array = np.ndarray[Any, np.dtype[Any]]

FLOOR_DB: Final = -120.0
"""Level of nothing at all."""
TONE_DB: Final = -40.0
"""A weaker tone is not one."""
TONE_SHARE: Final = 0.2
"""Part of a frame's power that must be the tone: three tones mixed are still each recognised."""
SOUND_DB: Final = -50.0
"""Quieter is silence. An idle A-law line is at about -72."""
_BLOCK_MS: Final = 100
_FULL_SCALE: Final = 32767.0


@lru_cache(maxsize=256)
def _probe(hz: float, length: int, rate: int) -> tuple[FloatArray, FloatArray]:
    window = np.hanning(length + 2)[1:-1]
    angle = 2 * math.pi * hz * np.arange(length) / rate
    wave = np.stack([window * np.cos(angle), window * np.sin(angle)], axis=1)
    return wave * (2 / window.sum()), window / window.sum()


def amplitudes(frames: Array, hz: float, rate: int = 8000) -> tuple[FloatArray, FloatArray]:
    """For frames of shape (n, m): amplitude of the tone in each, and its share of the power."""
    wave, window = _probe(hz, frames.shape[1], rate)
    sound = frames.astype(np.float64)
    amplitude = np.hypot(*(sound @ wave).T)
    power = (sound**2) @ window
    share = np.divide(amplitude**2 / 2, power, out=np.zeros_like(power), where=power > 0)
    return amplitude, share


def tone_present(frames: Array, hz: float, rate: int = 8000) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """For frames of shape (n, m): which hold the tone."""
    amplitude, share = amplitudes(frames, hz, rate)
    loud = amplitude >= _FULL_SCALE * 10 ** (TONE_DB / 20)
    return np.asarray(loud & (share >= TONE_SHARE))


def tone_level(samples: Array, hz: float, rate: int = 8000) -> float:
    """Mean level of the tone over `samples` (one channel), in blocks of 100 ms."""
    block = min(rate * _BLOCK_MS // 1000, len(samples))
    if block == 0:
        return FLOOR_DB
    whole = len(samples) // block * block
    amplitude, _ = amplitudes(samples[:whole].reshape(-1, block), hz, rate)
    return _decibel(float(np.sqrt(np.mean(amplitude**2))))


def sound_level(samples: Array) -> float:
    """Level of everything in `samples` together."""
    if len(samples) == 0:
        return FLOOR_DB
    return _decibel(float(np.sqrt(2 * np.mean(samples.astype(np.float64) ** 2))))


def strongest_tone(samples: Array, rate: int = 8000) -> tuple[float, float]:
    """Frequency in Hz (to about 10 Hz) and level of the strongest part; for messages."""
    if len(samples) < rate // 50:
        return 0.0, FLOOR_DB
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    hz = float(np.argmax(spectrum)) * rate / len(samples)
    return hz, tone_level(samples, hz, rate)


def _decibel(amplitude: float) -> float:
    return max(FLOOR_DB, 20 * math.log10(max(amplitude, 1e-9) / _FULL_SCALE))
