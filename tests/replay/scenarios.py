"""The calls that are recorded: who does what on a real hotline, waiting for events only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

from bench.phones.audio import Tone
from bench.phones.phone import (
    AnswerAfter,
    AnswerPolicy,
    Ignore,
    Manual,
    Phone,
    PhoneCall,
    RejectWith,
)
from cti.people import first_password
from cti.sandbox import Sandbox
from tests.acceptance.api_client import ApiClient, FactStream
from tests.acceptance.branches import SURVEY_HZ, VISIT_HZ, WELCOME_HZ
from tests.acceptance.hotline import (
    CALLER_HZ,
    HOLD_MUSIC_HZ,
    OUTSIDE_HZ,
    PROMPTS,
    SEAT_HZ,
    Hotline,
    call_in,
    talking,
)
from tests.replay.tap import Tap


@dataclass
class Stage:
    """`connect` after the daemon has been started (again)."""

    line: Hotline
    tap: Tap
    stack: AsyncExitStack
    api: ApiClient
    facts: FactStream

    async def connect(self) -> None:
        self.api = await self.stack.enter_async_context(ApiClient(self.line.api_url))
        await self.api.log_in("admin", first_password(self.line.secrets, "admin"))
        self.facts = await self.stack.enter_async_context(self.api.facts())

    async def kill_daemon(self) -> None:
        """kill -9, once all facts so far are in the ledger."""
        backlog = ""
        while "cti_ledger_backlog 0.0" not in backlog:
            async with self.api.session.get(f"{self.line.api_url}/metrics") as answer:
                backlog = await answer.text()
        self.line.kill_daemon()

    async def sign_of_life(self) -> None:
        """Wait for the first one that the daemon leaves in Asterisk."""
        settings, said = self.line.settings, ""
        name = settings.prompts.dir_in_asterisk.split("/")[2]
        sandbox = Sandbox(settings, self.line.site, self.line.secrets, name)
        while "CTI_BEAT=" not in said:
            said = await sandbox.cli("dialplan show globals")

    async def fact(self, kind: str, **fields: Any) -> dict[str, Any]:
        return await self.facts.wait_for(kind, deadline=15, **fields)


async def seat_of(stage: Stage, seat: str, answer: AnswerPolicy | None = None) -> Phone:
    phone = await stage.line.seat(seat, answer)
    phone.microphone = Tone(SEAT_HZ)
    return phone


async def answered_seat_hangs_up(stage: Stage) -> None:
    """A seat answers, both talk, the seat hangs up; wrap-up ends by itself."""
    seat = await seat_of(stage, "1001")
    await stage.api.sign_on("1001")
    caller = await call_in(stage.line)
    ring = await seat.next_ring(deadline=5)
    await ring.answer()
    await talking(caller, ring)
    await ring.hang_up()
    await caller.ended(deadline=5)
    await stage.fact("SeatStateChanged", new="wrap-up")
    await stage.fact("SeatStateChanged", old="wrap-up", new="ready")


async def answered_caller_hangs_up(stage: Stage) -> None:
    """A caller with a Chinese name waits for a seat to sign on, is answered and hangs up."""
    await seat_of(stage, "1002", AnswerAfter(0))
    phone = await stage.line.caller(name="欧阳震华")
    call = await phone.call("12345", audio=Tone(CALLER_HZ))
    await call.answered(deadline=5)
    await call.heard.wait_for_sound(deadline=5)
    await call.press("2")
    await stage.fact("CallQueued")
    await stage.api.sign_on("1002")
    await call.heard.wait_for_tone(SEAT_HZ, deadline=8)
    await stage.api.pause("1002", "lunch")
    await call.hang_up()
    await stage.fact("RecordingStored")


async def abandoned_waiting(stage: Stage) -> None:
    """Nobody is signed on; the caller gives up."""
    caller = await call_in(stage.line)
    await caller.heard.wait_for_tone(HOLD_MUSIC_HZ, deadline=8)
    await caller.hang_up()
    await stage.fact("CallEnded")


async def abandoned_while_ringing(stage: Stage) -> None:
    """The caller gives up while the seat's phone rings; the seat stays ready."""
    seat = await seat_of(stage, "1001", Manual())
    await stage.api.sign_on("1001")
    caller = await call_in(stage.line)
    ring = await seat.next_ring(deadline=5)
    await stage.fact("OfferRang")
    await caller.hang_up()
    await ring.ended(deadline=5)
    await stage.fact("SeatStateChanged", old="ringing")


async def no_answer_then_second_seat(stage: Stage) -> None:
    """The first seat lets it ring and is set aside; the second one answers."""
    await seat_of(stage, "1001", Ignore())
    await seat_of(stage, "1002", AnswerAfter(0))
    await stage.api.sign_on("1001")
    await stage.api.sign_on("1002")
    caller = await call_in(stage.line)
    await stage.fact("OfferFailed", reason="no-answer")
    await caller.heard.wait_for_tone(SEAT_HZ, deadline=8)
    await caller.hang_up()
    await stage.fact("RecordingStored")


async def rejected(stage: Stage) -> None:
    """The seat's phone answers 486 and is set aside; the caller gives up."""
    await seat_of(stage, "1001", RejectWith(486))
    await stage.api.sign_on("1001")
    caller = await call_in(stage.line)
    await stage.fact("OfferFailed", reason="rejected")
    await caller.hang_up()
    await stage.fact("CallEnded")


async def hung_up_in_menu(stage: Stage) -> None:
    """The caller hangs up while the menu is read out."""
    phone = await stage.line.caller()
    call = await phone.call("12345", audio=Tone(CALLER_HZ))
    await call.answered(deadline=5)
    await call.heard.wait_for_tone(PROMPTS["main-menu"][0], deadline=5)
    await call.hang_up()
    await stage.fact("CallEnded")


async def two_calls_interleaved(stage: Stage) -> None:
    """Two callers and two seats at once; one caller and the other's seat hang up."""
    first = await seat_of(stage, "1001")
    second = await seat_of(stage, "1002")
    await stage.api.sign_on("1001")
    await stage.api.sign_on("1002")
    one = await call_in(stage.line, number="13800000001")
    ring_one = await first.next_ring(deadline=5)
    two = await call_in(stage.line, number="13800000002", key="1")
    ring_two = await second.next_ring(deadline=5)
    await ring_two.answer()
    await stage.fact("TalkStarted", seat="1002")
    await ring_one.answer()
    await talking(one, ring_one)
    await talking(two, ring_two)
    await one.hang_up()
    await stage.fact("SeatStateChanged", seat="1001", old="talking")
    await ring_two.hang_up()
    await two.ended(deadline=5)
    for _ in range(2):
        await stage.fact("RecordingStored")


async def english_menu(stage: Stage) -> None:
    """A caller changes to English, takes repairs and is answered."""
    await seat_of(stage, "1001", AnswerAfter(0))
    await stage.api.sign_on("1001")
    caller = await call_in(stage.line, key="9")
    await stage.fact("MenuKeyTaken", key="9")
    await caller.heard.wait_for_tone(PROMPTS["main-menu"][0], deadline=5)
    await caller.press("1")
    await caller.heard.wait_for_tone(SEAT_HZ, deadline=8)
    await caller.hang_up()
    await stage.fact("RecordingStored")


async def menu_fails_until_given_up(stage: Stage) -> None:
    """Every menu session fails; the dialplan gives the menu up, and a seat answers all the same."""
    await seat_of(stage, "1001", AnswerAfter(0))
    await stage.api.sign_on("1001")
    phone = await stage.line.caller()
    call = await phone.call("12345", audio=Tone(CALLER_HZ))
    await call.answered(deadline=5)
    await call.heard.wait_for_sound(deadline=5)
    await stage.sign_of_life()
    await stage.kill_daemon()
    channel = stage.tap.shots[-1].report.channels[0].name
    stage.tap.say(Action="Setvar", Channel=channel, Variable="CTI_HOTLINE", Value="404")
    await stage.line.start_daemon()
    await stage.connect()
    await call.heard.wait_for_tone(SEAT_HZ, deadline=40)
    await call.hang_up()
    await stage.fact("RecordingStored")


async def killed_while_talking(stage: Stage) -> None:
    """The daemon is killed while one caller talks and another waits, and comes back."""
    seat = await seat_of(stage, "1001", Manual())
    await stage.api.sign_on("1001")
    one = await call_in(stage.line, number="13800000001")
    ring = await seat.next_ring(deadline=5)
    await ring.answer()
    await talking(one, ring)
    two = await call_in(stage.line, number="13800000002")
    await stage.fact("CallQueued", caller_number="13800000002")
    await stage.kill_daemon()
    await stage.line.start_daemon()
    await stage.connect()
    await ring.hang_up()
    await one.ended(deadline=8)
    ring = await seat.next_ring(deadline=8)
    await ring.answer()
    await talking(two, ring)
    await two.hang_up()
    for _ in range(2):
        await stage.fact("RecordingStored")


async def last_resort_and_back(stage: Stage) -> None:
    """The daemon is away for long: Asterisk's own queue serves one caller, and gives the other one
    back."""
    seat = await seat_of(stage, "1001")
    one = await call_in(stage.line, number="13800000001")
    await stage.fact("CallQueued", caller_number="13800000001")
    two = await call_in(stage.line, number="13800000002")
    await stage.fact("CallQueued", caller_number="13800000002")
    await stage.api.sign_on("1001")
    ring = await seat.next_ring(deadline=5)
    await stage.fact("OfferRang")
    await stage.kill_daemon()
    await ring.answer()
    await talking(one, ring)
    await ring.hang_up()
    await one.ended(deadline=8)
    ring = await seat.next_ring(deadline=20)
    await ring.answer()
    await talking(two, ring)
    three = await (await stage.line.caller("13800000003")).call("12345", audio=Tone(CALLER_HZ))
    await three.answered(deadline=5)
    await stage.tap.until(lambda: in_last_resort(stage.tap), deadline=30)
    await stage.line.start_daemon()
    await stage.connect()
    await ring.hang_up()
    await two.ended(deadline=8)
    ring = await seat.next_ring(deadline=20)
    await ring.answer()
    await talking(three, ring)
    await three.hang_up()
    await stage.fact("CallEnded")
    for _ in range(2):
        await stage.fact("RecordingStored")


async def in_the_talk(stage: Stage, name: str = "1001") -> tuple[PhoneCall, PhoneCall, str]:
    """On the hotline with branches: caller, seat, and the call."""
    seat = await seat_of(stage, name, Manual())
    await stage.api.sign_on(name)
    phone = await stage.line.caller()
    caller = await phone.call("12345", audio=Tone(CALLER_HZ))
    await caller.answered(deadline=5)
    await caller.heard.wait_for_tone(WELCOME_HZ, deadline=5)
    await caller.press("0")
    ring = await seat.next_ring(deadline=5)
    await ring.answer()
    told = await stage.fact("TalkStarted")
    await talking(caller, ring)
    return caller, ring, told["call"]


async def sent_to_the_flow(stage: Stage, caller: PhoneCall, call: str) -> None:
    await stage.api.request("POST", f"/calls/{call}/flow", {"flow": "visit"})
    await caller.heard.wait_for_tone(VISIT_HZ, deadline=5)


async def sent_to_a_flow_and_back(stage: Stage) -> None:
    """A seat sends its caller to a flow, talks with them again and hangs up; they score."""
    caller, ring, call = await in_the_talk(stage)
    await sent_to_the_flow(stage, caller, call)
    await caller.press("1")
    await stage.fact("CallerCameBack")
    await talking(caller, ring)
    await ring.hang_up()
    await caller.heard.wait_for_tone(SURVEY_HZ, deadline=5)
    await caller.press("5")
    await caller.ended(deadline=10)
    await stage.fact("RecordingStored")


async def seat_gone_while_in_the_flow(stage: Stage) -> None:
    """The seat hangs up while its caller is in a flow; they wait again, another answers."""
    caller, ring, call = await in_the_talk(stage)
    other = await seat_of(stage, "1002", Manual())
    await sent_to_the_flow(stage, caller, call)
    await stage.api.pause("1001", "lunch")
    await ring.hang_up()
    await stage.fact("SeatStateChanged", seat="1001", new="paused")
    await caller.press("1")
    await stage.fact("CallerLostSeat")
    await stage.api.sign_on("1002")
    ring = await other.next_ring(deadline=5)
    await ring.answer()
    await talking(caller, ring)
    await caller.hang_up()
    await ring.ended(deadline=5)
    for _ in range(2):
        await stage.fact("RecordingStored")


async def flow_hands_to_another_queue(stage: Stage) -> None:
    """The flow that a seat has chosen sends the caller to a queue that this seat does not serve."""
    caller, ring, call = await in_the_talk(stage, "1003")
    await sent_to_the_flow(stage, caller, call)
    await caller.press("5")
    await ring.ended(deadline=5)
    await stage.fact("SeatStateChanged", seat="1003", new="ready")
    await caller.heard.wait_for_tone(HOLD_MUSIC_HZ, min_ms=300, deadline=5)
    await caller.hang_up()
    await stage.fact("CallEnded")
    await stage.fact("RecordingStored")


async def put_through_outside(stage: Stage) -> None:
    """The menu dials a number outside: busy at first, then it answers and they talk."""
    outside = await stage.line.outside(Manual())
    phone = await stage.line.caller()
    caller = await phone.call("12345", audio=Tone(CALLER_HZ))
    await caller.answered(deadline=5)
    for busy in (True, False):
        await caller.heard.wait_for_tone(WELCOME_HZ, deadline=8)
        await caller.press("1")
        ring = await outside.next_ring(deadline=5)
        if busy:
            await ring.reject(486)
        else:
            await ring.answer()
    await caller.heard.wait_for_tone(OUTSIDE_HZ, deadline=5)
    await ring.hang_up()
    await caller.ended(deadline=5)
    await stage.fact("CallEnded")


def in_last_resort(tap: Tap) -> bool:
    """Whether a caller without a seat is in Asterisk's own queue."""
    seen = tap.shots[-1].report.channels
    return any(one.application == "Queue" and not one.bridge for one in seen)


Scenario = Callable[[Stage], Awaitable[None]]
SCENARIOS: Final[dict[str, tuple[Scenario, dict[str, Any]]]] = {
    "answered-seat-hangs-up": (answered_seat_hangs_up, {"wrapup_seconds": 1}),
    "answered-caller-hangs-up": (answered_caller_hangs_up, {}),
    "abandoned-waiting": (abandoned_waiting, {}),
    "abandoned-while-ringing": (abandoned_while_ringing, {"ring_seconds": 15}),
    "no-answer-then-second-seat": (no_answer_then_second_seat, {"ring_seconds": 2}),
    "rejected": (rejected, {}),
    "hung-up-in-menu": (hung_up_in_menu, {}),
    "two-calls-interleaved": (two_calls_interleaved, {"ring_seconds": 15}),
    "english-menu": (english_menu, {}),
    "menu-fails-until-given-up": (menu_fails_until_given_up, {}),
    "killed-while-talking": (killed_while_talking, {"ring_seconds": 15}),
    "last-resort-and-back": (last_resort_and_back, {"ring_seconds": 15}),
    "sent-to-a-flow-and-back": (sent_to_a_flow_and_back, {"ring_seconds": 15}),
    "seat-gone-while-in-the-flow": (seat_gone_while_in_the_flow, {"ring_seconds": 15}),
    "flow-hands-to-another-queue": (flow_hands_to_another_queue, {"ring_seconds": 15}),
    "put-through-outside": (put_through_outside, {"ring_seconds": 15}),
}
"""By the trace's name: the scenario, and what its site changes in every queue."""
WITH_BRANCHES: Final = frozenset(
    {
        "sent-to-a-flow-and-back",
        "seat-gone-while-in-the-flow",
        "flow-hands-to-another-queue",
        "put-through-outside",
    }
)
"""Those of the hotline in `tests/acceptance/branches.py`."""
