"""Speaks a flow with one caller: the interpreter's turns become AGI commands.

Milestones travel as user events through Asterisk, so that one ordered stream with one clock tells
the whole call. A mark stands right behind the command it belongs to; variables that carry the
same news follow it, because any other command in between would move the mark's time.

The place in the flow is kept on the channel before each action. When this daemon is killed the
dialplan calls again, and the caller goes on in the step they were in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import structlog

from cti.agi.errors import HotlineUnknown, SoundRefused, UnsafeValue
from cti.agi.session import KEYS, AgiSession
from ivr_flows import interpreter
from ivr_flows.actions import (
    AskKey,
    EndCall,
    HandToQueue,
    KeyPressed,
    KeyTaken,
    LanguageChosen,
    Mark,
    NoKey,
    Outcome,
    PersonAsked,
    PlayPrompt,
    Turn,
)
from ivr_flows.errors import PromptMissing, StateUnreadable
from ivr_flows.model import Flow
from ivr_flows.prompt_library import PromptLibrary
from ivr_flows.state import FlowState

log = structlog.get_logger(__name__)

EVENT: Final = "CTI"
FLOW_STATE: Final = "CTI_FLOW_STATE"
PERSON_ASKED: Final = "CTI_PERSON_ASKED"
_CALL_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class HotlineFlow:
    """What a caller of one number hears."""

    flow: Flow
    language: str


@dataclass(frozen=True, slots=True)
class _Caller:
    session: AgiSession
    call: str
    flow: Flow

    async def mark(self, mark: str, **headers: str) -> None:
        await self.session.tell(EVENT, {"Mark": mark, "Call": self.call, **headers})


class Conversations:
    """Runs the flows of `hotlines` (by number). `hold` is what `AgiServer` calls."""

    def __init__(self, hotlines: Mapping[str, HotlineFlow], prompts: PromptLibrary) -> None:
        self._hotlines = dict(hotlines)
        self._prompts = prompts

    async def hold(self, session: AgiSession) -> None:
        """Speak with one caller until the flow ends. Raises AgiError; CallerGone is usual."""
        call = await session.get_variable("CTI_CALL") or session.uniqueid
        if _CALL_ID.fullmatch(call) is None:
            raise UnsafeValue("CTI_CALL", "not a call id")
        number = await session.get_variable("CTI_HOTLINE")
        number = number or session.headers.get("agi_extension", "")
        hotline = self._hotlines.get(number)
        if hotline is None:
            raise HotlineUnknown(number[:32])
        turn = await self._begin(session, call, hotline)
        caller = _Caller(session, call, hotline.flow)
        kept = ""
        while True:
            await self._announce(caller, turn.marks)
            state = turn.state.to_text()
            if state != kept:
                await session.set_variable(FLOW_STATE, state)
                kept = state
            outcome = await self._do(caller, turn)
            if outcome is None:
                return
            turn = interpreter.resume(hotline.flow, turn.state, outcome)

    async def _begin(self, session: AgiSession, call: str, hotline: HotlineFlow) -> Turn:
        kept = await session.get_variable(FLOW_STATE)
        context = interpreter.Context(hotline.language)
        if not kept:
            return interpreter.start(hotline.flow, context)
        try:
            state = FlowState.from_text(kept)
            if await session.get_variable(PERSON_ASKED) == "1":
                state = replace(state, person_asked=True)
            turn = interpreter.take_up(hotline.flow, state)
        except StateUnreadable as unreadable:
            log.warning("menu started again", call=call, why=unreadable.why)
            return interpreter.start(hotline.flow, context)
        log.info("menu taken up again", call=call, flow=state.flow, step=state.step)
        return turn

    async def _announce(self, caller: _Caller, marks: tuple[Mark, ...]) -> None:
        session = caller.session
        variables: list[tuple[str, str]] = []
        for mark in marks:
            match mark:
                case KeyTaken(step, key):
                    await caller.mark("menu-key", Flow=caller.flow.id, Step=step, Key=key)
                case LanguageChosen(language):
                    await caller.mark("language", Language=language)
                    variables.append(("CTI_LANG", language))
                case PersonAsked(queue):
                    await caller.mark("person-asked", Queue=queue)
                    variables.append((PERSON_ASKED, "1"))
        for name, value in variables:
            await session.set_variable(name, value)

    async def _do(self, caller: _Caller, turn: Turn) -> Outcome | None:
        """Do the turn's action; None when the flow has ended."""
        language = turn.state.language
        match turn.action:
            case PlayPrompt(prompt=prompt, barge_in=barge_in):
                return _outcome(await self._play(caller, prompt, language, barge_in=barge_in))
            case AskKey() as ask:
                return await self._ask(caller, ask, language)
            case HandToQueue() as hand:
                await self._hand_to_queue(caller, hand, language)
            case EndCall(prompt=prompt):
                await self._end(caller, prompt, language)
        return None

    async def _ask(self, caller: _Caller, ask: AskKey, language: str) -> Outcome:
        for prompt in ask.prompts:
            key = await self._play(caller, prompt, language, barge_in=ask.barge_in)
            if key is not None:
                return KeyPressed(key)
        return _outcome(await caller.session.wait_for_digit(ask.wait_s))

    async def _play(
        self, caller: _Caller, prompt: str, language: str, *, barge_in: bool
    ) -> str | None:
        """The key that cut the prompt short. A prompt that cannot be played is left out: the call
        goes on without it, and the log says so."""
        keys = KEYS if barge_in else ""
        try:
            for file in self._prompts.paths(prompt, language):
                try:
                    return (await caller.session.stream_file(file, keys)).key
                except SoundRefused:
                    log.warning("sound refused", call=caller.call, file=file)
            log.error("prompt not played", call=caller.call, prompt=prompt, language=language)
        except PromptMissing:
            log.error("prompt missing", call=caller.call, prompt=prompt, language=language)  # noqa: TRY400
        return None

    async def _last_prompt(self, caller: _Caller, prompt: str | None, language: str) -> None:
        if prompt is not None:
            await self._play(caller, prompt, language, barge_in=False)
            # The wait that the KPI counts begins here (DB51/T 2963 A.5).
            await caller.mark("prompt-ended", Prompt=prompt)

    async def _hand_to_queue(self, caller: _Caller, hand: HandToQueue, language: str) -> None:
        session = caller.session
        await self._last_prompt(caller, hand.prompt, language)
        priority = str(hand.priority)
        await session.set_variable("CTI_QUEUE", hand.queue)
        await session.set_variable("CTI_PRIORITY", priority)
        await session.set_variable("CTI_LANG", language)
        # Whoever hears of a queued caller finds all of it on the channel. CTI_NEXT comes last: a
        # session that fails before it is taken up again in this step, so no caller can come to the
        # waiting room untold.
        await caller.mark("queued", Queue=hand.queue, Priority=priority, Language=language)
        await session.set_variable("CTI_NEXT", "queue")
        await session.set_variable(FLOW_STATE, "")
        log.info("menu ended", call=caller.call, outcome="queue", queue=hand.queue)

    async def _end(self, caller: _Caller, prompt: str | None, language: str) -> None:
        session = caller.session
        await self._last_prompt(caller, prompt, language)
        await session.set_variable("CTI_NEXT", "hangup")
        await caller.mark("flow-ended", Outcome="hangup")
        await session.set_variable(FLOW_STATE, "")
        log.info("menu ended", call=caller.call, outcome="hangup")


def _outcome(key: str | None) -> Outcome:
    return NoKey() if key is None else KeyPressed(key)
