"""Runs a program that turns text into a sound file, and trusts it with nothing.

The text goes to its standard input and never near a shell. It gets a folder of its own, a time, and
a size beyond which the system lets it write no further; whatever it started ends with it.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ivr_flows.speech.errors import (
    EngineFailed,
    EngineMissing,
    EngineTooSlow,
    SoundNotKept,
    SoundUnusable,
    reason,
)
from ivr_flows.speech.wav import MAX_BYTES, Samples, read_wav

OUT: Final = "{out}"
"""Stands for the file to write in a template of arguments."""
WRITE_LIMIT: Final = 80_000_000
"""Bytes in one file. Above MAX_BYTES, because espeak-ng's sound library takes 64 MiB of shared
memory, whatever it is used for."""
_SHOWN: Final = 200


def speak_with(
    engine: str, argv: Sequence[str], text: str, *, seconds: float
) -> tuple[Samples, int]:
    """The sound that `argv` makes of `text`; OUT in it becomes the file that it has to write.

    Raises EngineMissing, EngineFailed, EngineTooSlow, SoundUnusable, SoundNotKept.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="jietong-speech-") as folder:
            out = Path(folder) / "out.wav"
            log = Path(folder) / "log"
            argv = [part.replace(OUT, str(out)) for part in argv]
            _run(engine, argv, text, (out, log), seconds)
            return read_wav(_content(out))
    except OSError as error:
        raise SoundNotKept(Path(tempfile.gettempdir()), reason(error)) from error


def _run(
    engine: str, argv: Sequence[str], text: str, files: tuple[Path, Path], seconds: float
) -> None:
    out, log = files
    with log.open("wb") as errors:
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                cwd=log.parent,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            raise EngineMissing(engine, f"{argv[0]}: {why}") from None
    try:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (WRITE_LIMIT, WRITE_LIMIT))
        # A program that ends without reading its input is judged by what it made.
        with contextlib.suppress(BrokenPipeError):
            process.communicate(text.encode("utf-8", "replace"), timeout=seconds)
        code = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise EngineTooSlow(engine, seconds) from None
    finally:
        # Its children too, also those that it left behind.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if code and out.is_file() and out.stat().st_size > MAX_BYTES:
        raise SoundUnusable(f"it is larger than {MAX_BYTES} bytes")
    if code:
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        raise EngineFailed(engine, f"{how} {_said(log)}".strip())


def _said(log: Path) -> str:
    """The last line of what the program complained of, fit for one line of a log."""
    with log.open("rb") as errors:
        errors.seek(0, os.SEEK_END)
        errors.seek(max(0, errors.tell() - 4 * _SHOWN))
        lines = errors.read().decode(errors="replace").split("\n")
    last = next((line for line in reversed(lines) if line.strip()), "")
    return "".join(character for character in last if character.isprintable())[:_SHOWN]


def _content(out: Path) -> bytes:
    try:
        with out.open("rb") as sound:
            return sound.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SoundUnusable("the engine wrote no file") from None
