"""Speaks a flow with one caller: the interpreter's turns become AGI commands.

The place in the flow is kept on the channel before each action. When this daemon is killed the
dialplan calls again, and the caller goes on in the step they were in. A caller who comes back from
the waiting room with a key, or from an outside number that did not answer, goes on likewise.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

import structlog

from cti.agi.caller import PERSON_ASKED, Caller
from cti.agi.equipment import Equipment, Hotline
from cti.agi.errors import CallerGone, HotlineUnknown, UnsafeValue
from cti.agi.session import KEYS, AgiSession
from ivr_flows import interpreter
from ivr_flows.actions import (
    AskDigits,
    AskKey,
    BackToLine,
    BackToSeat,
    Clip,
    DialOutside,
    DropMessage,
    EndCall,
    Found,
    HandToQueue,
    KeepMessage,
    KeyPressed,
    LookUpFailed,
    LookUpNow,
    MessageRecorded,
    NoKey,
    NotFound,
    NotReached,
    Outcome,
    RecordMessage,
    Speak,
    Turn,
)
from ivr_flows.errors import StateUnreadable
from ivr_flows.message_flow import with_message_flow
from ivr_flows.model import FlowBook
from ivr_flows.state import SENT, STAGES, FlowState
from ivr_flows.world import World
from service_desk.lookups import LookupFound, LookupNotFound, LookupRequest, Secret

log = structlog.get_logger(__name__)

FLOW_STATE: Final = "CTI_FLOW_STATE"
BEEP: Final = (Clip("beep"),)
SOON_S: Final = 0.7
"""An answer within this time needs no "one moment, please"."""
BOOKS_KEPT: Final = 10_000
"""Calls whose flows are remembered while they wait or talk."""
SHORTEST_MESSAGE_S: Final = 0.5
Asking = Speak | AskKey | AskDigits | LookUpNow | RecordMessage | KeepMessage | DropMessage
_CALL_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)
_NUMBER: Final = re.compile(r"\+?[0-9]{2,20}", re.ASCII)
_NOT_REACHED: Final[dict[str, Literal["busy", "no-answer", "failed"]]] = {
    "busy": "busy",
    "no-answer": "no-answer",
}


class Conversations:
    """Runs the flows of the hotlines. `hold` is what `AgiServer` calls; `current` gives the flows
    as they are now. A call keeps those that it began with."""

    def __init__(self, equipment: Equipment, current: Callable[[], FlowBook]) -> None:
        self._equipment = equipment
        self._current = current
        self._books: OrderedDict[str, FlowBook] = OrderedDict()

    async def hold(self, session: AgiSession) -> None:
        """Speak with one caller until the session ends. Raises AgiError; CallerGone is usual."""
        call = await session.get_variable("CTI_CALL") or session.uniqueid
        if _CALL_ID.fullmatch(call) is None:
            raise UnsafeValue("CTI_CALL", "not a call id")
        number = await session.get_variable("CTI_HOTLINE")
        number = number or session.headers.get("agi_extension", "")
        hotline = self._equipment.hotlines.get(number)
        if hotline is None:
            raise HotlineUnknown(number[:32])
        book = self._books.get(call) or self._current()
        beginning = _Beginning(
            session, call, hotline, book, self._equipment.world, current=self._current
        )
        turn = await beginning.turn()
        self._remember(call, beginning.book)
        caller = Caller(session, call, self._equipment.sounds)
        await _Doing(caller, beginning.book, self._equipment).until_it_ends(turn)

    def _remember(self, call: str, book: FlowBook) -> None:
        self._books[call] = book
        self._books.move_to_end(call)
        while len(self._books) > BOOKS_KEPT:
            self._books.popitem(last=False)


class _Beginning:
    """Finds out where a caller is who comes to the menu."""

    def __init__(
        self,
        session: AgiSession,
        call: str,
        hotline: Hotline,
        book: FlowBook,
        world: Callable[[], World],
        *,
        current: Callable[[], FlowBook],
    ) -> None:
        self._session = session
        self._call = call
        self._hotline = hotline
        self.book = book
        """The flows of this call."""
        self._current = current
        self._world = world

    async def turn(self) -> Turn:
        session = self._session
        kept = await session.get_variable(FLOW_STATE)
        stage = await session.get_variable("CTI_STAGE") or ""
        box = await session.get_variable("CTI_BOX") if stage == SENT else ""
        if box:
            self.book = with_message_flow(self.book, box)
        if not kept:
            return await self._start(stage)
        outcome = await self._brought_along()
        try:
            state = interpreter.recall(FlowState.from_text(kept), self._context())
            if await session.get_variable(PERSON_ASKED) == "1":
                state = replace(state, person_asked=True)
            if outcome is not None:
                turn = interpreter.resume(self.book, state, outcome, self._world())
            else:
                turn = interpreter.take_up(self.book, state, self._world())
        except StateUnreadable as unreadable:
            log.warning("menu started again", call=self._call, why=unreadable.why)
            return await self._start(stage)
        log.info("menu taken up again", call=self._call, flow=state.flow, step=state.step)
        return turn

    async def _brought_along(self) -> Outcome | None:
        """What happened where the caller comes from; read once."""
        session = self._session
        key = await session.get_variable("CTI_WAIT_KEY")
        if key:
            await session.set_variable("CTI_WAIT_KEY", "")
            return KeyPressed(key[:1])
        dialled = await session.get_variable("CTI_DIALLED")
        if dialled:
            await session.set_variable("CTI_DIALLED", "")
            return NotReached(_NOT_REACHED.get(dialled, "failed"))
        return None

    async def _start(self, stage: str) -> Turn:
        session, hotline = self._session, self._hotline
        flow, language = hotline.flow, hotline.language
        if stage in STAGES and stage:
            language = await session.get_variable("CTI_LANG") or language
            named = await session.get_variable("CTI_FLOW") or ""
            flow = hotline.after_call if stage == "after" else named
        else:
            stage = ""
        if flow not in self.book.flows:
            # Written since the call began: a seat may send its caller there.
            self.book = self._current()
        context = replace(self._context(), language=language, stage=stage)
        return interpreter.start(self.book, flow, context, self._world())

    def _context(self) -> interpreter.Context:
        number = self._session.headers.get("agi_callerid", "")
        values = {
            # A stranger sends it: only what is a number is one.
            "caller": number if _NUMBER.fullmatch(number) else "",
            "hotline": self._hotline.number,
        }
        return interpreter.Context(self._hotline.language, values=values)


class _Doing:
    """Does one turn's action after the other, until one ends the session."""

    def __init__(self, caller: Caller, book: FlowBook, equipment: Equipment) -> None:
        self._caller = caller
        self._session = caller.session
        self._book = book
        self._equipment = equipment
        self._recordings = 0

    async def until_it_ends(self, turn: Turn) -> None:
        kept = ""
        while True:
            await self._caller.announce(turn.marks)
            state = turn.state.to_text()
            if state != kept:
                await self._session.set_variable(FLOW_STATE, state)
                kept = state
            outcome = await self._do(turn)
            if outcome is None:
                return
            turn = interpreter.resume(self._book, turn.state, outcome, self._equipment.world())

    async def _do(self, turn: Turn) -> Outcome | None:
        """Do the turn's action; None when the session has ended."""
        language = turn.state.language
        match turn.action:
            case DialOutside() as dial:
                await self._dial(dial, language)
            case HandToQueue() as hand:
                await self._hand_to_queue(hand, language)
            case BackToSeat():
                await self._next("seat")
            case BackToLine():
                await self._next("queue")
            case EndCall() as end:
                await self._end(end, language)
            case action:
                return await self._ask(action, language)
        return None

    async def _ask(self, action: Asking, language: str) -> Outcome:
        caller = self._caller
        outcome: Outcome = NoKey()
        match action:
            case Speak(utterance=utterance, barge_in=barge_in):
                outcome = _key(await caller.say(utterance, language, barge_in=barge_in))
            case AskKey(utterance=utterance, barge_in=barge_in, wait_s=wait_s):
                key = await caller.say(utterance, language, barge_in=barge_in)
                outcome = _key(key or await self._session.wait_for_digit(wait_s))
            case AskDigits():
                outcome = await caller.digits(action, language)
            case LookUpNow():
                outcome = await self._look_up(action, language)
            case RecordMessage():
                outcome = await self._record(action, language)
            case KeepMessage():
                outcome = await self._keep(action, language)
            case DropMessage(file=file):
                await asyncio.to_thread(self._spooled(file).unlink, missing_ok=True)
        return outcome

    async def _end(self, end: EndCall, language: str) -> None:
        await self._caller.say_to_the_end(end.utterance, language)
        await self._session.set_variable("CTI_NEXT", "hangup")
        await self._caller.mark("flow-ended", Outcome="hangup")
        await self._session.set_variable(FLOW_STATE, "")
        log.info("menu ended", call=self._caller.call, outcome="hangup")

    async def _next(self, where: str) -> None:
        await self._session.set_variable("CTI_NEXT", where)
        await self._session.set_variable(FLOW_STATE, "")
        log.info("menu ended", call=self._caller.call, outcome=where)

    # ------------------------------------------------------------------------------- look-ups

    async def _look_up(self, look: LookUpNow, language: str) -> Outcome:
        request = LookupRequest(
            service=look.service,
            path=look.path,
            query=look.query,
            wanted=look.wanted,
            timeout_s=look.timeout_s,
            pin=Secret(look.pin) if look.pin else None,
        )
        task = asyncio.create_task(
            self._equipment.lookups.look_up(request), name=f"look-up {self._caller.call}"
        )
        try:
            done, _ = await asyncio.wait((task,), timeout=SOON_S)
            if not done:
                await self._caller.say(look.meanwhile, language, barge_in=False)
            answer = await task
        finally:
            task.cancel()
        match answer:
            case LookupFound(values=values):
                return Found(values)
            case LookupNotFound():
                return NotFound()
            case failed:
                log.warning(
                    "look-up failed",
                    call=self._caller.call,
                    service=look.service,
                    why=failed.reason,
                )
                return LookUpFailed(failed.reason)

    # ------------------------------------------------------------------------------- messages

    async def _record(self, record: RecordMessage, language: str) -> Outcome:
        caller = self._caller
        await caller.say(record.utterance, language, barge_in=True)
        await caller.say(BEEP, language, barge_in=False)
        self._recordings += 1
        # The name alone tells whose it is: a caller who hangs up now has left it, and a daemon
        # that dies now finds it in the spool.
        stem = f"msg--{caller.call}--{record.box}--{self._recordings}"
        path = f"{self._equipment.spool_in_asterisk}/{stem}"
        recorded = await self._session.record_file(
            path, escape="#", most_s=record.most_s, silence_s=record.silence_s
        )
        if recorded.hung_up:
            raise CallerGone("hung up while leaving a message")
        file = f"{stem}.wav"
        if not recorded.written:
            log.error("message not recorded", call=caller.call, file=file)
            return NoKey()
        if recorded.seconds < SHORTEST_MESSAGE_S:
            await asyncio.to_thread(self._spooled(file).unlink, missing_ok=True)
            return NoKey()
        return MessageRecorded(file, recorded.seconds)

    async def _keep(self, keep: KeepMessage, language: str) -> Outcome:
        await self._caller.mark(
            "message-left", Box=keep.box, File=keep.file, Seconds=f"{keep.seconds:.2f}"
        )
        return _key(await self._caller.say(keep.utterance, language, barge_in=True))

    def _spooled(self, file: str) -> Path:
        return self._equipment.spool / Path(file).name

    # ------------------------------------------------------------------------------- handing on

    async def _dial(self, dial: DialOutside, language: str) -> None:
        await self._caller.say_to_the_end(dial.utterance, language)
        await self._session.set_variable("CTI_OUTSIDE", dial.target)
        await self._session.set_variable("CTI_NEXT", "outside")
        log.info("menu ended", call=self._caller.call, outcome="outside", target=dial.target)

    async def _hand_to_queue(self, hand: HandToQueue, language: str) -> None:
        session, caller = self._session, self._caller
        await caller.say_to_the_end(hand.utterance, language)
        priority = str(hand.priority)
        headers = {"Priority": priority, "Language": language}
        # Without a queue of its own the caller goes to the site's first one.
        if hand.queue:
            headers["Queue"] = hand.queue
        if hand.skills:
            headers["Skills"] = "+".join(hand.skills)
        await session.set_variable("CTI_QUEUE", hand.queue)
        await session.set_variable("CTI_PRIORITY", priority)
        await session.set_variable("CTI_SKILLS", "+".join(hand.skills))
        for header, variable, value in (
            ("Class", "CTI_CLASS", hand.customer_class),
            ("Wanted", "CTI_WANTED", hand.wanted_seat),
        ):
            await session.set_variable(variable, value)
            if value:
                headers[header] = value
        await session.set_variable("CTI_LANG", language)
        before = await session.get_variable("CTI_OFFERS") or ""
        if hand.offers or before:
            for key in sorted({*before, *hand.offers} & set(KEYS[:10])):
                await session.set_variable(f"CTI_OFFER_{key}", "1" if key in hand.offers else "")
            offer = await caller.sounds_of(hand.offer, language)
            await session.set_variable("CTI_OFFER_SAY", offer)
            await session.set_variable("CTI_OFFERS", hand.offers)
        # Whoever hears of a queued caller finds all of it on the channel. CTI_NEXT comes last: a
        # session that fails before it is taken up again in this step, so no caller can come to the
        # waiting room untold. The place in the flow stays: a key may bring the caller back.
        if not hand.again:
            await caller.mark("queued", **headers)
        await session.set_variable("CTI_NEXT", "queue")
        if not hand.offers:
            await session.set_variable(FLOW_STATE, "")
        log.info("menu ended", call=caller.call, outcome="queue", queue=hand.queue)


def _key(key: str | None) -> Outcome:
    return NoKey() if key is None else KeyPressed(key)
