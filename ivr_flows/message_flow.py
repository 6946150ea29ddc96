"""The flow of a waiting caller whom their queue's rule asks for a message. Pure.

message --left--> good-bye
   '--cancelled, or nothing was said--> back to the place in line
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ivr_flows.model import Flow, FlowBook
from ivr_flows.steps import GOODBYE, Hangup, Message, Return

MESSAGE_FLOW: Final = "sent-message"
"""Of every book that `with_message_flow` makes; a flow of the site by this name is not meant."""


def with_message_flow(book: FlowBook, box: str) -> FlowBook:
    """`book`, and the flow that asks for a message to `box`, in all languages of its flows."""
    languages = dict.fromkeys(tag for flow in book.flows.values() for tag in flow.languages)
    flow = Flow(
        id=MESSAGE_FLOW,
        languages=tuple(languages),
        start="message",
        steps={
            "message": Message(id="message", box=box, next="goodbye", otherwise="back"),
            "goodbye": Hangup(id="goodbye", say=GOODBYE),
            "back": Return(id="back"),
        },
    )
    return replace(book, flows={**book.flows, MESSAGE_FLOW: flow})
