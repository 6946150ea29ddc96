"""Errors of the AMI link.

AmiError
├── ActionRefused       Asterisk answered, and the answer is an error
├── ActionTimedOut      no answer in time: the action may or may not have been done
├── LinkLost            no connection, or it went away before the answer came
├── UnsafeValue         a value of ours that must not reach the wire
└── IllegalTransition   our own bug: the link's state machine was asked for the impossible
"""

from cti.errors import JietongError


class AmiError(JietongError):
    """Base of all errors of the AMI link."""


class ActionRefused(AmiError):
    """Asterisk refused `action`; `reason` is its own text, for people and logs only."""

    def __init__(self, action: str, reason: str) -> None:
        super().__init__(f"Asterisk refused {action}: {reason}")
        self.action = action
        self.reason = reason


class ActionTimedOut(AmiError):
    """No answer to `action` within `deadline_s` seconds.

    Asterisk may have done it all the same: look before doing it again.
    """

    def __init__(self, action: str, deadline_s: float) -> None:
        super().__init__(f"no answer to {action} within {deadline_s:g} s")
        self.action = action
        self.deadline_s = deadline_s


class LinkLost(AmiError):
    """`action` was not sent (`sent` is False), or its answer can no longer come.

    It is never sent again by the link: after a reconnect a repeated Originate would ring a
    customer twice.
    """

    def __init__(self, action: str, why: str, *, sent: bool) -> None:
        super().__init__(f"{action} {'has no answer' if sent else 'was not sent'}: {why}")
        self.action = action
        self.why = why
        self.sent = sent


class UnsafeValue(AmiError):
    """The value for `key` must not be sent. The value itself is kept out of the message."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}")
        self.key = key
        self.why = why


class IllegalTransition(AmiError):
    """The link's state machine was asked to go from `old` to `new`."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__(f"the link cannot go from {old} to {new}")
        self.old = old
        self.new = new
