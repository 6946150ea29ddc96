"""Who may do what. The only such table: binding, OpenAPI document and human page read it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, get_args

from cti.api.port import Role
from cti.ids import SeatId


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks, as their token says."""

    user: str
    role: Role
    seat: SeatId | None
    expires_s: int
    """Seconds since the epoch."""
    signed_in_s: int
    """When the password was given, seconds since the epoch; renewing does not move it."""


class Door(Enum):
    """Operations that ask for no token."""

    OPEN = "anyone"
    LOOPBACK = "this machine only"


@dataclass(frozen=True, slots=True)
class Rule:
    """`everything`: roles that may use it on every seat and call. `own`: roles that may use it on
    their own seat and on its calls."""

    everything: frozenset[Role] = frozenset()
    own: frozenset[Role] = frozenset()

    @property
    def roles(self) -> frozenset[Role]:
        return self.everything | self.own


ROLES: Final[tuple[Role, ...]] = get_args(Role)
_ALL = frozenset(ROLES)
_READ_CALLS = Rule(frozenset({"lead", "admin", "auditor"}), own=frozenset({"seat"}))
_COMMAND = Rule(frozenset({"lead", "admin"}), own=frozenset({"seat"}))
_ANYONE_KNOWN = Rule(_ALL)
_LISTEN = Rule(frozenset({"lead", "admin"}))
_CALLBACKS = Rule(frozenset({"lead", "admin", "auditor"}), own=frozenset({"seat"}))
"""A seat sees what is to come, without whole numbers: it has not spoken with these customers."""
_NOTICES = Rule(frozenset({"lead", "admin"}))
_ROUTING = Rule(frozenset({"lead", "admin"}))
_MESSAGES = _ANYONE_KNOWN
"""A message is for whoever has time for it, as a waiting call is."""
_DEAL_WITH = Rule(frozenset({"seat", "lead", "admin"}))

ACCESS: Final[dict[str, Rule | Door]] = {
    "login": Door.OPEN,
    "renewToken": _ANYONE_KNOWN,
    "me": _ANYONE_KNOWN,
    "listCalls": _READ_CALLS,
    "getCall": _READ_CALLS,
    "whyCall": Rule(frozenset({"lead", "admin", "auditor"})),
    "sendToFlow": _COMMAND,
    "transferCall": _COMMAND,
    "releaseCall": _COMMAND,
    "listMonitors": Rule(frozenset({"lead", "admin", "auditor"})),
    "monitorCall": _LISTEN,
    "changeMonitor": _LISTEN,
    "stopMonitor": _LISTEN,
    "listSeats": _ANYONE_KNOWN,
    "getSeat": _ANYONE_KNOWN,
    "signOn": _COMMAND,
    "signOff": _COMMAND,
    "ready": _COMMAND,
    "pause": _COMMAND,
    "listQueues": _ANYONE_KNOWN,
    "doorOfQueue": _ANYONE_KNOWN,
    "openQueue": Rule(frozenset({"lead", "admin"})),
    "closeQueue": Rule(frozenset({"lead", "admin"})),
    "queueByHours": Rule(frozenset({"lead", "admin"})),
    "listCallbacks": _CALLBACKS,
    "cancelCallback": Rule(frozenset({"lead", "admin"})),
    "listNotices": _ANYONE_KNOWN,
    "writeNotice": _NOTICES,
    "switchNoticeOn": _NOTICES,
    "switchNoticeOff": _NOTICES,
    "removeNotice": _NOTICES,
    "listPlans": _ANYONE_KNOWN,
    "switchPlan": _ROUTING,
    "getRouting": Rule(frozenset({"lead", "admin", "auditor"})),
    "changeRouting": _ROUTING,
    "changeQueue": _ROUTING,
    "changeSeat": _ROUTING,
    "removeChanges": _ROUTING,
    "removeQueueChanges": _ROUTING,
    "removeSeatChanges": _ROUTING,
    "handInContact": Rule(frozenset({"lead", "admin"})),
    "listContacts": _READ_CALLS,
    "getContact": _READ_CALLS,
    "acceptContact": _COMMAND,
    "rejectContact": _COMMAND,
    "returnContact": _COMMAND,
    "closeContact": _COMMAND,
    "withdrawContact": Rule(frozenset({"lead", "admin"})),
    "listMessages": _MESSAGES,
    "getMessage": _MESSAGES,
    "messageAudio": _MESSAGES,
    "messageHeard": _DEAL_WITH,
    "messageDone": _DEAL_WITH,
    "events": _READ_CALLS,
    "openapi": Door.OPEN,
    "page": Door.OPEN,
    "healthz": Door.OPEN,
    "readyz": Door.OPEN,
    "metrics": Door.LOOPBACK,
}

NUMBERS_IN_FULL: Final[frozenset[Role]] = frozenset({"seat", "lead", "admin"})
"""Who needs callers' numbers for their work. Seats only ever meet those of their own calls, and
of messages, which they answer. An
auditor checks how calls were handled and finds a call by its whole number or its id."""


def may_everything(operation: str, role: Role) -> bool:
    """Whether `role` may use `operation` on every seat and call, not only on its own."""
    rule = ACCESS[operation]
    return isinstance(rule, Rule) and role in rule.everything
