"""Whom a callback may ring, and when."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from config.names import PART

DAY_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(24:00|(?:[01][0-9]|2[0-3]):[0-5][0-9])")


def _day_hours(text: str) -> str:
    found = DAY_HOURS.fullmatch(text)
    if found is None or found[3] <= text[:5]:
        raise ValueError('write "08:00-21:00": from, and a later to, at most 24:00')
    return text


class Callbacks(BaseModel):
    """Whom a callback may ring, and for how long it is kept."""

    model_config = PART

    prefixes: list[Annotated[str, Field(pattern=r"^[0-9]{1,10}$")]] = []
    """Only numbers that begin with one of these; none: any of 7 to 15 digits that does not begin
    with 00. Emergency numbers never."""
    ring_seconds: Annotated[float, Field(ge=5, le=120)] = 30
    keep_hours: Annotated[float, Field(ge=1, le=720)] = 72
    hours: Annotated[str, AfterValidator(_day_hours)] = "08:00-21:00"
    """When customers may be rung, every day, in the site's zone. "00:00-24:00": at any time."""

    @property
    def ringing_minutes(self) -> tuple[int, int]:
        """From and to, minutes after midnight."""
        begin, end = (one.split(":") for one in self.hours.split("-"))
        return int(begin[0]) * 60 + int(begin[1]), int(end[0]) * 60 + int(end[1])
