"""Facts to JSON and back. The kind is the fact's class name; the body is its fields.

A ledger outlives the program: a kind or a body that this program does not know comes back as
`UnknownFact` with its JSON, never as a crash, and is written again unchanged.

Text crosses this border cleaned. PostgreSQL's text has no NUL, and UTF-8 has no lone surrogates
(they stand for bytes of a caller's name that were not UTF-8), so NUL becomes U+2400 and a lone
surrogate U+FFFD. The loss is meant: a reversible escape would put text into the database that no
query and no reader expects.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeVar

import msgspec

import cti.facts
from cti.facts import Fact
from cti.ids import CallId, SeatId
from cti.runtime.ports import LedgerEntry

T = TypeVar("T")

_NUL_IN_JSON: Final = rb"\u0000"
_UNSAFE: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownFact(Fact):
    """A fact that another version of the program wrote. `body` is its JSON, `why` says what did
    not fit (empty: the kind itself is unknown)."""

    kind: str
    body: str
    why: str = ""


def _concrete(base: type[Fact]) -> dict[str, type[Fact]]:
    found: dict[str, type[Fact]] = {}
    for kind in base.__subclasses__():
        if kind.__module__.startswith(f"{cti.facts.__name__}."):
            found[kind.__name__] = kind
            found |= _concrete(kind)
    return found


KINDS: Final = {name: kind for name, kind in _concrete(Fact).items() if name != "Report"}
"""Every kind of fact that this program knows, by name."""

_DECODERS: Final = {name: msgspec.json.Decoder(kind) for name, kind in KINDS.items()}
_ENCODER: Final = msgspec.json.Encoder()


def clean_text(text: str) -> str:
    """`text` without what a database cannot hold; see above."""
    return _UNSAFE.sub(lambda match: "␀" if match[0] == "\x00" else "\ufffd", text)


def clean(value: T) -> T:
    """A fact, or part of one, with all its text cleaned."""
    return _clean(value)  # type: ignore[no-any-return]


def _clean(value: Any) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, tuple):
        return tuple(_clean(item) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {part.name: getattr(value, part.name) for part in dataclasses.fields(value)}
        return dataclasses.replace(value, **{name: _clean(part) for name, part in parts.items()})
    return value


def kind_of(fact: Fact) -> str:
    """The fact's kind as the ledger names it."""
    return fact.kind if isinstance(fact, UnknownFact) else type(fact).__name__


def storable(fact: Fact) -> tuple[Fact, str]:
    """The fact as it comes back from the ledger (its text cleaned), and its body as JSON text."""
    if isinstance(fact, UnknownFact):
        fact = clean(fact)
        return fact, fact.body
    try:
        body = _ENCODER.encode(fact)
        safe = _NUL_IN_JSON not in body
    except UnicodeEncodeError:
        safe = False
    if not safe:
        fact = clean(fact)
        body = _ENCODER.encode(fact)
    return fact, body.decode()


def clean_entry(entry: LedgerEntry) -> tuple[LedgerEntry, str]:
    """The entry as it comes back from the ledger, and its fact's body."""
    fact, body = storable(entry.fact)
    call = CallId(clean_text(entry.call)) if entry.call else None
    seat = SeatId(clean_text(entry.seat)) if entry.seat else None
    return LedgerEntry(clean_text(entry.run), entry.seq, fact, call, seat), body


def decode(kind: str, at_us: int, body: str) -> Fact:
    """The fact that `encode` wrote; an UnknownFact when kind or body is not known here."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        return UnknownFact(at=at_us, kind=kind, body=body)
    try:
        return decoder.decode(body)
    except msgspec.MsgspecError as error:
        return UnknownFact(at=at_us, kind=kind, body=body, why=str(error))
