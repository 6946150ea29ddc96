"""Menus on real calls with real keys: what is asked, taken, said and told.

Each sentence is a tone of its own pitch, so a phone tells by ear what it hears; what became of a
key is read from the ledger.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from bench.phones.audio import Tone
from bench.phones.errors import NotInTime
from bench.phones.phone import PhoneCall
from cti.people import first_password
from tests.acceptance.api_client import ApiClient, FactStream, Json
from tests.acceptance.hotline import CALLER_HZ, Hotline, hotline

ENTRY_HZ: Final = 820
ACCOUNT_HZ: Final = 1180
BACK_HZ: Final = 1240
RIGHT_HZ: Final = 1360
AMOUNT_HZ: Final = 1420
YUAN_HZ: Final = 1540
WRONG_HZ: Final = 1660
SHORT_HZ: Final = 1780
SUB_HZ: Final = 1900
SPARE_HZ: Final = 2020
NEW_HZ: Final = 2140
DIGIT_HZ: Final = 2260
CLIPS: Final = {
    "entry": (ENTRY_HZ, 4000),
    "account": (ACCOUNT_HZ, 4000),
    "ask/confirm-digits-before": (BACK_HZ, 2400),
    "ask/confirm-digits-after": (RIGHT_HZ, 2400),
    "ask/not-valid": (WRONG_HZ, 2400),
    "ask/too-short": (SHORT_HZ, 2400),
    "say/number-12": (AMOUNT_HZ, 2400),
    "say/yuan": (YUAN_HZ, 2400),
    "sub": (SUB_HZ, 4000),
    "please-hold": (SPARE_HZ, 4000),
    "new": (NEW_HZ, 4000),
    **{f"say/digit-{digit}": (DIGIT_HZ, 1200) for digit in range(10)},
}
MAIN: Final = """
languages: [zh-CN, en]
start: entry
steps:
  entry:
    do: menu
    say: entry
    keys:
      "1": account
      "2": amount
      "3": sub
      "4": text
      "5": secret
      "6": routed
      "7": news
      "8": hours
      "9": english
      "0": person
    repeat: "*"
    attempts: 3
    wait_seconds: 3
    otherwise: person
  account:
    do: digits
    say: account
    into: account
    min: 4
    max: 6
    confirm: true
    wait_seconds: 3
    between_seconds: 1
    attempts: 3
    next: by-caller
    otherwise: person
  by-caller:
    do: if
    cases:
      - when: {caller: "139*"}
        then: bye
      - when: {value: account, is: ["123456"]}
        then: entry
    otherwise: person
  amount: {do: set, values: {balance: "12.00"}, next: say-amount}
  say-amount:
    do: play
    say: {zh-CN: "{balance:amount}", en: "{balance:amount}"}
    next: entry
  sub: {do: flow, flow: sub, next: entry}
  text:
    do: play
    say: {zh-CN: 您好, en: Good day}
    next: entry
  secret:
    do: digits
    say: account
    into: card
    min: 12
    max: 12
    private: true
    next: entry
    otherwise: entry
  routed:
    do: set
    values: {priority: "2", skills: gas, queue: bills}
    next: chosen
  chosen: {do: queue, say: transferring}
  english: {do: language, to: other, next: entry}
  news: {do: notices, next: entry, person: person}
  hours: {do: hours, hours: never, open: bye, closed: always}
  always: {do: hours, hours: always, open: said-open, closed: bye}
  said-open: {do: play, say: sub, next: entry}
  person: {do: queue, queue: service, say: transferring}
  bye: {do: hangup, say: goodbye}
"""
SUB: Final = """
languages: [zh-CN, en]
start: hello
steps:
  hello: {do: play, say: sub, next: back}
  back: {do: return}
"""
PARTS: Final = {
    "outside": {},
    "hours": {"always": {"weekly": "24h"}, "never": {"weekly": {"mon": "closed"}}},
    "areas": {"chengbei": {"en": "North"}},
    "notices": {
        "storm": {
            "texts": {"zh-CN": "台风来袭。", "en": "A typhoon is coming."},
            "then": "person",
        }
    },
    "plans": {"disaster": {"name": {"en": "Disaster"}, "notices": ["storm"]}},
}
CARD: Final = "739164820357"
"""So long that no time stamp is it by chance."""
TRANSFERRING_HZ: Final = 1000
pytestmark = pytest.mark.asyncio(loop_scope="module")
GOODBYE_HZ: Final = 500


@dataclass
class Menus:
    line: Hotline
    api: ApiClient
    flows: Path

    async def dial(self, number: str = "13800001111") -> PhoneCall:
        """A caller who hears the entry menu."""
        call = await (await self.line.caller(number)).call("12345", audio=Tone(CALLER_HZ))
        await call.answered(deadline=5)
        await hears(call, ENTRY_HZ)
        return call

    async def ended(self) -> Json:
        """The newest call with its facts, when it has ended."""
        calls = await self.api.calls()
        return await self.api.call(calls[0]["call"], deadline=8)


async def hears(call: PhoneCall, hz: int) -> None:
    await call.heard.wait_for_tone(hz, deadline=6)


def walked(line: Hotline, call: str) -> list[tuple[str, str, str]]:
    """Every step that the caller went through, from the ledger."""
    with sqlite3.connect(line.settings.state_dir / "jietong.db") as ledger:
        rows = ledger.execute(
            "select body from ledger where kind = 'FlowStepsTaken' and call_id = ? order by id",
            (call,),
        )
        stretches = [json.loads(body)["steps"] for (body,) in rows]
    return [(one["flow"], one["step"], one["way"]) for steps in stretches for one in steps]


@asynccontextmanager
async def menus(folder: Path, root: Path) -> AsyncIterator[Menus]:
    flows = folder / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text(MAIN, "utf-8")
    (flows / "sub.yaml").write_text(SUB, "utf-8")
    async with (
        hotline(folder, root_dir=root, flows=flows, prompts=CLIPS, parts=PARTS) as line,
        ApiClient(line.api_url) as api,
    ):
        await api.log_in("admin", first_password(line.secrets, "admin"))
        yield Menus(line, api, flows)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path
) -> AsyncIterator[Menus]:
    """One hotline for all tests here: what a call leaves behind is the next one's start."""
    async with menus(tmp_path_factory.mktemp("menus"), asterisk_root) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def here(shared: Menus) -> AsyncIterator[Menus]:
    yield shared
    await shared.line.hang_up_all()


@pytest_asyncio.fixture(loop_scope="module")
async def facts(here: Menus) -> AsyncIterator[FactStream]:
    async with here.api.facts() as stream:
        yield stream


class TestDigits:
    async def test_keyed_said_back_confirmed_and_told(self, here: Menus, facts: FactStream) -> None:
        call = await here.dial()
        await call.press("1")
        await hears(call, ACCOUNT_HZ)
        await call.press("1234#")
        for hz in (BACK_HZ, DIGIT_HZ, RIGHT_HZ):
            await hears(call, hz)
        await call.press("1")
        await hears(call, TRANSFERRING_HZ)
        key = await facts.wait_for("MenuKeyTaken", deadline=5, step="account")
        assert key["key"] == "1234"

    async def test_wrong_then_right(self, here: Menus) -> None:
        call = await here.dial()
        await call.press("1")
        await hears(call, ACCOUNT_HZ)
        await call.press("12#")
        await hears(call, SHORT_HZ)
        await call.press("12*4#")
        await hears(call, WRONG_HZ)
        # Six digits are all: no end key is needed.
        await call.press("123456")
        await hears(call, RIGHT_HZ)
        await call.press("1")
        await hears(call, ENTRY_HZ)

    async def test_typed_ahead_over_everything(self, here: Menus) -> None:
        call = await here.dial("13912345678")
        await call.press("14321#1")
        await hears(call, GOODBYE_HZ)


class TestSaying:
    async def test_value_is_said_and_the_menu_comes_again(self, here: Menus) -> None:
        call = await here.dial()
        await call.press("2")
        for hz in (AMOUNT_HZ, YUAN_HZ, ENTRY_HZ):
            await hears(call, hz)

    async def test_text_that_nobody_has_spoken_is_not_silence(self, here: Menus) -> None:
        call = await here.dial()
        await call.press("4")
        await call.heard.wait_for_sound(deadline=4)
        await hears(call, ENTRY_HZ)

    async def test_sub_flow_and_back_repeat_and_language(
        self, here: Menus, facts: FactStream
    ) -> None:
        call = await here.dial()
        await call.press("3")
        await hears(call, SUB_HZ)
        await hears(call, ENTRY_HZ)
        await call.press("*")
        await hears(call, ENTRY_HZ)
        await call.press("9")
        await hears(call, ENTRY_HZ)
        await call.press("0")
        queued = await facts.wait_for("CallQueued", deadline=5)
        assert queued["language"] == "en"
        await call.hang_up()
        await here.api.call(queued["call"], deadline=8)
        assert walked(here.line, queued["call"]) == [
            ("main", "entry", "start"),
            ("main", "sub", "keys.3"),
            ("sub", "hello", "start"),
            ("sub", "back", "next"),
            ("main", "entry", "return"),
            ("main", "english", "keys.9"),
            ("main", "entry", "next"),
            ("main", "person", "keys.0"),
        ]


class TestRouting:
    async def test_set_decides_queue_priority_and_skills(
        self, here: Menus, facts: FactStream
    ) -> None:
        call = await here.dial()
        await call.press("6")
        queued = await facts.wait_for("CallQueued", deadline=8)
        assert (queued["queue"], queued["priority"], queued["skills"]) == ("bills", 2, ["gas"])

    async def test_200_wrong_keys_end_with_a_person(self, here: Menus, facts: FactStream) -> None:
        call = await here.dial()
        await call.press("7" * 200, tone_ms=40, gap_ms=30)
        queued = await facts.wait_for("CallQueued", deadline=15)
        assert queued["queue"] == "service"


class TestHoursAndNotices:
    async def test_goes_by_the_opening_hours(self, here: Menus) -> None:
        call = await here.dial()
        await call.press("8")
        await hears(call, SUB_HZ)
        await hears(call, ENTRY_HZ)

    async def test_notice_is_heard_while_it_is_on(self, here: Menus, facts: FactStream) -> None:
        notice = {
            "kind": "emergency",
            "texts": {"zh-CN": "水质异常，请勿饮用。", "en": "Do not drink the water."},
            "then": "person",
        }
        await here.api.request("POST", "/notices/water", notice)
        await here.api.request("POST", "/notices/water/on")
        call = await here.dial()
        await call.press("7")
        await call.heard.wait_for_sound(deadline=4)
        await facts.wait_for("CallQueued", deadline=10)
        await call.hang_up()
        await here.api.request("POST", "/notices/water/off")
        call = await here.dial()
        await call.press("7")
        await hears(call, ENTRY_HZ)
        await call.press("*")
        await hears(call, ENTRY_HZ)

    async def test_what_a_plan_says_is_heard_while_it_is_on(
        self, here: Menus, facts: FactStream
    ) -> None:
        on = await here.api.request("POST", "/plans/disaster", {"on": True, "reason": "storm"})
        assert on["texts_without_voice"] == 0
        call = await here.dial()
        await call.press("7")
        await call.heard.wait_for_sound(deadline=4)
        await facts.wait_for("CallQueued", deadline=10)
        await call.hang_up()
        await here.api.request("POST", "/plans/disaster", {"on": False, "reason": "over"})
        call = await here.dial()
        await call.press("7")
        await hears(call, ENTRY_HZ)
        await call.hang_up()


class TestHangUps:
    @pytest.mark.parametrize("keys", ["", "1", "11", "11234#", "2", "3", "4", "5", "51", "9", "0"])
    async def test_at_any_step_the_call_ends_in_order(
        self, here: Menus, facts: FactStream, keys: str
    ) -> None:
        call = await here.dial()
        if keys:
            await call.press(keys)
            await asyncio.sleep(0.3)
        await call.hang_up()
        ended = await facts.wait_for("CallEnded", deadline=5)
        assert ended["outcome"] in ("left-menu", "abandoned")


class TestPrivacy:
    """Stops the daemon to read all of its files."""

    async def test_private_digits_are_nowhere(self, here: Menus, facts: FactStream) -> None:
        call = await here.dial()
        await call.press("5")
        await hears(call, ACCOUNT_HZ)
        await call.press(CARD)
        await hears(call, ENTRY_HZ)
        await call.press("0")
        await facts.wait_for("CallQueued", deadline=5)
        await call.hang_up()
        await facts.wait_for("CallEnded", deadline=5)
        here.line.stop_daemon()
        for file in here.line.settings.state_dir.rglob("*"):
            if file.is_file():
                assert CARD.encode() not in file.read_bytes(), file
        assert CARD not in here.line.log_file.read_text("utf-8", "replace")
        await here.line.start_daemon()


class TestChanges:
    """Last: it leaves another flow behind."""

    async def test_new_calls_take_the_new_flow_and_calls_in_progress_keep_theirs(
        self, here: Menus
    ) -> None:
        before = await here.dial()
        main = here.flows / "main.yaml"
        main.write_text(MAIN.replace("say: entry\n", "say: new\n"), "utf-8")
        async with asyncio.timeout(15):
            while True:
                after = await (await here.line.caller("13800002222")).call("12345")
                await after.answered(deadline=5)
                with suppress(NotInTime):
                    await after.heard.wait_for_tone(NEW_HZ, deadline=1)
                    break
                await after.hang_up()
        await before.press("*")
        await hears(before, ENTRY_HZ)
        # A broken file changes nothing, and says so.
        main.write_text(MAIN.replace("do: menu", "do: menue"), "utf-8")
        async with asyncio.timeout(15):
            while "changed flows refused" not in here.line.log_tail():  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert "did you mean 'menu'?" in here.line.log_tail()
        again = await (await here.line.caller("13800003333")).call("12345")
        await again.answered(deadline=5)
        await hears(again, NEW_HZ)
