"""Files that others read while they are written: they see the whole, or what was there before."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ivr_flows.speech.errors import SoundNotKept, reason


def write_whole(file: Path, content: bytes) -> None:
    """Put `content` at `file` so that nobody ever sees a part of it. Raises SoundNotKept."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=".new", dir=file.parent)
        fresh = Path(name)
        try:
            with os.fdopen(handle, "wb") as target:
                target.write(content)
            fresh.chmod(0o644)  # Asterisk may run as another user
            fresh.replace(file)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SoundNotKept(file, reason(error)) from error
