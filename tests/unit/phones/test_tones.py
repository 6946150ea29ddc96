"""Tones are recognised where they are, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from bench.phones.audio import Samples, Tone, samples_of
from bench.phones.tones import FLOOR_DB, sound_level, strongest_tone, tone_level, tone_present


def tone(hz: float, level: float = -10.0, samples: int = 8000) -> Samples:
    time = np.arange(samples) / 8000
    return np.round(32767 * 10 ** (level / 20) * np.sin(2 * np.pi * hz * time)).astype(np.int16)


@pytest.mark.parametrize("hz", [250, 440, 700, 1300, 3000])
@pytest.mark.parametrize("level", [-3.0, -20.0, -38.0])
def test_a_tone_is_measured_at_its_level(hz: int, level: float) -> None:
    assert tone_level(tone(hz, level), hz) == pytest.approx(level, abs=0.2)
    assert sound_level(tone(hz, level)) == pytest.approx(level, abs=0.2)
    assert tone_present(tone(hz, level, 160)[np.newaxis], hz).all()


def test_half_a_recording_of_tone_is_three_decibel_less() -> None:
    half = np.concatenate([tone(700), np.zeros(8000, np.int16)])
    assert tone_level(half, 700) == pytest.approx(-13, abs=0.2)


@pytest.mark.parametrize("away", [150, 200, 400, 1000])
def test_a_neighbouring_tone_is_not_taken_for_it(away: int) -> None:
    frames = tone(1000 + away, -6.0).reshape(-1, 160)
    assert not tone_present(frames, 1000).any()
    assert tone_level(tone(1000 + away, -6.0), 1000) < -60


def test_three_tones_mixed_are_each_recognised_in_every_frame() -> None:
    mixed = tone(440) // 3 + tone(700) // 3 + tone(1300) // 3
    frames = mixed.reshape(-1, 160)
    for hz in (440, 700, 1300):
        assert tone_present(frames, hz).all()
    assert not tone_present(frames, 1000).any()


def test_noise_and_silence_hold_no_tone() -> None:
    noise = np.random.default_rng(1).normal(0, 3000, 80_000).astype(np.int16)
    assert tone_present(noise.reshape(-1, 160), 700).mean() < 0.02
    assert not tone_present(np.zeros((5, 160), np.int16), 700).any()
    assert tone_level(np.zeros(0, np.int16), 700) == FLOOR_DB
    assert sound_level(np.zeros(160, np.int16)) == FLOOR_DB


def test_the_strongest_tone_is_named() -> None:
    hz, level = strongest_tone(samples_of(Tone(820, -12)))
    assert hz == pytest.approx(820, abs=5)
    assert level == pytest.approx(-12, abs=0.5)
    assert strongest_tone(np.zeros(0, np.int16)) == (0.0, FLOOR_DB)
