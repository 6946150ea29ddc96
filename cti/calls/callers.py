"""The caller's channel: arrival, menu, waiting, and the end of the call."""

from __future__ import annotations

from typing import Final

from cti.calls import recovery
from cti.calls.book import Book, Outcome
from cti.calls.call import Call
from cti.calls.callback_ring import arrived, call_of
from cti.calls.endings import outcome_of
from cti.calls.legs import SeatLegs
from cti.effects import KeepOnChannel
from cti.facts import (
    AgiCommandEnded,
    CallAbandoned,
    CallArrived,
    CallbackAsked,
    CallbackReached,
    CallbackRefused,
    CallEnded,
    CallPhase,
    CallQueued,
    ChannelCreated,
    ChannelHangupAsked,
    Fact,
    FlowMarked,
    FlowStepsTaken,
    FlowStepTaken,
    MenuKeyTaken,
    OverflowTarget,
    PersonAsked,
    PromptEnded,
    WaitEnded,
    WaitKeyTaken,
    WaitOverflowed,
    WaitResumed,
    WaitSentOn,
)
from cti.ids import CallId, QueueId, SeatId

_WHILE_WAITING: Final = frozenset(
    {"menu-key", "language", "queued", "flow-ended", "message-left", "callback-asked"}
    | {"wait-key", "wait-sent", "wait-again"}
)
"""Marks of a caller who waits, from the waiting room itself or from a menu they stepped aside into.
Who asks for a person there, or hears another prompt, has been waiting since before."""
_AFTER_THE_TALK: Final = frozenset({"menu-key", "language", "message-left", "callback-asked"})
"""Marks of a survey's session."""


class Callers:
    """What happens to the calls in `book`; their seats' legs are in `legs`."""

    def __init__(self, book: Book, legs: SeatLegs) -> None:
        self._book = book
        self._legs = legs

    def arrive(self, fact: ChannelCreated) -> Fact:
        call = Call(
            id=CallId(fact.channel),
            hotline=fact.exten,
            channel_name=fact.name,
            caller_number=fact.caller_number,
            caller_name=fact.caller_name,
            phase=CallPhase.MENU,
            arrived_at=fact.at,
        )
        self._book.calls[call.id] = call
        return CallArrived(
            at=fact.at,
            call=call.id,
            hotline=call.hotline,
            caller_number=call.caller_number,
            caller_name=call.caller_name,
        )

    def called_back(self, fact: CallbackReached) -> Outcome:
        """A customer whom we rang waits as a caller does; one that a snapshot shows is known."""
        if fact.customer not in self._book.calls:
            call = self._book.calls[fact.customer] = call_of(fact)
            yield arrived(fact)
            yield queued(call, fact.at)
            yield KeepOnChannel(channel=call.channel, variables=recovery.clocks_to_keep(call))

    def agi_command_ended(self, fact: AgiCommandEnded) -> Outcome:
        call = self._book.calls.get(CallId(fact.channel))
        if call is not None and not fact.command.upper().startswith("EXEC USEREVENT"):
            call.command_ended_at = fact.at
            if fact.command.upper().startswith("STREAM FILE"):
                call.prompt_sound_ended_at = fact.at
        yield from ()

    def flow_marked(self, fact: FlowMarked) -> Outcome:
        call = self._book.calls.get(CallId(fact.channel))
        if call is None:
            return
        if _fits(call, fact.mark):
            yield from self._marked(call, fact)
        if fact.get("Path"):
            yield from _steps_taken(call, fact)

    def _marked(self, call: Call, fact: FlowMarked) -> Outcome:
        match fact.mark:
            case "menu-key":
                yield MenuKeyTaken(
                    at=call.command_ended_at or fact.at,
                    call=call.id,
                    flow=fact.get("Flow"),
                    step=fact.get("Step"),
                    key=fact.get("Key"),
                )
            case "language":
                call.language = fact.get("Language")
            case "person-asked":
                call.asked_at = call.command_ended_at or fact.at
                yield PersonAsked(at=call.asked_at, call=call.id, queue=QueueId(fact.get("Queue")))
            case "prompt-ended":
                call.prompt_ended_at = call.prompt_sound_ended_at or fact.at
                yield PromptEnded(at=call.prompt_ended_at, call=call.id, prompt=fact.get("Prompt"))
                # Before the call is queued: who waits has its clocks on the channel from the start.
                yield KeepOnChannel(channel=call.channel, variables=recovery.clocks_to_keep(call))
            case "queued" if call.phase is CallPhase.WAITING:
                yield from self._move(call, fact)
            case "queued":
                yield from self.queue(call, fact)
            case "flow-ended" if call.ended_by == "unknown":
                call.ended_by = "flow"
            case _:
                yield from self._instead_of_waiting(call, fact)

    def _instead_of_waiting(self, call: Call, fact: FlowMarked) -> Outcome:
        match fact.mark:
            case "wait-key":
                call.aside = True
                yield WaitKeyTaken(at=fact.at, call=call.id, key=fact.get("Key"))
            case "wait-sent":
                to, target = overflow_target(fact.get("To")), fact.get("Target")
                yield from self.sent_on(call, fact.at, to, target)
            case "wait-again":
                yield from self.is_back(call, fact.at)
            case "message-left":
                call.message_left = True
                yield KeepOnChannel(channel=call.channel, variables=recovery.in_hand(call))
            case "callback-asked":
                yield self._callback_asked(call, fact)
                yield KeepOnChannel(channel=call.channel, variables=recovery.in_hand(call))

    def queue(self, call: Call, fact: FlowMarked) -> Outcome:
        call.go(CallPhase.WAITING, "queued by the menu")
        call.queue = QueueId(fact.get("Queue"))
        call.priority = recovery.priority_of(fact.get("Priority"))
        call.skills = recovery.skills_of(fact.get("Skills"))
        call.customer_class = fact.get("Class")
        call.wanted_seat = SeatId(fact.get("Wanted"))
        call.language = fact.get("Language") or call.language
        call.queued_at = fact.at
        call.aside = call.sent_on = False
        call.asked_at = call.asked_at or fact.at
        call.prompt_ended_at = call.prompt_ended_at or fact.at
        yield queued(call, fact.at)
        if call.hangup_asked_at:
            yield from self.abandon(call, fact.at)
        else:
            yield KeepOnChannel(channel=call.channel, variables=recovery.clocks_to_keep(call))

    def _move(self, call: Call, fact: FlowMarked) -> Outcome:
        """A menu sends a waiting caller to a queue: news only when it is another one, or another
        priority or other skills. The time they have waited goes with them."""
        queue = QueueId(fact.get("Queue")) or call.queue
        priority = recovery.priority_of(fact.get("Priority"))
        call.language = fact.get("Language") or call.language
        skills = recovery.skills_of(fact.get("Skills"))
        if (queue, priority, skills) != (call.queue, call.priority, call.skills):
            call.queue, call.priority, call.skills = queue, priority, skills
            yield queued(call, fact.at)

    def overflowed(self, fact: WaitOverflowed) -> Outcome:
        """Into another queue, by a rule; the caller hears nothing of it."""
        call = self._book.calls.get(fact.call)
        if call is None or fact.to != "queue" or call.phase is not CallPhase.WAITING:
            return
        call.queue = QueueId(fact.target)
        yield KeepOnChannel(channel=call.channel, variables=(("CTI_QUEUE", fact.target),))

    def sent_on(self, call: Call, at: int, to: OverflowTarget, target: str) -> Outcome:
        """Out of the waiting room, where the queue's rule says."""
        call.aside = call.sent_on = True
        yield WaitSentOn(at=at, call=call.id, to=to, target=target)

    def is_back(self, call: Call, at: int) -> Outcome:
        """From the menu to the waiting room, at the place they had."""
        if call.phase is CallPhase.WAITING and call.aside:
            sent_on, call.aside, call.sent_on = call.sent_on, False, False
            yield WaitResumed(at=at, call=call.id, sent_on=sent_on)

    def _callback_asked(self, call: Call, fact: FlowMarked) -> Fact:
        call.callback_asked = True
        return CallbackAsked(
            at=fact.at,
            call=call.id,
            queue=QueueId(fact.get("Queue")) or call.queue,
            number=fact.get("Number"),
            hotline=call.hotline,
            language=call.language,
            priority=call.priority,
            since=call.queued_at or fact.at,
            skills=call.skills,
        )

    def callback_refused(self, fact: CallbackRefused) -> Outcome:
        call = self._book.calls.get(fact.call) if fact.call else None
        if call is not None:
            call.callback_asked = False
            yield KeepOnChannel(channel=call.channel, variables=recovery.in_hand(call))

    def hangup_asked(self, call: Call, fact: ChannelHangupAsked) -> Outcome:
        call.hangup_asked_at = call.hangup_asked_at or fact.at
        if call.ended_by == "unknown":
            call.ended_by = "caller"
        yield from self.abandon(call, fact.at)

    def abandon(self, call: Call, at: int) -> Outcome:
        """The caller gave up: nobody is rung for a caller who has gone."""
        if call.phase is not CallPhase.WAITING:
            return
        wait_us = call.wait_until(at)
        outcome = call.in_hand or ("turned-away" if call.turned_away else "")
        if outcome:
            call.go(CallPhase.ENDED, f"the caller did not wait on: {outcome}")
            yield WaitEnded(at=at, call=call.id, queue=call.queue, outcome=outcome, wait_us=wait_us)
        else:
            call.go(CallPhase.ENDED, "the caller gave up")
            yield CallAbandoned(at=at, call=call.id, queue=call.queue, wait_us=wait_us)
        yield from self._legs.cancel_all(call, "caller-gone")

    def end(self, call: Call, at: int, cause: int) -> Outcome:
        was = call.phase
        yield from self.abandon(call, call.hangup_asked_at or at)
        if call.phase is not CallPhase.ENDED:
            call.go(CallPhase.ENDED, "the caller's channel is gone")
        waited = was is CallPhase.WAITING or (was is CallPhase.ENDED and not call.answered)
        if call.outside is not None:
            waited = waited or call.outside.before is CallPhase.WAITING
        del self._book.calls[call.id]
        yield CallEnded(
            at=at,
            call=call.id,
            outcome=outcome_of(call, waited=waited),
            ended_by=call.ended_by,
            cause=cause,
            total_us=max(0, at - call.arrived_at),
        )


def _steps_taken(call: Call, fact: FlowMarked) -> Outcome:
    """`flow/step/way+flow/step/way`, as the menu session writes it."""
    parts = (one.split("/") for one in fact.get("Path").split("+"))
    steps = tuple(FlowStepTaken(flow=p[0], step=p[1], way=p[2]) for p in parts if len(p) == 3)
    if steps:
        yield FlowStepsTaken(at=call.command_ended_at or fact.at, call=call.id, steps=steps)


def overflow_target(text: str) -> OverflowTarget:
    """As the dialplan tells it; a flow, should it tell anything else."""
    known: dict[str, OverflowTarget] = {"outside": "outside", "message": "message"}
    return known.get(text, "flow")


def _fits(call: Call, mark: str) -> bool:
    if call.phase is CallPhase.WAITING:
        return mark in _WHILE_WAITING
    if call.phase is CallPhase.AFTER:
        return mark in _AFTER_THE_TALK
    if call.phase is CallPhase.IN_FLOW:
        return mark != "queued"  # see `visits.py`
    return call.phase is CallPhase.MENU


def queued(call: Call, at: int) -> CallQueued:
    given = call.transfer
    return CallQueued(
        at=at,
        call=call.id,
        queue=call.queue,
        priority=call.priority,
        skills=call.skills,
        customer_class=call.customer_class,
        wanted_seat=call.wanted_seat,
        language=call.language,
        arrived_at=call.arrived_at,
        asked_at=call.asked_at,
        prompt_ended_at=call.prompt_ended_at,
        channel_name=call.channel_name,
        caller_number=call.caller_number,
        caller_name=call.caller_name,
        queued_at=call.queued_at,
        transferred_by=given.seat if given is not None and given.begun else SeatId(""),
    )
