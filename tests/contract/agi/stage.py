"""A server with one small hotline, for the tests of the menu sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cti.agi.conversation import Conversations, HotlineFlow
from cti.agi.server import AgiServer, Converse, ServerLimits
from cti.agi.session import Deadlines
from ivr_flows.loader import load_flow
from ivr_flows.model import Flow
from ivr_flows.prompt_library import PromptLibrary
from tests.fakes.agi_peer import AgiPeer, Caller

HOTLINE = "12345"
FLOW_FILE = Path(__file__).parents[3] / "config/sites/demo-water/flows/main.yaml"
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
    return load_flow(FLOW_FILE, queues=QUEUES, prompts=library)


@asynccontextmanager
async def hotline(folder: Path, flow: Flow | None = None) -> AsyncIterator[AgiServer]:
    """A server whose number 12345 runs `flow` (the example site's when None)."""
    library = recordings(folder)
    plan = {HOTLINE: HotlineFlow(flow or demo_flow(library), "zh-CN")}
    async with serving(Conversations(plan, library).hold) as server:
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
