"""Where spoken texts are kept, and how they get there while calls go on.

    KEPT/LANGUAGE/KEY.wav            a site's own, beside its site file, made before it opens
    CACHE/kept/LANGUAGE/KEY.wav      the same where Asterisk sees it
    CACHE/ENGINE/LANGUAGE/KEY.wav    made while running

KEY is `text.key_of`. Asterisk needs to see one folder only, CACHE.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import structlog

from ivr_flows.prompt_library import is_language
from ivr_flows.speech.choice import EngineName
from ivr_flows.speech.errors import EngineFailed, EngineMissing, SoundNotKept, TextRefused, reason
from ivr_flows.speech.rest import Rest
from ivr_flows.speech.text import is_key, key_of, speakable

log = structlog.get_logger(__name__)

KEPT: Final = "kept"
ENGINES: Final = ("kokoro", "http", "command", "espeak")
"""Best first, where nobody has chosen."""
MOST_WAITING: Final = 64
"""Texts being made at once; a flood of new ones must not fill the memory."""
TIDY_EVERY: Final = 100
"""Files made between two looks at the size of the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """`kept` is the site's folder, `cache` the daemon's, `cache_in_asterisk` the same as Asterisk
    sees it. The cache is kept below `most_bytes`."""

    kept: Path
    cache: Path
    cache_in_asterisk: str
    most_bytes: int = 200_000_000


class Maker(Protocol):
    """An engine at work, such as `workshop.Workshop`."""

    @property
    def engine(self) -> EngineName: ...

    @property
    def open(self) -> bool:
        """Whether there is an engine at all."""
        ...

    async def make(self, text: str, language: str, out: Path) -> float:
        """Speak `text` into the file `out`; its seconds. Raises SpeechError."""
        ...

    async def close(self) -> None: ...


class Spoken:
    """The store of a site. `main` speaks; `spare` is the last resort, not open when there is none.
    `voices`: by language, where the site asks for a certain one."""

    def __init__(
        self, places: Places, main: Maker, spare: Maker, voices: Mapping[str, str] | None = None
    ) -> None:
        self._places = places
        self._voices = dict(voices or {})
        self.main = main
        self.spare = spare
        order = (KEPT, main.engine, *ENGINES)
        self._shelves = tuple(dict.fromkeys(name for name in order if name != "none"))
        self._making: dict[tuple[str, str, str], asyncio.Task[None]] = {}
        self._rests = {maker: Rest() for maker in (self.main, self.spare)}
        self._made = 0
        self._closed = False
        self._unpublished = False
        self._needed: frozenset[str] = frozenset()

    def key(self, text: str, language: str) -> str:
        """The name of the sound of `text` in the site's voice. Raises TextRefused."""
        if not is_language(language):
            raise TextRefused(f"{language[:20]!r} is no language")
        return key_of(text, language, self._voices.get(language, ""))

    def by_last_resort(self, sound: str) -> bool:
        """Whether `sound`, one of `found`, is the last resort's while there is a better engine."""
        return self.spare.open and f"/{self.spare.engine}/" in sound

    def found(self, text: str, language: str) -> tuple[str, ...]:
        """The sounds of `text` as STREAM FILE wants them, best first. Raises TextRefused."""
        key = self.key(text, language)
        self._publish(key, language)
        cache = self._places.cache
        return tuple(
            f"{self._places.cache_in_asterisk}/{shelf}/{language}/{key}"
            for shelf in self._shelves
            if _seen(cache / shelf / language / f"{key}.wav")
        )

    async def make(self, text: str, language: str, maker: Maker) -> None:
        """Speak `text` into the cache, once however many ask. Raises SpeechError."""
        key = self.key(text, language)
        if not maker.open:
            raise EngineMissing(maker.engine, "no engine is set, and this machine has none")
        if self._closed:
            raise EngineFailed(maker.engine, "the daemon is about to end")
        work = (maker.engine, language, key)
        task = self._making.get(work)
        if task is None:
            if len(self._making) >= MOST_WAITING:
                raise EngineFailed(maker.engine, "too many texts at once")
            self._rests[maker].check(maker.engine, key, time.monotonic())
            task = asyncio.create_task(
                self._speak(speakable(text), language, key, maker), name=f"speak {key}"
            )
            self._making[work] = task
            task.add_done_callback(lambda done: self._ended(work, maker, done))
        # Whoever loses patience leaves the others, and the next caller, their sound.
        await asyncio.shield(task)

    def publish_all(self) -> int:
        """Bring all kept sounds to where Asterisk sees them, and take away those kept no longer;
        how many there are. Blocks. Raises SoundNotKept."""
        kept = {(file.parent.name, file.stem) for file in sounds_in(self._places.kept)}
        for language, key in kept:
            self._copy(key, language)
        for file in sounds_in(self._places.cache / KEPT):
            if (file.parent.name, file.stem) not in kept:
                with contextlib.suppress(OSError):
                    file.unlink(missing_ok=True)
        return len(kept)

    def tidy(self, needed: Collection[str] | None = None) -> int:
        """Delete the oldest sounds beyond the cache's size, never those of `needed` (keys);
        how many. Blocks."""
        if needed is not None:
            self._needed = frozenset(needed)
        files = []
        for engine in ENGINES:
            for file in sounds_in(self._places.cache / engine):
                with contextlib.suppress(OSError):
                    seen = file.stat()
                    files.append((seen.st_mtime_ns, seen.st_size, file))
        size = sum(one[1] for one in files)
        gone = 0
        for _, bytes_, file in sorted(files):
            if size <= self._places.most_bytes:
                break
            if file.stem not in self._needed:
                with contextlib.suppress(OSError):
                    file.unlink(missing_ok=True)
                    size -= bytes_
                    gone += 1
        return gone

    async def close(self) -> None:
        """End what is being made, and the engines."""
        self._closed = True
        tasks = list(self._making.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(self.main.close(), self.spare.close())

    # -------------------------------------------------------------------------------------- inside

    async def _speak(self, text: str, language: str, key: str, maker: Maker) -> None:
        out = self._places.cache / maker.engine / language / f"{key}.wav"
        await maker.make(text, language, out)
        self._made += 1
        if self._made % TIDY_EVERY == 0:
            await asyncio.to_thread(self.tidy)

    def _ended(self, work: tuple[str, str, str], maker: Maker, task: asyncio.Task[None]) -> None:
        self._making.pop(work, None)
        if task.cancelled():
            return
        error = task.exception()
        self._rests[maker].ended(work[2], error, time.monotonic())
        if error is not None:
            log.warning("text not spoken", engine=work[0], language=work[1], why=str(error))

    def _publish(self, key: str, language: str) -> None:
        try:
            self._copy(key, language)
        except SoundNotKept as error:
            if not self._unpublished:
                log.error("spoken texts not published", why=str(error))  # noqa: TRY400
            self._unpublished = True

    def _copy(self, key: str, language: str) -> None:
        """Raises SoundNotKept."""
        source = self._places.kept / language / f"{key}.wav"
        target = self._places.cache / KEPT / language / f"{key}.wav"
        there, here = _seen(source), _seen(target)
        if there is None or there == here:
            return
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".", suffix=".new", dir=target.parent)
            os.close(handle)
            fresh = Path(name)
            try:
                shutil.copy2(source, fresh)
                fresh.chmod(0o644)
                fresh.replace(target)
            finally:
                fresh.unlink(missing_ok=True)
        except OSError as error:
            raise SoundNotKept(target, reason(error)) from error


def sounds_in(folder: Path) -> Iterator[Path]:
    """Every `folder/LANGUAGE/KEY.wav`."""
    with contextlib.suppress(OSError):
        for file in folder.glob("*/*.wav"):
            if is_key(file.stem):
                yield file


def _seen(file: Path) -> tuple[int, int] | None:
    try:
        seen = file.stat()
    except OSError:
        return None
    return seen.st_size, seen.st_mtime_ns
