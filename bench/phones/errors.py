"""Errors of the phones.

PhoneError
    NotInTime       what was waited for did not happen before the deadline (also a TimeoutError)
    CallIsOver      the call ended before what was waited for
    Refused         Asterisk refused a registration; carries the SIP code
    WrongMoment     a command that the call's state does not allow
    NotRemembered   asked about sound that has left the ear's memory
"""

from __future__ import annotations


class PhoneError(Exception):
    """Base of this package's errors."""


class NotInTime(PhoneError, TimeoutError):
    """Fields: `what`, `deadline_s`."""

    def __init__(self, what: str, deadline_s: float) -> None:
        self.what, self.deadline_s = what, deadline_s
        super().__init__(f"{what}: not within {deadline_s:g} s")


class CallIsOver(PhoneError):
    """Fields: `reason` (an EndReason)."""

    def __init__(self, reason: object) -> None:
        self.reason = reason
        super().__init__(f"the call is over: {reason}")


class Refused(PhoneError):
    """Fields: `code`, `text` (SIP status line)."""

    def __init__(self, what: str, code: int, text: str) -> None:
        self.code, self.text = code, text
        super().__init__(f"{what} refused: {code} {text}")


class WrongMoment(PhoneError):
    """Fields: `command`, `state`."""

    def __init__(self, command: str, state: str) -> None:
        self.command, self.state = command, state
        super().__init__(f"cannot {command} a call that is {state}")


class NotRemembered(PhoneError):
    """Fields: `since_us`, `oldest_us` (wall clock, microseconds)."""

    def __init__(self, since_us: int, oldest_us: int) -> None:
        self.since_us, self.oldest_us = since_us, oldest_us
        super().__init__(
            f"asked for sound since {since_us}, the ear remembers only since {oldest_us}"
        )
