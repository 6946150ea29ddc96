"""A server with one small hotline, for the tests of the menu sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cti.agi.conversation import Conversations
from cti.agi.equipment import Equipment, Hotline
from cti.agi.server import AgiServer, Converse, ServerLimits
from cti.agi.session import Deadlines
from ivr_flows.actions import Clip, Utterance
from ivr_flows.errors import PromptMissing
from ivr_flows.loader import load_flow
from ivr_flows.model import Flow, FlowBook
from ivr_flows.prompt_library import PromptLibrary
from ivr_flows.site_parts import SiteParts
from ivr_flows.world import World
from service_desk.lookups import LookupFailed, LookupOutcome, LookupRequest
from tests.fakes.agi_peer import AgiPeer, Caller

HOTLINE = "12345"
FLOW_FILE = Path(__file__).parents[3] / "tests/site/flows/main.yaml"
QUEUES = {"repairs": 4, "bills": 5, "service": 6}
PROMPTS = ("greeting", "main-menu", "transferring", "wrong-key", "no-key", "goodbye")
SOUNDS = "/sounds"


def recordings(folder: Path, prompts: tuple[str, ...] = PROMPTS) -> PromptLibrary:
    """A folder with an (empty) recording of each prompt in both languages."""
    for language in ("zh-CN", "en"):
        (folder / language).mkdir(parents=True, exist_ok=True)
        for prompt in prompts:
            (folder / language / f"{prompt}.wav").touch()
    return PromptLibrary(folder, SOUNDS, "zh-CN")


def demo_flow(library: PromptLibrary) -> Flow:
    return load_flow(FLOW_FILE, site=SiteParts(queues=QUEUES), prompts=library)


class RecordedSounds:
    """Sounds of recorded prompts; texts and values are heard as files named for them."""

    def __init__(self, library: PromptLibrary) -> None:
        self._library = library

    async def sounds(self, utterance: Utterance, language: str) -> tuple[tuple[str, ...], ...]:
        found: list[tuple[str, ...]] = []
        for piece in utterance:
            if not isinstance(piece, Clip):
                found.append((f"{SOUNDS}/{language}/{type(piece).__name__.lower()}",))
                continue
            try:
                found.append(self._library.paths(piece.prompt, language))
            except PromptMissing:
                continue
        return tuple(found)


@dataclass
class ScriptedLookups:
    """Answers `answers` one after the other, then fails."""

    answers: list[LookupOutcome] = field(default_factory=list)
    asked: list[LookupRequest] = field(default_factory=list)

    async def look_up(self, request: LookupRequest) -> LookupOutcome:
        self.asked.append(request)
        return self.answers.pop(0) if self.answers else LookupFailed("no more answers")


def equipment(folder: Path, library: PromptLibrary, lookups: ScriptedLookups | None) -> Equipment:
    return Equipment(
        hotlines={HOTLINE: Hotline(HOTLINE, "main", "zh-CN", after_call="after")},
        sounds=RecordedSounds(library),
        lookups=lookups or ScriptedLookups(),
        world=lambda: World(now=datetime(2026, 11, 23, 2, tzinfo=UTC)),
        spool=folder,
        spool_in_asterisk="/spool",
    )


@asynccontextmanager
async def hotline(
    folder: Path, *flows: Flow, lookups: ScriptedLookups | None = None
) -> AsyncIterator[AgiServer]:
    """A server whose number 12345 runs the flow `main` of `flows` (the example site's when there
    are none)."""
    library = recordings(folder)
    book = FlowBook.of(*flows) if flows else FlowBook.of(demo_flow(library))
    conversations = Conversations(equipment(folder, library, lookups), lambda: book)
    async with serving(conversations.hold) as server:
        yield server


@asynccontextmanager
async def serving(
    converse: Converse, deadlines: Deadlines | None = None, limits: ServerLimits | None = None
) -> AsyncIterator[AgiServer]:
    server = AgiServer("127.0.0.1", 0, converse, deadlines=deadlines, limits=limits)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def call(server: AgiServer, caller: Caller) -> Caller:
    """One call of `caller`, served to the end of its session."""
    caller.variables.setdefault("CTI_CALL", "jt1-1.1")
    caller.variables.setdefault("CTI_HOTLINE", HOTLINE)
    async with AgiPeer(server.port) as peer:
        peer.open()
        return await peer.serve(caller)
