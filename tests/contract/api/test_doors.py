"""A lead opens and closes queues; their hours say when nobody has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cti.api.port import Role
from cti.facts import QueueDoorMoved, Report
from cti.queue_doors import QueueDoors
from tests.contract.api.conftest import Client

ROLES: tuple[Role, ...] = ("seat", "auditor")
QUEUES = "/api/v1/queues"


async def say(client: Client, queue: str, wish: str, role: Role = "lead") -> Any:
    answer = await client.post(f"{QUEUES}/{queue}/{wish}", role)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


async def test_closing_is_told_and_undone(client: Client, told: list[Report]) -> None:
    door = await say(client, "repairs", "close")
    assert (door["open"], door["said"], door["by"]) == (False, "closed", "lead")
    door = await say(client, "repairs", "by-hours", "admin")
    assert (door["open"], door["said"], door["by"], door["hours"]) == (True, "by-hours", None, None)
    moved = [(one.queue, one.open, one.by) for one in told if isinstance(one, QueueDoorMoved)]
    assert moved == [
        ("repairs", False, "lead"),
        ("bills", False, "opening hours"),
        ("repairs", True, "opening hours"),
    ]


async def test_hours_count_until_somebody_says_otherwise(client: Client) -> None:
    door = json.loads((await client.get(f"{QUEUES}/bills/door", "seat")).body)
    assert (door["open"], door["hours"]) == (False, "never")
    assert (await say(client, "bills", "open"))["open"]


async def test_what_was_said_outlives_the_daemon(
    client: Client, doors: QueueDoors, told: list[Report]
) -> None:
    await say(client, "repairs", "close")
    doors._words = {}
    doors.load()
    word = doors.door("repairs").word
    assert word is not None
    assert (word.said, word.by) == ("closed", "lead")


async def test_broken_file_leaves_the_hours(doors: QueueDoors) -> None:
    doors._file.write_text('{"repairs": {"said": "ajar"}}')
    doors.load()
    assert doors.door("repairs").open
    assert not doors._file.exists()
    assert doors._file.with_suffix(".unreadable").exists()


async def test_file_that_cannot_be_written_changes_nothing(
    client: Client, doors: QueueDoors
) -> None:
    doors._file = doors._file.parent / "no" / "folder" / "doors.json"
    answer = await client.post(f"{QUEUES}/repairs/close", "lead")
    assert answer.status == 503
    assert doors.door("repairs").open


@pytest.mark.parametrize("wish", ["open", "close", "by-hours"])
async def test_seats_and_auditors_may_not_and_unknown_queues_are_told(
    client: Client, wish: str
) -> None:
    for role in ROLES:
        assert (await client.post(f"{QUEUES}/repairs/{wish}", role)).status == 403
    assert (await client.post(f"{QUEUES}/nowhere/{wish}", "lead")).status == 404
