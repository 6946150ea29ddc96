"""One caller in a menu: saying things, hearing keys, telling milestones.

Milestones travel as user events through Asterisk, so that one ordered stream with one clock tells
the whole call. A mark stands right behind the command it belongs to; variables that carry the
same news follow it, because any other command in between would move the mark's time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

import structlog

from cti.agi.equipment import Sounds
from cti.agi.errors import SoundRefused, UnsafeValue
from cti.agi.session import KEYS, AgiSession
from cti.agi.wire import MAX_MARK_VALUE
from ivr_flows.actions import (
    AskDigits,
    CallbackAsked,
    Clip,
    CustomerKnown,
    DigitsKeyed,
    KeyTaken,
    LanguageChosen,
    Mark,
    PersonAsked,
    Scored,
    StepEntered,
    Utterance,
)
from service_desk.numbers import number_to_dial

log = structlog.get_logger(__name__)

END_KEY_S = 0.7
"""How long an end key is waited for behind the last digit that there can be."""
EVENT = "CTI"
Told = KeyTaken | LanguageChosen | PersonAsked | CustomerKnown | CallbackAsked | Scored
PERSON_ASKED = "CTI_PERSON_ASKED"


class Caller:
    """`call` is the call's id. Every method may raise what AgiSession raises."""

    def __init__(self, session: AgiSession, call: str, sounds: Sounds) -> None:
        self.session = session
        self.call = call
        self._sounds = sounds

    # ---------------------------------------------------------------------------------- telling

    async def mark(self, mark: str, **headers: str) -> None:
        await self.session.tell(EVENT, {"Mark": mark, "Call": self.call, **headers})

    async def announce(self, marks: tuple[Mark, ...]) -> None:
        """Tell `marks`. The steps gone through ride along with the first one: every event takes
        its time before the caller hears on."""
        paths = list(paths_of(mark for mark in marks if isinstance(mark, StepEntered)))
        variables: list[tuple[str, str]] = []
        for mark in marks:
            if isinstance(mark, StepEntered):
                continue
            name, headers = told(mark)
            more = {"Path": paths.pop(0)} if paths else {}
            await self.mark(name, **headers, **more)
            match mark:
                case LanguageChosen(language):
                    variables.append(("CTI_LANG", language))
                case PersonAsked():
                    variables.append((PERSON_ASKED, "1"))
        for path in paths:
            await self.mark("steps", Path=path)
        for variable, value in variables:
            await self.session.set_variable(variable, value)

    # ---------------------------------------------------------------------------------- speaking

    async def say(self, utterance: Utterance, language: str, *, barge_in: bool) -> str | None:
        """The key that cut it short. A sound that cannot be played is left out: the call goes on
        without it, and the log says so."""
        if not utterance:
            return None
        sounds = await self._sounds.sounds(utterance, language)
        if barge_in and len(sounds) > 1:
            # In one breath. Where that does not work each sound finds its stand-in by itself.
            with suppress(SoundRefused, UnsafeValue):
                return (await self.session.stream_files([sound[0] for sound in sounds])).key
        keys = KEYS if barge_in else ""
        for candidates in sounds:
            key = await self._play(candidates, keys)
            if key is not None:
                return key
        return None

    async def _play(self, candidates: tuple[str, ...], keys: str) -> str | None:
        for file in candidates:
            try:
                return (await self.session.stream_file(file, keys)).key
            except SoundRefused:
                log.warning("sound refused", call=self.call, file=file)
        log.error("nothing played", call=self.call, candidates=candidates)
        return None

    async def say_to_the_end(self, utterance: Utterance, language: str) -> None:
        """The last thing before the caller waits or goes; the wait that the KPI counts begins at
        its end (DB51/T 2963 A.5)."""
        if utterance:
            await self.say(utterance, language, barge_in=False)
            await self.mark("prompt-ended", Prompt=name_of(utterance))

    async def sounds_of(self, utterance: Utterance, language: str) -> str:
        """The sounds as Background() takes them: paths with `&` between."""
        found = await self._sounds.sounds(utterance, language) if utterance else ()
        return "&".join(candidates[0] for candidates in found if candidates)

    # ---------------------------------------------------------------------------------- hearing

    async def digits(self, ask: AskDigits, language: str) -> DigitsKeyed:
        """The digits keyed, `ask.already` included."""
        digits = ask.already
        key: str | None = None
        if not digits:
            key = await self.say(ask.utterance, language, barge_in=ask.barge_in)
        while True:
            if key is None:
                wait_s = ask.between_s if digits else ask.wait_s
                key = await self.session.wait_for_digit(wait_s)
            if key is None:
                return DigitsKeyed(digits)
            if key == ask.end_key:
                return DigitsKeyed(digits, ended=True)
            digits += key
            if len(digits) >= ask.most:
                break
            key = None
        last = await self.session.wait_for_digit(END_KEY_S) if ask.end_key else None
        if last is None or last == ask.end_key:
            return DigitsKeyed(digits, ended=last is not None)
        return DigitsKeyed(digits, ahead=last)


def told(mark: Told) -> tuple[str, dict[str, str]]:
    """The name of a milestone and what is told of it."""
    match mark:
        case KeyTaken(flow, step, key):
            return "menu-key", {"Flow": flow, "Step": step, "Key": key}
        case LanguageChosen(language):
            return "language", {"Language": language}
        case PersonAsked(queue):
            return "person-asked", {"Queue": queue} if queue else {}
        case CustomerKnown(customer, verified):
            return "customer", {"Customer": customer, "Verified": "yes" if verified else "no"}
        case CallbackAsked(queue, number):
            return "callback-asked", {"Queue": queue, "Number": number_to_dial(number)}
        case Scored(survey, score):
            return "survey-score", {"Survey": survey, "Score": str(score)}


def name_of(utterance: Utterance) -> str:
    """What the ledger calls a last prompt: its recording's name, or `text`."""
    last = utterance[-1]
    return last.prompt if isinstance(last, Clip) else "text"


def paths_of(steps: Iterable[StepEntered]) -> Iterator[str]:
    """`flow/step/way+flow/step/way`, as many in one as an event's value holds."""
    path = ""
    for step in steps:
        one = f"{step.flow}/{step.step}/{step.way}"
        if path and len(path) + 1 + len(one) > MAX_MARK_VALUE:
            yield path
            path = ""
        path = f"{path}+{one}" if path else one
    if path:
        yield path
