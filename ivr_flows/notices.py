"""Notices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    id: str
    kind: Literal["emergency", "outage", "info"]
    texts: Mapping[str, str]
    areas: frozenset[str] = frozenset()
    then: Literal["go-on", "hang-up", "person"] = "go-on"


def heard_by(notices: tuple[Notice, ...], area: str | None, now: datetime) -> tuple[Notice, ...]:
    return tuple(one for one in notices if not one.areas or area in one.areas)
