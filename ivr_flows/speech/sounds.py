"""The book of sounds: for everything that is said, the files to play, best first.

    Clip     studio recording, shipped recording, its text spoken, the same in the main language
    Words    the site's kept sound, one made earlier, made now, the last resort's, the main
             language's, a neutral clip
    Spell    clips of numbers, amounts, dates; text is spoken; what cannot be said as its kind is
             said digit by digit, or as text

Something is always heard, within the patience of a caller, and every stand-in is reported.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

import structlog

from ivr_flows.errors import PromptMissing
from ivr_flows.model import FlowBook
from ivr_flows.prompt_library import PromptLibrary, is_language
from ivr_flows.sayings import PAUSE, SayingError, say
from ivr_flows.says import Clip, Piece, Spell, Utterance, Words
from ivr_flows.speech.ahead import Ahead
from ivr_flows.speech.errors import EngineTooSlow, SpeechError
from ivr_flows.speech.spoken import Spoken
from ivr_flows.speech.text import speakable
from ivr_flows.speech.texts import in_main_language

log = structlog.get_logger(__name__)

Sound = tuple[str, ...]
"""Candidates of one sound, best first, as STREAM FILE wants them."""
StandIn = Literal["last-resort", "main-language", "neutral"]

NEUTRAL: Final = ("please-hold", "lookup/please-wait", "technical-problem")
"""Heard when nothing else can be."""
BEEP: Final = "beep"
"""Comes with Asterisk."""
SPARE_AFTER_S: Final = 0.25
"""How long the engine has for itself before the last resort begins beside it."""
_REPORTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class _ToSpeak:
    """`private`: not for the log. `recorded`: the prompt whose recording is missing."""

    text: str
    private: bool = False
    recorded: str = ""


class SoundBook:
    """`catalogue`: what the shipped prompts say, by name and language. `stood_in` is told each
    time that a caller hears something else than what was meant."""

    def __init__(
        self,
        prompts: PromptLibrary,
        spoken: Spoken,
        main_language: str,
        *,
        patience_s: float = 2.0,
        catalogue: Mapping[str, Mapping[str, str]] | None = None,
        stood_in: Callable[[StandIn], None] = lambda kind: None,
    ) -> None:
        self._prompts = prompts
        self._spoken = spoken
        self._main_language = main_language
        self._patience_s = patience_s
        self._catalogue = catalogue or {}
        self._stood_in = stood_in
        self._reported: dict[tuple[str, str, str], None] = {}
        self._ahead = Ahead(prompts, spoken, self._catalogue)
        self._neutrals: dict[str, Sound] = {}
        self._in_main: Mapping[tuple[str, str], tuple[str, str]] = {}

    async def sounds(self, utterance: Utterance, language: str) -> tuple[Sound, ...]:
        """What to play, one after the other. Never raises; never empty for an utterance that is
        not. Takes no longer than the patience of a caller."""
        parts = [part for piece in utterance for part in self._parts(piece, language)]
        texts = {part for part in parts if isinstance(part, _ToSpeak)}
        missing = [part for part in texts if not self._spoken_already(part, language)]
        if missing:
            await asyncio.gather(*(self._made(part, language) for part in missing))
        found: list[Sound] = []
        for part in parts:
            sound = self._words(part, language) if isinstance(part, _ToSpeak) else part
            # One "please hold" is enough in one breath.
            if sound not in found or not _is_neutral(sound):
                found.append(sound)
        if utterance and not found:
            found.append(self._heard_instead(language))
        return tuple(found)

    async def prebuild(self, book: FlowBook) -> None:
        """Make what the flows of `book` say and nobody has made yet. For the background: callers'
        texts come in between, and what fails is tried again until other flows come."""
        self._in_main = in_main_language(book.flows.values())
        await self._ahead.run(book)

    async def prepare(self, texts: Iterable[tuple[str, str]]) -> int:
        """Make those of `texts` (text, language) that nobody has spoken yet, before a caller wants
        them; how many the engine could not make."""
        return await self._ahead.prepare(texts)

    async def close(self) -> None:
        """End the engines."""
        self._ahead.stop()
        await self._spoken.close()

    # -------------------------------------------------------------------------------------- pieces

    def _parts(self, piece: Piece, language: str) -> Iterator[Sound | _ToSpeak]:
        match piece:
            case Clip(prompt=prompt):
                yield self._clip(prompt, language)
            case Words(text=text):
                yield _ToSpeak(text)
            case Spell(kind="text", value=value):
                yield _ToSpeak(value, private=True)
            case Spell():
                yield from self._spelled(piece, language)

    def _clip(self, name: str, language: str) -> Sound | _ToSpeak:
        own = self._prompts.has(name, language)
        text = None if own else self._catalogue.get(name, {}).get(language)
        if text is not None:
            return _ToSpeak(text, recorded=name)
        return self._recorded(name, language, own=own)

    def _recorded(self, name: str, language: str, *, own: bool = False) -> Sound:
        try:
            found = self._prompts.paths(name, language)
        except PromptMissing as error:
            if name == BEEP:
                return (BEEP,)
            self._report("prompt missing", name, language, str(error))
            return self._heard_instead(language)
        if not own:
            self._report("prompt in another language", name, language, "")
            self._stood_in("main-language")
        return found

    def _spelled(self, spell: Spell, language: str) -> Iterator[Sound | _ToSpeak]:
        for kind in (spell.kind, "digits"):
            try:
                clips = say(kind, spell.value, language)
            except SayingError as error:
                self._report("value not sayable", kind, language, str(error))
                continue
            for clip in clips:
                # A breath that nobody has recorded is left out.
                if clip != PAUSE or self._prompts.has(PAUSE, self._main_language):
                    yield self._clip(clip, language)
            return
        yield _ToSpeak(spell.value, private=True)

    # --------------------------------------------------------------------------------------- words

    def _spoken_already(self, part: _ToSpeak, language: str) -> Sound:
        try:
            return self._spoken.found(part.text, language)
        except SpeechError as error:
            self._not_spoken(part, language, error)
            return ()

    def _words(self, part: _ToSpeak, language: str) -> Sound:
        """The neutral clip stands behind each: Asterisk may not see a file that we see."""
        found = self._spoken_already(part, language)
        if found:
            if self._spoken.by_last_resort(found[0]):
                self._stood_in("last-resort")
            return (*found, *self._neutral(language))
        if part.recorded:
            return self._recorded(part.recorded, language)
        main = self._in_main.get((language, _plain(part.text)))
        if main is not None:
            found = self._spoken_already(_ToSpeak(main[1]), main[0])
            if found:
                self._stood_in("main-language")
                return (*found, *self._neutral(language))
        return self._heard_instead(language)

    async def _made(self, part: _ToSpeak, language: str) -> None:
        """Returns as soon as there is a good sound, when every engine has failed, or at the end of
        the patience, and reports what went wrong."""
        engines = [self._spoken.main, self._spoken.spare]
        tasks = [asyncio.ensure_future(self._spoken.make(part.text, language, engines.pop(0)))]
        main = tasks[0]
        wait_s = min(SPARE_AFTER_S, self._patience_s)
        left_s = self._patience_s - wait_s
        clock = asyncio.get_running_loop().time
        try:
            await asyncio.wait(tasks, timeout=wait_s)
            if not _worked(main) and self._spoken.spare.open:
                tasks.append(
                    asyncio.ensure_future(self._spoken.make(part.text, language, engines.pop(0)))
                )
            deadline = clock() + left_s
            # Once the engine has failed, the last resort is all that is waited for.
            while not _worked(main) and (pending := {one for one in tasks if not one.done()}):
                left_s = deadline - clock()
                if left_s <= 0:
                    break
                await asyncio.wait(pending, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
        if not main.done():
            slow = EngineTooSlow(self._spoken.main.engine, self._patience_s)
            self._not_spoken(part, language, slow)
        elif not main.cancelled() and main.exception() is not None:
            self._not_spoken(part, language, main.exception())

    def _not_spoken(self, part: _ToSpeak, language: str, why: BaseException | None) -> None:
        said = "(a value of a call)" if part.private else part.text
        self._report("text not spoken", said, language, str(why))

    # ----------------------------------------------------------------------------------- stand-ins

    def _heard_instead(self, language: str) -> Sound:
        self._stood_in("neutral")
        return self._neutral(language)

    def _neutral(self, language: str) -> Sound:
        known = self._neutrals.get(language)
        if known is None:
            for wanted, name in product((language, self._main_language), NEUTRAL):
                if self._prompts.has(name, wanted):
                    known = self._prompts.paths(name, wanted)
                    if is_language(language):
                        self._neutrals[language] = known
                    break
        return known or (BEEP,)

    def _report(self, what: str, name: str, language: str, why: str) -> None:
        """Once for each text: a forgotten prompt must not fill the log."""
        report = (what, language, name)
        if report in self._reported:
            return
        while len(self._reported) >= _REPORTED:
            del self._reported[next(iter(self._reported))]
        self._reported[report] = None
        log.warning(what, said=name[:80], language=language, why=why)


def _is_neutral(sound: Sound) -> bool:
    return sound[0] == BEEP or sound[0].endswith(tuple(f"/{name}" for name in NEUTRAL))


def _worked(task: asyncio.Future[None]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _plain(text: str) -> str:
    try:
        return speakable(text)
    except SpeechError:
        return text
