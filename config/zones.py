"""Names of time zones in settings."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; write e.g. Asia/Shanghai") from None
    return name


ZoneName = Annotated[str, AfterValidator(_zone)]
"""An IANA name, e.g. Asia/Shanghai."""
