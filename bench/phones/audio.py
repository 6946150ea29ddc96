"""What a microphone can carry, cut into G.711 packets of 20 ms that are repeated for ever."""

from __future__ import annotations

import math
import wave
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from aiortp.codecs.g711 import PcmaCodec, PcmuCodec

RATE: Final = 8000
"""Samples a second."""
FRAME: Final = 160
"""Samples in a packet: 20 ms."""
Samples = np.ndarray[Any, np.dtype[np.int16]]

# G.711 says sign bit 1 for a positive A-law sample; aiortp 0.8.0 has it the other way round and
# turns the polarity of every recording. Its mu-law is right.
_CODECS: Final = {"PCMU": (PcmuCodec(), 0x00), "PCMA": (PcmaCodec(), 0x80)}
_DECODED: Final[dict[int, Samples]] = {
    payload_type: np.frombuffer(
        codec.decode(bytes(code ^ sign for code in range(256))), dtype="<i2"
    ).astype(np.int16)
    for payload_type, (codec, sign) in ((0, _CODECS["PCMU"]), (8, _CODECS["PCMA"]))
}
"""Value of each of the 256 codes, by RTP payload type."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A muted microphone: packets go out, without sound."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A steady tone of `hz` (whole) at `level` dB relative to a full-scale sine."""

    hz: int
    level: float = -10.0


@dataclass(frozen=True, slots=True)
class WavFile:
    """A WAV file of 8 kHz, 16 bit; of several channels the first is taken."""

    path: Path | str


Audio = Silence | Tone | WavFile


def samples_of(audio: Audio) -> Samples:
    """One round of the loop, whole packets. Raises ValueError for a WAV of another format."""
    match audio:
        case Silence():
            return np.zeros(FRAME, np.int16)
        case Tone(hz=hz, level=level):
            # After a second every whole number of hertz is back at its beginning: no click.
            time = np.arange(RATE if hz % 50 else FRAME) / RATE
            wave_form = 32767 * 10 ** (level / 20) * np.sin(2 * math.pi * hz * time)
            return np.round(wave_form).astype(np.int16)
        case WavFile(path=path):
            return _wav(Path(path))


def _wav(path: Path) -> Samples:
    with wave.open(str(path), "rb") as wav:
        if (wav.getframerate(), wav.getsampwidth()) != (RATE, 2):
            raise ValueError(f"{path}: {RATE} Hz and 16 bit are needed")
        samples = np.frombuffer(wav.readframes(wav.getnframes()), dtype="<i2")
        samples = samples[:: wav.getnchannels()]
    padding = -len(samples) % FRAME or (FRAME if len(samples) == 0 else 0)
    return np.concatenate([samples, np.zeros(padding, np.int16)]).astype(np.int16)


@lru_cache(maxsize=128)
def packets_of(audio: Audio, codec: str) -> tuple[bytes, ...]:
    """The payloads of one round, 160 bytes each; `codec` is PCMU or PCMA."""
    coder, sign = _CODECS[codec]
    codes = np.frombuffer(coder.encode(samples_of(audio).astype("<i2").tobytes()), np.uint8)
    coded = (codes ^ np.uint8(sign)).tobytes()
    return tuple(coded[i : i + FRAME] for i in range(0, len(coded), FRAME))


def decoded(payload: bytes, payload_type: int) -> Samples | None:
    """Samples of a received payload; None when it is no G.711."""
    table = _DECODED.get(payload_type)
    return None if table is None else table[np.frombuffer(payload, np.uint8)]
