"""Errors of the menu sessions.

AgiError
├── CallerGone          the caller hung up, or Asterisk closed the session: nothing to do any more
├── CommandTimedOut     no answer to a command in time
├── CommandRefused      Asterisk does not know the command, or how we wrote it: our own bug
├── AnswerUnreadable    an answer that is none
├── ApplicationMissing  Asterisk has not loaded a dialplan application that we need
├── SoundRefused        Asterisk cannot open a sound file; the caller is still there
├── HeadersRefused      the opening of a connection is not that of a call of ours
├── UnsafeValue         a value of ours that must not reach the wire
└── HotlineUnknown      a call for a number that has no flow
"""

from __future__ import annotations

from cti.errors import JietongError


class AgiError(JietongError):
    """Base of all errors of the menu sessions."""


class CallerGone(AgiError):
    """There is no caller any more; `how` says what told us."""

    def __init__(self, how: str) -> None:
        self.how = how
        super().__init__(f"the caller has gone: {how}")


class CommandTimedOut(AgiError):
    """No answer to `command` within `deadline_s` seconds. The session cannot go on: a late answer
    would be taken for that of the next command."""

    def __init__(self, command: str, deadline_s: float) -> None:
        self.command = command
        self.deadline_s = deadline_s
        super().__init__(f"no answer to {command} within {deadline_s:g} s")


class CommandRefused(AgiError):
    """Asterisk refused `command`; `code` is 510 (unknown) or 520 (wrong arguments)."""

    def __init__(self, command: str, code: int) -> None:
        self.command = command
        self.code = code
        super().__init__(f"Asterisk refused {command} with {code}")


class AnswerUnreadable(AgiError):
    """What came after `command` is not an answer. The text itself is kept out of the message."""

    def __init__(self, command: str, why: str) -> None:
        self.command = command
        self.why = why
        super().__init__(f"unreadable answer to {command}: {why}")


class ApplicationMissing(AgiError):
    """The module of the dialplan application `application` is not loaded (modules.conf)."""

    def __init__(self, application: str) -> None:
        self.application = application
        super().__init__(f"Asterisk has no application {application}: load its module")


class SoundRefused(AgiError):
    """Asterisk could not open or play `file` (path without extension)."""

    def __init__(self, file: str) -> None:
        self.file = file
        super().__init__(f"Asterisk cannot play {file}")


class HeadersRefused(AgiError):
    """The header block of a connection is refused."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not a menu session: {why}")


class UnsafeValue(AgiError):
    """The value for `what` must not be sent. The value itself is kept out of the message."""

    def __init__(self, what: str, why: str) -> None:
        self.what = what
        self.why = why
        super().__init__(f"{what}: {why}")


class HotlineUnknown(AgiError):
    """No hotline has the number `number`."""

    def __init__(self, number: str) -> None:
        self.number = number
        super().__init__(f"no hotline has the number {number!r}")
