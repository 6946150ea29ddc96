"""The route table: every operation, once. The server, the OpenAPI document, the human page and the
tests all read it; who may use what stands in `cti.api.access`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

from pydantic import BaseModel

from cti.api import callbacks, calls, describe, events, messages, notices, people, seats, status
from cti.api.access import ACCESS, Door
from cti.api.binding import Answer, Ask, Operation
from cti.api.message_schemas import MessageAnswer, MessagesAnswer, MessagesQuery
from cti.api.schemas import (
    AliveAnswer,
    CallAnswer,
    CallbackCancelledAnswer,
    CallbacksAnswer,
    CallDetailAnswer,
    CallQuery,
    CallsAnswer,
    CallsQuery,
    FlowBody,
    LoginBody,
    MeAnswer,
    NoBody,
    NoQuery,
    NoticeAnswer,
    NoticeBody,
    NoticesAnswer,
    PauseBody,
    QueuesAnswer,
    ReadyAnswer,
    SeatAnswer,
    SeatsAnswer,
    TokenAnswer,
)

V1: Final = "/api/v1"
_ALWAYS: Final = frozenset({400, 421, 500})


def _operation(  # noqa: PLR0917 - a row of the table reads best without keywords
    name: str,
    method: Literal["GET", "POST"],
    path: str,
    summary: str,
    handler: Callable[[Ask[Any, Any]], Awaitable[Answer]],
    answer: type[BaseModel] | str,
    *problems: int,
    query: type[BaseModel] = NoQuery,
    body: type[BaseModel] = NoBody,
    own_token: bool = False,
) -> Operation:
    access = ACCESS[name]
    expected = _ALWAYS | {413, 415} | set(problems)
    if access is Door.LOOPBACK:
        expected |= {403}
    elif access is not Door.OPEN:
        expected |= {401, 403}
    return Operation(
        name=name,
        method=method,
        path=path,
        summary=summary,
        handler=handler,
        query=query,
        body=body,
        answer=answer,
        problems=frozenset(expected),
        own_token=own_token,
        in_parts=416 in problems,
    )


_SEAT: Final = f"{V1}/seats/{{seat}}"
_MESSAGE: Final = f"{V1}/messages/{{message}}"

OPERATIONS: Final[tuple[Operation, ...]] = (
    _operation(
        "login",
        "POST",
        f"{V1}/login",
        "A name and a password for an access token",
        people.login,
        TokenAnswer,
        401,
        429,
        503,
        body=LoginBody,
    ),
    _operation(
        "renewToken",
        "POST",
        f"{V1}/token/renew",
        "A fresh token before the old one expires",
        people.renew,
        TokenAnswer,
        503,
    ),
    _operation("me", "GET", f"{V1}/me", "Who the token says I am", people.me, MeAnswer),
    _operation(
        "listCalls",
        "GET",
        f"{V1}/calls",
        "Calls, newest first, going on and over",
        calls.list_calls,
        CallsAnswer,
        503,
        query=CallsQuery,
    ),
    _operation(
        "getCall",
        "GET",
        f"{V1}/calls/{{call}}",
        "One call with its time line",
        calls.get_call,
        CallDetailAnswer,
        404,
        503,
        query=CallQuery,
    ),
    _operation(
        "sendToFlow",
        "POST",
        f"{V1}/calls/{{call}}/flow",
        "Send the caller to a flow; they come back to the seat",
        calls.send_to_flow,
        CallAnswer,
        404,
        409,
        503,
        body=FlowBody,
    ),
    _operation("listSeats", "GET", f"{V1}/seats", "All seats", seats.list_seats, SeatsAnswer),
    _operation("getSeat", "GET", _SEAT, "One seat", seats.get_seat, SeatAnswer, 404),
    _operation(
        "signOn",
        "POST",
        f"{_SEAT}/sign-on",
        "Begin to work",
        seats.sign_on,
        SeatAnswer,
        404,
        409,
        503,
    ),
    _operation(
        "signOff",
        "POST",
        f"{_SEAT}/sign-off",
        "Stop to work; during a call: after it",
        seats.sign_off,
        SeatAnswer,
        404,
        409,
        503,
    ),
    _operation(
        "ready", "POST", f"{_SEAT}/ready", "Take calls", seats.ready, SeatAnswer, 404, 409, 503
    ),
    _operation(
        "pause",
        "POST",
        f"{_SEAT}/pause",
        "Take no calls; during a call: after it",
        seats.pause,
        SeatAnswer,
        404,
        409,
        503,
        body=PauseBody,
    ),
    _operation(
        "listCallbacks",
        "GET",
        f"{V1}/callbacks",
        "Callbacks that are still to be made",
        callbacks.list_callbacks,
        CallbacksAnswer,
    ),
    _operation(
        "cancelCallback",
        "POST",
        f"{V1}/callbacks/{{callback}}/cancel",
        "Do not make this callback",
        callbacks.cancel,
        CallbackCancelledAnswer,
        404,
        503,
    ),
    _operation(
        "listNotices",
        "GET",
        f"{V1}/notices",
        "Announcements, those that callers hear first",
        notices.list_notices,
        NoticesAnswer,
    ),
    _operation(
        "writeNotice",
        "POST",
        f"{V1}/notices/{{notice}}",
        "Create or change an announcement",
        notices.write,
        NoticeAnswer,
        409,
        503,
        body=NoticeBody,
    ),
    _operation(
        "switchNoticeOn",
        "POST",
        f"{V1}/notices/{{notice}}/on",
        "Let callers hear it, from the next one on",
        notices.switch_on,
        NoticeAnswer,
        404,
        409,
        503,
    ),
    _operation(
        "switchNoticeOff",
        "POST",
        f"{V1}/notices/{{notice}}/off",
        "Let nobody hear it any more",
        notices.switch_off,
        NoticeAnswer,
        404,
        409,
        503,
    ),
    _operation(
        "removeNotice",
        "POST",
        f"{V1}/notices/{{notice}}/remove",
        "Take it off the board for good",
        notices.remove,
        NoticeAnswer,
        404,
        503,
    ),
    _operation("listQueues", "GET", f"{V1}/queues", "All queues", seats.list_queues, QueuesAnswer),
    _operation(
        "listMessages",
        "GET",
        f"{V1}/messages",
        "Spoken messages, newest first",
        messages.list_messages,
        MessagesAnswer,
        503,
        query=MessagesQuery,
    ),
    _operation(
        "getMessage",
        "GET",
        _MESSAGE,
        "One spoken message",
        messages.get_message,
        MessageAnswer,
        404,
        503,
    ),
    _operation(
        "messageAudio",
        "GET",
        f"{_MESSAGE}/audio",
        "Its sound; that you hear it is written down",
        messages.message_audio,
        messages.MEDIA_TYPE,
        404,
        416,
        503,
    ),
    _operation(
        "messageHeard",
        "POST",
        f"{_MESSAGE}/heard",
        "Somebody has heard it",
        messages.message_heard,
        MessageAnswer,
        404,
        503,
    ),
    _operation(
        "messageDone",
        "POST",
        f"{_MESSAGE}/done",
        "It has been dealt with",
        messages.message_done,
        MessageAnswer,
        404,
        503,
    ),
    _operation(
        "events",
        "GET",
        f"{V1}/events",
        "Live facts (WebSocket)",
        events.events,
        "websocket",
        401,
        403,
        426,
        429,
        own_token=True,
    ),
    _operation(
        "openapi",
        "GET",
        f"{V1}/openapi.json",
        "This API as an OpenAPI 3.1 document",
        describe.document,
        "application/json",
    ),
    _operation("page", "GET", "/api", "This API for people", describe.page, "text/html"),
    _operation("healthz", "GET", "/healthz", "Is the process alive", status.healthz, AliveAnswer),
    _operation("readyz", "GET", "/readyz", "Can it take calls", status.readyz, ReadyAnswer, 503),
    _operation(
        "metrics", "GET", "/metrics", "Figures for Prometheus", status.metrics, "text/plain"
    ),
)
