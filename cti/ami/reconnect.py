"""When to connect, and when to connect again: the link's state machine, pure.

Time and chance are arguments. The link does the I/O, asks this machine what comes next, and
announces each new state.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace

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


_NEXT: dict[Phase, frozenset[Phase]] = {
    Phase.STOPPED: frozenset({Phase.CONNECTING, Phase.STOPPED}),
    Phase.CONNECTING: frozenset({Phase.LOGGING_IN, Phase.WAITING, Phase.STOPPED}),
    Phase.LOGGING_IN: frozenset({Phase.UP, Phase.WAITING, Phase.STOPPED}),
    Phase.UP: frozenset({Phase.WAITING, Phase.STOPPED}),
    Phase.WAITING: frozenset({Phase.CONNECTING, Phase.STOPPED}),
}


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
        self._failures = 0
        return self._enter(Phase.CONNECTING)

    def opened(self) -> LinkState:
        """The TCP connection is there."""
        return self._enter(Phase.LOGGING_IN)

    def accepted(self, now_s: float) -> LinkState:
        """Asterisk accepted the login."""
        self._up_since_s = now_s
        return self._enter(Phase.UP, session=self._state.session + 1)

    def lost(self, now_s: float, cause: Cause, detail: str = "") -> LinkState:
        """The attempt failed or the connection went away."""
        was_sound = (
            self._state.phase is Phase.UP and now_s - self._up_since_s >= self._backoff.stable_s
        )
        if was_sound or (cause is Cause.AUTH_FAILED) != (self._last_cause is Cause.AUTH_FAILED):
            self._failures = 0
        self._failures += 1
        self._last_cause = cause
        wait_s = self._backoff.wait_s(self._failures, cause, self._chance())
        return self._enter(Phase.WAITING, cause=cause, detail=detail, retry_in_s=wait_s)

    def due(self) -> LinkState:
        """The wait is over."""
        waited = self._state
        return self._enter(Phase.CONNECTING, cause=waited.cause, detail=waited.detail)

    def stop(self) -> LinkState:
        return self._enter(Phase.STOPPED, cause=Cause.STOPPED)

    def _enter(
        self,
        phase: Phase,
        *,
        cause: Cause | None = None,
        detail: str = "",
        retry_in_s: float = 0.0,
        session: int | None = None,
    ) -> LinkState:
        old = self._state
        if phase not in _NEXT[old.phase]:
            raise IllegalTransition(old.phase.value, phase.value)
        self._state = replace(
            old,
            phase=phase,
            cause=cause,
            detail=detail,
            retry_in_s=retry_in_s,
            session=old.session if session is None else session,
        )
        return self._state
