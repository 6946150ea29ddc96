"""Single changes of routing, as they are made through the API and kept in the database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from config.change import QueueChange, SeatChange
from config.overlay import Misfit, Part, Setting, Source
from config.routing import Choice
from config.site import Site
from cti.errors import JietongError

_CHOICE: Final[TypeAdapter[Any]] = TypeAdapter(Choice)


class ChangeError(JietongError):
    """Base of what can be wrong with a change of routing."""


class UnknownPart(ChangeError):
    """No such queue or seat, or nothing changed of it. Field: `what`."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(what)


class ChangeRefused(ChangeError):
    """It does not fit what holds now. Fields: `place` ("queues.repairs.merged_into"), `why`."""

    def __init__(self, place: str, why: str) -> None:
        self.place, self.why = place, why
        super().__init__(f"{place}: {why}")


class ChangesNotKept(ChangeError):
    """The database cannot be written or has not been read; nothing has changed."""


@dataclass(frozen=True, slots=True)
class Change:
    """`beneath`: what the site file said of it when it was made, as JSON."""

    setting: Setting
    beneath: str

    def is_over(self, now: int) -> bool:
        return 0 < self.setting.source.until_us <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptChange:
    """As it is written down; `value` and `beneath` are JSON."""

    part: str
    name: str
    key: str
    value: str
    beneath: str
    by: str
    why: str
    at_us: int
    until_us: int


class ChangeStore(Protocol):
    """All methods may raise ChangesNotKept."""

    async def load(self) -> Sequence[KeptChange]:
        """In the order in which they were made."""
        ...

    async def keep(self, put: Iterable[KeptChange], drop: Iterable[tuple[str, str, str]]) -> None:
        """Write `put`, each over what is there of the same place, and forget `drop`; all or
        nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Edit:
    """What somebody wants of one queue or seat, or of what holds for all ("routing")."""

    part: Part
    name: str
    values: dict[str, Any]


def beneath_of(site: Site, place: tuple[Part, str, str]) -> str:
    """What the site file says there, as JSON; empty when it has no such thing."""
    part, name, key = place
    base: BaseModel | None = site.routing
    if part == "queues":
        base = site.queues.get(name)
    elif part == "seats":
        base = site.seats.get(name)
    return "" if base is None else as_json(getattr(base, key, None))


def as_json(value: object) -> str:
    return json.dumps(to_jsonable_python(value), sort_keys=True, ensure_ascii=False)


def kept(change: Change) -> KeptChange:
    one, source = change.setting, change.setting.source
    return KeptChange(
        part=one.part,
        name=one.name,
        key=one.key,
        value=as_json(one.value),
        beneath=change.beneath,
        by=source.by,
        why=source.why,
        at_us=source.at_us,
        until_us=source.until_us,
    )


def read(row: KeptChange) -> Change | Misfit:
    """The change as it was made; a misfit when this program cannot read it any more."""
    source = Source(by=row.by, at_us=row.at_us, until_us=row.until_us, why=row.why)
    part: Part = "queues" if row.part == "queues" else "seats"
    raw: Any = row.value
    try:
        raw = json.loads(row.value)
        if row.part == "routing":
            setting = Setting("routing", "", row.key, _CHOICE.validate_python(raw), source)
        else:
            model = QueueChange if part == "queues" else SeatChange
            value = getattr(model.model_validate({row.key: raw}), row.key)
            setting = Setting(part, row.name, row.key, value, source)
    except ValueError as error:
        why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        return Misfit(Setting(part, row.name, row.key, raw, source), why)
    return Change(setting, row.beneath)


class ChangesInMemory:
    """For a daemon whose changes end with it, and for tests."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], KeptChange] = {}

    async def load(self) -> Sequence[KeptChange]:
        return tuple(self.rows.values())

    async def keep(self, put: Iterable[KeptChange], drop: Iterable[tuple[str, str, str]]) -> None:
        for place in drop:
            self.rows.pop(place, None)
        for row in put:
            self.rows.pop((row.part, row.name, row.key), None)
            self.rows[row.part, row.name, row.key] = row
