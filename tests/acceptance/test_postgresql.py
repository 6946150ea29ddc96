"""The same hotline on PostgreSQL, by one setting; and calls go on while the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bench.phones.phone import AnswerAfter
from cti.people import first_password
from tests.acceptance.api_client import ApiClient
from tests.acceptance.hotline import Hotline, call_in, hotline
from tests.contract.store.postgres import PostgresServer


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    running = PostgresServer()
    try:
        running.start()
        running.sql("CREATE DATABASE jietong")
        yield running
    finally:
        running.remove()


@pytest.fixture
async def line(
    tmp_path: Path, asterisk_root: Path, server: PostgresServer
) -> AsyncIterator[Hotline]:
    url = server.url("jietong")
    async with hotline(tmp_path, root_dir=asterisk_root, database_url=url) as running:
        yield running


async def counted(api: ApiClient, line: Hotline, name: str) -> None:
    """Wait until the counter `name` is above zero."""
    async with asyncio.timeout(10):
        while True:
            async with api.session.get(f"{line.api_url}/metrics") as answer:
                lines = (await answer.text()).splitlines()
            if any(text.startswith(f"{name} ") and float(text.split()[1]) > 0 for text in lines):
                return
            await asyncio.sleep(0.1)


async def test_a_call_while_the_database_is_away_is_served_and_written_down_once_it_is_back(
    line: Hotline, server: PostgresServer
) -> None:
    await line.seat("1001", AnswerAfter(0))
    async with ApiClient(line.api_url) as api:
        await api.log_in("admin", first_password(line.secrets, "admin"))
        await api.sign_on("1001")
        async with api.facts() as facts:
            before = await call_in(line, number="13800000001")
            await facts.wait_for("TalkStarted", deadline=8)
            await asyncio.to_thread(server.stop)
            await before.hang_up()
            first = await facts.wait_for("CallEnded", deadline=8)

            during = await call_in(line, number="13800000002")
            await facts.wait_for("TalkStarted", deadline=8)
            await during.hang_up()
            second = await facts.wait_for("CallEnded", deadline=8)
            await counted(api, line, "cti_ledger_journalled_total")
            await counted(api, line, "cti_ami_events_total")
            await asyncio.to_thread(server.start)

        for ended in (first, second):
            call = await api.call(ended["call"], deadline=20)
            assert call["outcome"] == "answered"
            lines = await api.timeline(ended["call"], language="en", deadline=20)
            assert sum("answered" in text for text in lines) >= 1
            assert len(lines) == len(set(lines)), "every fact is written once"
