"""When to connect, and when to connect again: the link's state machine, pure.

Time and chance are arguments. The link does the I/O, asks this machine what comes next, and
announces each new state.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from cti.ami.errors import IllegalTransition


class Phase(enum.Enum):
    """Where the link is.

              start              opened                accepted
    STOPPED ─────────► CONNECTING ─────► LOGGING_IN ─────────────► UP
       ▲                 │    ▲               │                    │
       │            lost │    │ due      lost │               lost │
       │                 ▼    │               │                    │
       │               WAITING ◄──────────────┴────────────────────┘
       │
       └── stop, from any phase
    """

    STOPPED = "stopped"
    CONNECTING = "connecting"
    LOGGING_IN = "logging in"
    UP = "up"
    WAITING = "waiting"


class _Input(enum.Enum):
    START = frozenset({Phase.STOPPED}), Phase.CONNECTING
    OPENED = frozenset({Phase.CONNECTING}), Phase.LOGGING_IN
    ACCEPTED = frozenset({Phase.LOGGING_IN}), Phase.UP
    LOST = frozenset({Phase.CONNECTING, Phase.LOGGING_IN, Phase.UP}), Phase.WAITING
    DUE = frozenset({Phase.WAITING}), Phase.CONNECTING
    STOP = frozenset(Phase), Phase.STOPPED

    def __init__(self, legal_in: frozenset[Phase], leads_to: Phase) -> None:
        self.legal_in = legal_in
        self.leads_to = leads_to


class Cause(enum.Enum):
    """Why there is no link."""

    NOT_STARTED = "not started"
    STOPPED = "stopped by us"
    UNREACHABLE = "cannot connect"
    CONNECT_TIMEOUT = "no answer to connect"
    NO_BANNER = "no banner"
    BAD_BANNER = "not an Asterisk manager port"
    LOGIN_TIMEOUT = "no answer to login"
    NOT_ACCEPTING = "Asterisk takes no logins now"
    AUTH_FAILED = "user or secret refused"
    CLOSED = "closed by the peer"
    PING_UNANSWERED = "ping unanswered"
    PEER_NOT_READING = "the peer does not read"
    OVERSIZED = "oversized message"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """What the link tells its owner. `cause` and `detail` say why it is not up.

    `session` counts successful logins: a new number means that events were missed in between, for
    AMI replays nothing.
    """

    phase: Phase
    cause: Cause | None = None
    detail: str = ""
    retry_in_s: float = 0.0
    session: int = 0

    @property
    def up(self) -> bool:
        return self.phase is Phase.UP


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long to wait before the next attempt, in seconds."""

    first_s: float = 0.2
    """A link that broke by accident is back before a caller notices."""

    cap_s: float = 3.0
    """Asterisk starts in 2 to 5 s; a hotline should not be blind for much longer than that. Yet an
    attempt that never logs in holds one of Asterisk's 50 unauthenticated sockets (authlimit) for
    up to 30 s (authtimeout): one every 3 s holds 10."""

    jitter: float = 0.25
    """Spread of each wait to both sides, so that a cluster does not come back in one beat."""

    refused_first_s: float = 60.0
    refused_cap_s: float = 300.0
    """After a refused login. Every refusal is a line in Asterisk's security log; with 60, 120, 240,
    300 s there are four in ten minutes, one below the five at which fail2ban by default shuts
    an address out. No jitter: the one remedy is a person who corrects the settings."""

    stable_s: float = 10.0
    """A session this long was sound and the next wait starts small again. A shorter one (Asterisk
    closes a session that is too slow for it) counts as one more failure."""

    def wait_s(self, failures: int, cause: Cause, chance: float) -> float:
        """The wait after `failures` failures in a row (1 or more); `chance` is in [0, 1)."""
        factor = 2.0 ** min(failures - 1, 16)
        if cause is Cause.AUTH_FAILED:
            return min(self.refused_cap_s, self.refused_first_s * factor)
        wait = min(self.cap_s, self.first_s * factor)
        return wait * (1.0 + self.jitter * (2.0 * chance - 1.0))


class Reconnect:
    """The machine. Each method is one input and returns the new state.

    Raises IllegalTransition, which is a bug of ours, never the peer's doing.
    """

    def __init__(self, backoff: Backoff, chance: Callable[[], float]) -> None:
        self._backoff = backoff
        self._chance = chance
        self._failures = 0
        self._last_cause: Cause | None = None
        self._up_since_s = 0.0
        self._state = LinkState(phase=Phase.STOPPED, cause=Cause.NOT_STARTED)

    @property
    def state(self) -> LinkState:
        return self._state

    def start(self) -> LinkState:
        state = self._enter(_Input.START)
        self._failures = 0
        return state

    def opened(self) -> LinkState:
        """The TCP connection is there."""
        return self._enter(_Input.OPENED)

    def accepted(self, now_s: float) -> LinkState:
        """Asterisk accepted the login."""
        state = self._enter(_Input.ACCEPTED, session=self._state.session + 1)
        self._up_since_s = now_s
        return state

    def lost(self, now_s: float, cause: Cause, detail: str = "") -> LinkState:
        """The attempt failed or the connection went away."""
        failures = 1 + (0 if self._starts_anew(now_s, cause) else self._failures)
        wait_s = self._backoff.wait_s(failures, cause, self._chance())
        state = self._enter(_Input.LOST, cause=cause, detail=detail, retry_in_s=wait_s)
        self._failures = failures
        self._last_cause = cause
        return state

    def due(self) -> LinkState:
        """The wait is over."""
        return self._enter(_Input.DUE, cause=self._state.cause, detail=self._state.detail)

    def stop(self) -> LinkState:
        return self._enter(_Input.STOP, cause=Cause.STOPPED)

    def _starts_anew(self, now_s: float, cause: Cause) -> bool:
        """After a sound session, and where refused logins begin or end: those wait differently."""
        up_for_s = now_s - self._up_since_s if self._state.phase is Phase.UP else 0.0
        refused, was_refused = (one is Cause.AUTH_FAILED for one in (cause, self._last_cause))
        return up_for_s >= self._backoff.stable_s or refused != was_refused

    def _enter(
        self,
        what: _Input,
        *,
        cause: Cause | None = None,
        detail: str = "",
        retry_in_s: float = 0.0,
        session: int | None = None,
    ) -> LinkState:
        old = self._state
        if old.phase not in what.legal_in:
            raise IllegalTransition(old.phase.value, what.leads_to.value)
        self._state = LinkState(
            phase=what.leads_to,
            cause=cause,
            detail=detail,
            retry_in_s=retry_in_s,
            session=old.session if session is None else session,
        )
        return self._state
