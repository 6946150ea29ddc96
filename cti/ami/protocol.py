"""One AMI connection: panoramisk's protocol with everything between bytes and futures replaced.

Kept from panoramisk: the transport's life cycle, the table of unanswered actions, the action
object with its id and future. Replaced, because a contact centre cannot live with it: decoding,
cutting, completion rules, dispatch, the close that queues unanswered actions to be sent again.

A connection ends exactly once, by `fail`: every unanswered action ends in LinkLost and the owner
hears the cause.
"""

from __future__ import annotations

import asyncio
import enum
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from panoramisk.actions import Action as PanoramiskAction
from panoramisk.ami_protocol import AMIProtocol

from cti.ami.actions import Action
from cti.ami.errors import ActionRefused, LinkLost, UnsafeValue
from cti.ami.reconnect import Cause
from cti.ami.wire import AmiMessage, AmiParser, WireFault

_log = logging.getLogger(__name__)

_SUCCESS = frozenset({"Success", "Follows", "Goodbye"})
_LIST_ID = "list/"
_LIST_MARK = b"\r\nActionID: " + _LIST_ID.encode()
_CAUSE_OF_FAULT = {
    WireFault.BAD_BANNER: Cause.BAD_BANNER,
    WireFault.OVERSIZED: Cause.OVERSIZED,
}

MAX_LIST_ITEMS = 100_000
"""More channels than one Asterisk can carry; a list that does not end must not fill memory."""


class AuthType(enum.Enum):
    """MD5 keeps the secret off the wire; PLAIN is for an Asterisk without MD5 in its crypto."""

    MD5 = "MD5"
    PLAIN = "plain"


@dataclass(slots=True)
class Counters:
    """What is counted over all connections of one link."""

    events: int = 0
    unknown: int = 0
    nameless: int = 0
    handler_errors: int = 0
    late_answers: int = 0
    timed_out: int = 0
    bytes_in: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """What the protocol calls, always synchronously and in the order of the wire."""

    opened: Callable[[], None]
    accepted: Callable[[], None]
    event: Callable[[AmiMessage], None]
    down: Callable[[Cause, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    username: str
    secret: str = field(repr=False)
    auth: AuthType = AuthType.MD5


class _Stage(enum.Enum):
    """BANNER ──banner──► CHALLENGE ──challenge──► LOGIN ──success──► READY; PLAIN skips one."""

    BANNER = enum.auto()
    CHALLENGE = enum.auto()
    LOGIN = enum.auto()
    READY = enum.auto()


class PendingAction(PanoramiskAction):  # type: ignore[misc]
    """An action on its way. panoramisk guesses from words in the answer when an action is done
    ("successfully queued", "will follow"); here the sender says whether a list follows."""

    future: asyncio.Future[list[AmiMessage]]

    def __init__(self, action: Action, *, complete_event: str | None) -> None:
        own_id = action.get("ActionID")
        super().__init__({"Action": action.name} | ({"ActionID": own_id} if own_id else {}))
        self.name = action.name
        self.gathers = complete_event is not None
        self.complete_event = complete_event or ""
        if own_id and (self.gathers or own_id.startswith(_LIST_ID)):
            raise UnsafeValue("ActionID", "the link chooses the id of a list")
        self.action_key: str = (_LIST_ID if self.gathers else "") + str(self.id)
        self.items_seen: list[AmiMessage] = []

    def succeed(self, messages: list[AmiMessage]) -> None:
        if not self.future.done():
            self.future.set_result(messages)

    def refuse(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)
            self.future.exception()  # a login step or a ping has nobody to retrieve it


class LinkProtocol(AMIProtocol):  # type: ignore[misc]
    """Bytes to events and answers; actions to bytes. One object per connection."""

    responses: dict[str, PendingAction]
    transport: asyncio.Transport
    closed: bool

    def __init__(
        self,
        owner: Owner,
        login: Login,
        parser: AmiParser,
        counters: Counters,
        *,
        max_write_buffer_bytes: int,
    ) -> None:
        self._owner = owner
        self._login = login
        self._parser = parser
        self._counters = counters
        self._max_write_buffer = max_write_buffer_bytes
        self._stage = _Stage.BANNER
        self._down: str | None = None
        self.bytes_in = 0
        self.closed = True
        self.responses = {}

    @property
    def banner(self) -> str | None:
        return self._parser.banner

    @property
    def pending(self) -> int:
        """Actions that wait for an answer."""
        return 0 if self._down is not None else len(self.responses)

    # transport -> protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._down is not None:  # given up while the connection was being made
            self._drop_transport()
            return
        self.transport.set_write_buffer_limits(high=self._max_write_buffer)
        self._owner.opened()

    def data_received(self, data: bytes) -> None:
        if self._down is not None:
            return
        self.bytes_in += len(data)
        parser = self._parser
        counters = self._counters
        unwanted, nameless = parser.unwanted, parser.nameless
        on_event = self._owner.event
        messages = parser.feed(data)
        if self._stage is _Stage.BANNER and parser.banner is not None:
            self._say_hello(parser.banner)
        for message in messages:
            if not message.event:
                self._take_response(message)
            elif _LIST_MARK in message.raw:
                self._take_list_item(message)
            else:
                counters.events += 1
                try:
                    on_event(message)
                except Exception:
                    counters.handler_errors += 1
                    _log.exception("event handler failed on %s", message.event)
        counters.bytes_in += len(data)
        counters.unknown += parser.unwanted - unwanted
        counters.nameless += parser.nameless - nameless
        if parser.failure is not None:
            self.fail(_CAUSE_OF_FAULT[parser.failure.fault], parser.failure.detail)

    def pause_writing(self) -> None:
        """More unsent bytes than allowed: some hundred actions that nobody reads."""
        self.fail(Cause.PEER_NOT_READING, f"over {self._max_write_buffer} bytes unsent")

    def resume_writing(self) -> None:
        """Nothing to do: a paused connection has been given up."""

    def connection_lost(self, exc: Exception | None) -> None:
        self.fail(Cause.CLOSED, str(exc) if exc else "end of stream")

    # owner -> protocol

    def post(self, action: Action, *, complete_event: str | None = None) -> PendingAction:
        """Writes an action. With `complete_event` (may be "") the answer is a list.

        Raises UnsafeValue, and LinkLost when the connection is down.
        """
        if self._down is not None:
            raise LinkLost(action.name, self._down, sent=False)
        pending = PendingAction(action, complete_event=complete_event)
        data = action.encode(pending.action_key)
        if pending.action_key in self.responses:
            raise UnsafeValue("ActionID", "the same id is waiting for an answer")
        self.responses[pending.action_key] = pending
        self.transport.write(data)
        return pending

    def forget(self, pending: PendingAction) -> None:
        """The sender waits no longer; an answer that still comes is counted and dropped."""
        self.responses.pop(pending.action_key, None)
        pending.future.cancel()

    def fail(self, cause: Cause, detail: str) -> None:
        """Ends the connection, once."""
        if self._down is not None:
            return
        self._down = f"{cause.value} ({detail})" if detail else cause.value
        self._drop_transport()
        unanswered = list(self.responses.values())
        self.responses.clear()
        self._owner.down(cause, detail)
        for pending in unanswered:
            pending.refuse(LinkLost(pending.name, self._down, sent=True))

    def close(self) -> None:
        """panoramisk's own close would queue unanswered actions to be sent again."""
        self.fail(Cause.STOPPED, "")

    def send(self, data: Any, as_list: Any = False) -> Any:
        """panoramisk's own way to send writes unchecked values."""
        raise NotImplementedError("use post")

    # messages

    def _say_hello(self, banner: str) -> None:
        self.version = banner.rpartition("/")[2]
        if self._login.auth is AuthType.MD5:
            self._stage = _Stage.CHALLENGE
            self.post(Action.of("Challenge", AuthType="MD5"))
        else:
            self._stage = _Stage.LOGIN
            self._log_in(Secret=self._login.secret)

    def _log_in(self, **proof: str) -> None:
        self._stage = _Stage.LOGIN
        self.post(Action.of("Login", Username=self._login.username, Events="on", **proof))

    def _take_response(self, message: AmiMessage) -> None:
        pending = self.responses.get(message.get("ActionID"))
        if pending is None:
            self._counters.late_answers += 1
            _log.warning("answer to nothing we wait for: %s", message.get("Message")[:200])
        elif self._stage is not _Stage.READY:
            self.forget(pending)
            self._take_login_step(message)
        elif message.response not in _SUCCESS:
            del self.responses[pending.action_key]
            reason = message.get("Message") or message.response
            pending.refuse(ActionRefused(pending.name, reason))
        elif not pending.gathers:
            del self.responses[pending.action_key]
            pending.succeed([message])

    def _take_login_step(self, message: AmiMessage) -> None:
        refused = message.response not in _SUCCESS
        reason = message.get("Message")
        if self._stage is _Stage.CHALLENGE:
            if refused:
                self.fail(Cause.NOT_ACCEPTING, reason)
            else:
                text = message.get("Challenge") + self._login.secret
                key = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
                self._log_in(AuthType="MD5", Key=key)
        elif refused:
            self.fail(Cause.AUTH_FAILED, reason)
        else:
            self._stage = _Stage.READY
            self._owner.accepted()

    def _take_list_item(self, message: AmiMessage) -> None:
        pending = self.responses.get(message.get("ActionID"))
        if pending is None:
            self._counters.late_answers += 1
            return
        kind = message.get("EventList").lower()
        if kind == "complete" or message.event == pending.complete_event:
            del self.responses[pending.action_key]
            pending.succeed(pending.items_seen)
        elif kind == "cancelled" or len(pending.items_seen) >= MAX_LIST_ITEMS:
            del self.responses[pending.action_key]
            pending.refuse(ActionRefused(pending.name, kind or "list without end"))
        else:
            pending.items_seen.append(message)

    def _drop_transport(self) -> None:
        """A clean close when all is sent; otherwise cut, or it would wait for the peer for ever."""
        if self.closed:
            return
        self.closed = True
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()
