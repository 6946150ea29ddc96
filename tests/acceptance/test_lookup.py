"""The menu asks the billing system and the service desk; when they fail, the call goes on."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from bench.phones.audio import Tone
from bench.phones.phone import PhoneCall
from cti.sandbox import free_ports
from tests.acceptance.api_client import ApiClient
from tests.acceptance.branches import logged_in
from tests.acceptance.hotline import CALLER_HZ, ROOT, Hotline, hotline

HZ: Final = {
    "account": 620, "pin": 720, "wrong-pin": 820, "locked": 920, "owes": 1020, "credit": 1120,
    "unknown": 1220, "away": 1320, "known": 1420, "lookup/please-wait": 1520,
}  # fmt: skip
PROMPTS: Final = {name: (hz, 4000) for name, hz in HZ.items()} | {
    "ask/not-valid": (900, 1600),
    "ask/too-short": (900, 1600),
}
PIN: Final = "246810"
FLOW: Final = """
languages: [zh-CN, en]
start: who
steps:
  who:
    do: lookup
    service: desk
    path: /customers/by-number/{caller}
    into: {customer: /account, account: /account}
    next: known
    not_found: account
    failed: account
  known: {do: play, say: known, next: fetch}
  account:
    do: digits
    say: account
    into: account
    min: 8
    max: 8
    between_seconds: 2
    next: fetch
    otherwise: unknown
  pin:
    do: identify
    say: pin
    service: billing
    path: /accounts/{account}/pin
    min: 4
    max: 6
    wrong: wrong-pin
    locked: locked
    next: judge
    otherwise: unknown
    failed: away
  fetch:
    do: lookup
    service: billing
    path: /accounts/{account}
    into: {balance: /balance, customer: /customer}
    next: pin
    not_found: unknown
    failed: away
  judge:
    do: if
    cases:
      - when: {value: balance, under: 0}
        then: owes
    otherwise: credit
  owes: {do: play, say: owes, next: person}
  credit: {do: play, say: credit, next: person}
  unknown: {do: play, say: unknown, next: person}
  away: {do: play, say: away, next: person}
  person: {do: queue, queue: bills, say: no-key}
"""
GIVEN_UP: Final = 'cti_lookup_seconds_count{result="given-up",service="billing"} 1.0'
CUSTOMERS: Final = "account,name,numbers\n10000002,李四,13900002222\n"


@asynccontextmanager
async def billing(port: int, *arguments: str) -> AsyncIterator[None]:
    """`cti samples billing` as a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cti.cli", "samples", "billing", "--port", str(port), *arguments),
        cwd=ROOT,
    )
    try:
        async with asyncio.timeout(15), aiohttp.ClientSession() as session:
            while True:
                try:
                    timeout = aiohttp.ClientTimeout(total=0.3)
                    async with session.get(f"http://127.0.0.1:{port}/api/", timeout=timeout):
                        break
                except TimeoutError:
                    break  # it hangs, as it shall
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)
        yield
    finally:
        process.terminate()
        await process.wait()


@contextmanager
def customers(line: Hotline, folder: Path) -> Iterator[None]:
    file = folder / "customers.csv"
    file.write_text(CUSTOMERS, "utf-8")
    command = ["customers", "import", str(file), "--yes", "--settings", str(line.settings_file)]
    subprocess.run([sys.executable, "-m", "cti.cli", *command], cwd=ROOT, check=True)
    yield


@pytest.fixture
async def line(
    tmp_path: Path, asterisk_root: Path
) -> AsyncIterator[tuple[Hotline, ApiClient, int]]:
    port = free_ports(1)[0]
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text(FLOW, "utf-8")
    services: dict[str, Any] = {
        "billing": {"url": f"http://127.0.0.1:{port}/api", "timeout_seconds": 1.5},
        "desk": {},
    }
    parts = {
        "hotlines": [{"number": "12345", "flow": "main", "language": "zh-CN"}],
        "services": services,
    }
    async with hotline(
        tmp_path, root_dir=asterisk_root, flows=flows, prompts=PROMPTS, parts=parts
    ) as one:
        api = await logged_in(one)
        yield one, api, port
        await api.__aexit__()


async def dial(line: Hotline, number: str = "13800001111") -> PhoneCall:
    call = await (await line.caller(number)).call("12345", audio=Tone(CALLER_HZ))
    await call.answered(deadline=5)
    return call


async def hear(call: PhoneCall, name: str) -> None:
    await call.heard.wait_for_tone(HZ[name], deadline=8)


async def test_caller_with_the_right_pin_hears_of_their_debt_and_the_pin_is_nowhere(
    line: tuple[Hotline, ApiClient, int],
) -> None:
    here, api, port = line
    async with billing(port), api.facts() as facts:
        call = await dial(here)
        await hear(call, "account")
        await call.press("10000002")
        await hear(call, "pin")
        await call.press("1111#")
        await hear(call, "wrong-pin")
        await call.press(f"{PIN}#")
        await hear(call, "owes")
        known = await facts.wait_for("CustomerKnown", verified=True, deadline=5)
        assert known["customer"] == "li-si"
        queued = await facts.wait_for("CallQueued", deadline=8)
        assert queued["queue"] == "bills"
        async with api.session.get(f"{here.api_url}/metrics") as answer:
            figures = await answer.text()
        await call.hang_up()
        await facts.wait_for("CallEnded", deadline=5)

    assert 'cti_lookup_seconds_count{result="found",service="billing"} 2.0' in figures
    assert 'cti_lookup_seconds_count{result="not-found",service="desk"} 1.0' in figures
    here.stop_daemon()
    files = [file for file in here.settings.state_dir.rglob("*") if file.is_file()]
    for file in [*files, here.log_file]:
        content = file.read_bytes()
        assert PIN.encode() not in content, file
        assert PIN not in _digits_in_order(file), file


def _digits_in_order(file: Path) -> str:
    """Every single digit that the ledger keeps as a text of its own, one after the other: a PIN
    could lie there key by key."""
    if file.name != "jietong.db":
        return ""
    with sqlite3.connect(file) as ledger:
        bodies = [json.loads(body) for (body,) in ledger.execute("SELECT body FROM ledger")]
    assert bodies
    return "".join(text for body in bodies for text in _texts(body) if re.fullmatch("[0-9]", text))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


async def test_caller_whom_the_service_desk_knows_is_not_asked_for_the_account(
    line: tuple[Hotline, ApiClient, int], tmp_path: Path
) -> None:
    here, api, port = line
    with customers(here, tmp_path):
        async with billing(port), api.facts() as facts:
            call = await dial(here, "13900002222")
            await hear(call, "known")
            known = await facts.wait_for("CustomerKnown", deadline=5)
            assert (known["customer"], known["verified"]) == ("10000002", False)
            await hear(call, "pin")
            await call.press("246810")
            await hear(call, "owes")
            await call.hang_up()
            await facts.wait_for("CallEnded", deadline=5)


@pytest.mark.parametrize("fault", ["hang", "500", "garbage", "huge", "gone"])
async def test_service_that_fails_leads_to_a_person_within_its_time(
    line: tuple[Hotline, ApiClient, int], fault: str
) -> None:
    here, api, port = line
    async with api.facts() as facts:
        if fault == "gone":
            await _until_away(here, fault)
        else:
            async with billing(port, "--fault", fault):
                await _until_away(here, fault)
        queued = await facts.wait_for("CallQueued", deadline=8)
        assert queued["queue"] == "bills"


async def _until_away(here: Hotline, fault: str) -> None:
    call = await dial(here)
    await hear(call, "account")
    await call.press("10000002")
    start = time.monotonic()
    if fault == "hang":
        await hear(call, "lookup/please-wait")
    await hear(call, "away")
    assert time.monotonic() - start < 3


async def test_caller_who_hangs_up_ends_the_look_up(line: tuple[Hotline, ApiClient, int]) -> None:
    here, api, port = line
    async with billing(port, "--fault", "hang"), api.facts() as facts:
        call = await dial(here)
        await hear(call, "account")
        await call.press("10000002")
        await hear(call, "lookup/please-wait")
        await call.hang_up()
        ended = await facts.wait_for("CallEnded", deadline=5)
        assert ended["outcome"] == "left-menu"
        async with asyncio.timeout(5):
            while True:
                async with api.session.get(f"{here.api_url}/metrics") as answer:
                    if GIVEN_UP in await answer.text():
                        break
                await asyncio.sleep(0.1)
