"""Listens to a prompt as a caller would: is it loud enough, not too long, what Asterisk plays?

Loudness is the RMS of the speech, pauses left out, against the common level that `engine` brings
every prompt to (in the spirit of EBU R 128: one programme loudness, and true peaks below it).
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from ivr_flows.speech.engine import TARGET_RMS_DBFS
from ivr_flows.speech.errors import SoundUnusable
from ivr_flows.speech.wav import MAX_BYTES, TELEPHONE_HZ, read_wav

Fault = Literal["unreadable", "format", "silent", "quiet", "loud", "clipped", "long"]

TOLERANCE_DB: Final = 5.0
LONGEST_S: Final = 20.0
"""Nobody listens longer without a choice."""
CLIPPED_RUN: Final = 4
"""Samples in a row at full scale that are heard as a click."""
_SPEECH: Final = 10 ** (-45 / 20)


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard; `seconds` is 0 for what cannot be read."""

    seconds: float
    rms_dbfs: float
    faults: tuple[Fault, ...]


def listen(file: Path) -> Heard:
    """Never raises: what cannot be read is heard as unreadable."""
    try:
        with file.open("rb") as sound:
            data = sound.read(MAX_BYTES + 1)
        with wave.open(str(file)) as wav:
            shape = (wav.getnchannels(), wav.getsampwidth(), wav.getframerate())
        samples, rate = read_wav(data)
    except SoundUnusable as error:
        return Heard(0, -np.inf, ("silent" if "nothing to hear" in error.why else "unreadable",))
    except (OSError, wave.Error, EOFError):
        return Heard(0, -np.inf, ("unreadable",))
    seconds = samples.size / rate
    faults: list[Fault] = []
    if shape != (1, 2, TELEPHONE_HZ):
        faults.append("format")
    speech = samples[np.abs(samples) > _SPEECH]
    rms = 20 * float(np.log10(np.sqrt(np.mean(speech**2)))) if speech.size else -np.inf
    if rms < TARGET_RMS_DBFS - TOLERANCE_DB:
        faults.append("quiet")
    elif rms > TARGET_RMS_DBFS + TOLERANCE_DB:
        faults.append("loud")
    if _longest_run(np.abs(samples) > 0.998) >= CLIPPED_RUN:
        faults.append("clipped")
    if seconds > LONGEST_S:
        faults.append("long")
    return Heard(seconds, rms, tuple(faults))


def _longest_run(over: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> int:
    if not over.any():
        return 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], over.astype(np.int8), [0]])))
    return int(np.max(edges[1::2] - edges[0::2]))
