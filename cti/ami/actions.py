"""An AMI action as a value: a name and headers in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from cti.ami.errors import UnsafeValue
from cti.ami.safety import encode_action, sip_header, variable_header

HeaderValue = str | int | Sequence[str]


@dataclass(frozen=True, slots=True)
class Action:
    """One AMI action; the link adds `Action` and, unless it is given, `ActionID`.

    An own ActionID is for Originate: OriginateResponse, an event, repeats it.

    Asterisk runs the actions of one connection one after the other in the thread that also writes
    its events, so an action that waits (an Originate without `Async: true`) stops all of them:
    `of` refuses it.
    """

    name: str
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, name: str, /, **headers: HeaderValue) -> Self:
        """`Action.of("Hangup", Channel=name, Cause=16)`; a sequence repeats the header.

        bool is written as `true` or `false`. Raises UnsafeValue for an Originate that would wait.
        """
        return cls.build(name, headers.items())

    @classmethod
    def build(cls, name: str, headers: Iterable[tuple[str, HeaderValue]]) -> Self:
        """As `of`, from pairs in order, for headers that repeat."""
        action = cls(name, tuple(_flat(headers)))
        if name.lower() == "originate" and action.get("Async").lower() != "true":
            raise UnsafeValue("Async", "an Originate that waits would stop every event")
        return action

    def get(self, key: str) -> str:
        """The first value of `key` in any case of letters, or the empty string."""
        wanted = key.lower()
        return next((value for name, value in self.headers if name.lower() == wanted), "")

    def with_variables(self, **variables: str) -> Self:
        """The same action that also sets channel variables, one header each, escaped."""
        more = tuple(variable_header(name, value) for name, value in variables.items())
        return type(self)(self.name, self.headers + more)

    def with_sip_headers(self, headers: Iterable[tuple[str, str]]) -> Self:
        """The same Originate, whose INVITE carries these SIP headers of our own."""
        more = tuple(sip_header(name, value) for name, value in headers)
        return type(self)(self.name, self.headers + more)

    def encode(self, action_id: str) -> bytes:
        """Its bytes on the wire. Raises UnsafeValue."""
        if self.get("Action"):
            raise UnsafeValue("Action", "given twice")
        others = ((key, value) for key, value in self.headers if key.lower() != "actionid")
        return encode_action((("Action", self.name), ("ActionID", action_id), *others))


def _flat(items: Iterable[tuple[str, HeaderValue]]) -> Iterator[tuple[str, str]]:
    for key, value in items:
        if isinstance(value, bool):
            yield key, "true" if value else "false"
        elif isinstance(value, int | str):
            yield key, str(value)
        else:
            yield from ((key, one) for one in value)
