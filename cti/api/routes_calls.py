"""Calls, callbacks and spoken messages. A part of the route table."""

from __future__ import annotations

from typing import Final

from cti.api import callbacks, calls, messages
from cti.api.binding import Operation
from cti.api.message_schemas import MessageAnswer, MessagesAnswer, MessagesQuery
from cti.api.operation import V1, operation
from cti.api.schemas import (
    CallAnswer,
    CallbackCancelledAnswer,
    CallbacksAnswer,
    CallDetailAnswer,
    CallQuery,
    CallsAnswer,
    CallsQuery,
    FlowBody,
    TransferBody,
)
from cti.api.why import WhyAnswer, why_call

_MESSAGE: Final = f"{V1}/messages/{{message}}"

CALLS: Final[tuple[Operation, ...]] = (
    operation(
        "listCalls",
        "GET",
        f"{V1}/calls",
        "Calls, newest first, going on and over",
        calls.list_calls,
        CallsAnswer,
        503,
        query=CallsQuery,
    ),
    operation(
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
    operation(
        "whyCall",
        "GET",
        f"{V1}/calls/{{call}}/why",
        "Why each seat was chosen for a call",
        why_call,
        WhyAnswer,
        404,
        503,
        query=CallQuery,
    ),
    operation(
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
    operation(
        "transferCall",
        "POST",
        f"{V1}/calls/{{call}}/transfer",
        "Give the caller away to a queue, a seat, a number outside or a flow; the seat is free",
        calls.transfer,
        CallAnswer,
        404,
        409,
        503,
        body=TransferBody,
    ),
    operation(
        "listCallbacks",
        "GET",
        f"{V1}/callbacks",
        "Callbacks that are still to be made",
        callbacks.list_callbacks,
        CallbacksAnswer,
    ),
    operation(
        "cancelCallback",
        "POST",
        f"{V1}/callbacks/{{callback}}/cancel",
        "Do not make this callback",
        callbacks.cancel,
        CallbackCancelledAnswer,
        404,
        503,
    ),
    operation(
        "listMessages",
        "GET",
        f"{V1}/messages",
        "Spoken messages, newest first",
        messages.list_messages,
        MessagesAnswer,
        503,
        query=MessagesQuery,
    ),
    operation(
        "getMessage",
        "GET",
        _MESSAGE,
        "One spoken message",
        messages.get_message,
        MessageAnswer,
        404,
        503,
    ),
    operation(
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
    operation(
        "messageHeard",
        "POST",
        f"{_MESSAGE}/heard",
        "Somebody has heard it",
        messages.message_heard,
        MessageAnswer,
        404,
        503,
    ),
    operation(
        "messageDone",
        "POST",
        f"{_MESSAGE}/done",
        "It has been dealt with",
        messages.message_done,
        MessageAnswer,
        404,
        503,
    ),
)
