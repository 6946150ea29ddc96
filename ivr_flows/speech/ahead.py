"""Texts are spoken before a caller wants them, in the background, one at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from typing import Final

import structlog

from ivr_flows.model import FlowBook
from ivr_flows.prompt_library import PromptLibrary
from ivr_flows.speech.errors import SpeechError, TextRefused
from ivr_flows.speech.spoken import Spoken
from ivr_flows.speech.texts import said_clips, said_texts

log = structlog.get_logger(__name__)

AGAIN_S: Final = 300.0
"""After which texts that failed are tried again: a server that was away comes back."""


class Ahead:
    """Works for the newest flows only. `catalogue`: what shipped prompts say, by name and
    language, for those that lack a recording."""

    def __init__(
        self,
        prompts: PromptLibrary,
        spoken: Spoken,
        catalogue: Mapping[str, Mapping[str, str]],
        *,
        again_s: float = AGAIN_S,
    ) -> None:
        self._prompts = prompts
        self._spoken = spoken
        self._catalogue = catalogue
        self._again_s = again_s
        self._changed = asyncio.Event()
        self._reported: set[tuple[str, str]] = set()

    async def run(self, book: FlowBook) -> None:
        """Returns when everything that `book` says has been spoken as well as it can be, or when
        other flows have come, or at the end."""
        self._changed.set()
        self._changed = changed = asyncio.Event()
        wanted = tuple(self._wanted(book))
        try:
            await asyncio.to_thread(self._spoken.publish_all)
        except SpeechError as error:
            log.error("spoken texts not published", why=str(error))  # noqa: TRY400
        keys = {key for text, language in wanted if (key := self._key(text, language))}
        while not changed.is_set():
            failed = await self.prepare(wanted, changed)
            await asyncio.to_thread(self._spoken.tidy, keys)
            log.info("texts made ahead", texts=len(wanted), failed=failed)
            if not failed or not self._spoken.main.open:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), self._again_s)

    def stop(self) -> None:
        """End what runs."""
        self._changed.set()

    async def prepare(
        self, texts: Iterable[tuple[str, str]], stop: asyncio.Event | None = None
    ) -> int:
        """Make those of `texts` (text, language) that nobody has spoken yet; how many the engine
        could not make. Each failure is logged once."""
        failed = 0
        for text, language in texts:
            if stop is not None and stop.is_set():
                break
            try:
                await self._speak(text, language)
            except SpeechError as error:
                failed += not isinstance(error, TextRefused)
                if (text, language) not in self._reported:
                    self._reported.add((text, language))
                    shown = text[:80]
                    log.warning(
                        "text not made ahead", said=shown, language=language, why=str(error)
                    )
        return failed

    async def _speak(self, text: str, language: str) -> None:
        """What only the last resort has spoken is spoken again. Raises SpeechError."""
        found = self._spoken.found(text, language)
        if found and not self._spoken.by_last_resort(found[0]):
            return
        try:
            await self._spoken.make(text, language, self._spoken.main)
        except SpeechError:
            if not found and self._spoken.spare.open:
                await self._spoken.make(text, language, self._spoken.spare)
            raise

    def _wanted(self, book: FlowBook) -> Iterable[tuple[str, str]]:
        flows = list(book.flows.values())
        for said in said_texts(flows):
            yield said.text, said.language
        for clip in said_clips(flows):
            if not self._prompts.has(clip.prompt, clip.language):
                text = self._catalogue.get(clip.prompt, {}).get(clip.language)
                if text:
                    yield text, clip.language

    def _key(self, text: str, language: str) -> str:
        try:
            return self._spoken.key(text, language)
        except TextRefused:
            return ""
