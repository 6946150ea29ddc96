"""Recordings that people bring in any format: one format and one loudness for the telephone."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Final

import numpy as np

from ivr_flows.prompt_library import STUDIO, is_language, is_prompt_name
from ivr_flows.speech.engine import to_telephone
from ivr_flows.speech.errors import SoundUnusable, SpeechError, reason
from ivr_flows.speech.wav import MAX_BYTES, MAX_SECONDS, TELEPHONE_HZ, Samples, write_wav

with warnings.catch_warnings():
    # It warns at once when ffmpeg is missing; we say so when it is needed.
    warnings.simplefilter("ignore")
    from pydub import AudioSegment
    from pydub.exceptions import CouldntDecodeError

_SAMPLES: Final = {1: "<i1", 2: "<i2", 4: "<i4"}
"""By bytes; pydub widens 24 bits to 32."""


class ConverterMissing(SpeechError):
    """Only ffmpeg reads this format. Field: `file`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(
            f"{file.name} needs ffmpeg to be read; install the Debian package ffmpeg, or save the"
            " recording as WAV"
        )


class NameRefused(SpeechError):
    """Fields: `name`, `language`."""

    def __init__(self, name: str, language: str) -> None:
        self.name, self.language = name, language
        super().__init__(
            f"{name!r} in {language!r} cannot name a prompt: a-z, 0-9, dash and slash, as in"
            " hours/closed, and a language such as zh-CN"
        )


def import_recording(file: Path, prompts: Path, name: str, language: str) -> tuple[Path, float]:
    """Put the recording `file` into the folder `prompts` as the studio's prompt `name`; where it
    is, and its seconds. Raises SpeechError."""
    if not (is_prompt_name(name) and is_language(language)):
        raise NameRefused(name, language)
    samples, rate = read_recording(file)
    sound = to_telephone(samples, rate)
    target = prompts / STUDIO / language / f"{name}.wav"
    write_wav(target, sound)
    return target, sound.size / TELEPHONE_HZ


def read_recording(file: Path) -> tuple[Samples, int]:
    """Mono samples in -1..1 and their rate in Hz. Raises SoundUnusable, ConverterMissing."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise SoundUnusable(f"it is larger than {MAX_BYTES} bytes")
        # Absolute: a name that begins with a dash is no option of ffmpeg's then.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            segment = AudioSegment.from_file(str(file.resolve()))
    except FileNotFoundError as error:
        if not file.is_file():
            raise SoundUnusable(f"there is no file {file}") from None
        raise ConverterMissing(file) from error
    except OSError as error:
        raise SoundUnusable(f"{file}: {reason(error)}") from error
    except (CouldntDecodeError, ValueError, EOFError, IndexError, KeyError) as error:
        raise SoundUnusable(f"{file.name} is no recording that can be read") from error
    if segment.duration_seconds > MAX_SECONDS:
        raise SoundUnusable(f"it is longer than {MAX_SECONDS:.0f} s")
    mono = segment.set_channels(1)
    width = int(mono.sample_width)
    whole = np.frombuffer(mono.raw_data, _SAMPLES[width])
    samples = (whole / float(2 ** (8 * width - 1))).astype(np.float32)
    if not samples.size or float(np.max(np.abs(samples))) < 0.001:
        raise SoundUnusable("there is nothing to hear in it")
    return samples, int(mono.frame_rate)
