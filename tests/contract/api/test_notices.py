"""Notices through the API: written, switched, kept, refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cti.facts import NoticeSwitched, Report
from cti.notices import MOST_ON, NoticeBoard
from cti.runtime.clock import HostClock
from tests.contract.api.conftest import Client

BURST: dict[str, Any] = {
    "kind": "outage",
    "texts": {"zh-CN": "城北主管爆裂。", "en": "A burst main in the north."},
    "areas": ["chengbei"],
}


async def write(client: Client, name: str = "burst", **changes: Any) -> Any:
    return await client.post(f"/api/v1/notices/{name}", "lead", json=BURST | changes)


async def test_written_switched_on_and_off(
    client: Client, board: NoticeBoard, told: list[Report]
) -> None:
    written = await write(client)
    assert (written.status, written.json["on"]) == (200, False)
    assert board.active() == ()
    on = await client.post("/api/v1/notices/burst/on", "lead")
    assert (on.json["on"], on.json["changed_by"]) == (True, "lead")
    assert [notice.id for notice in board.active()] == ["burst"]
    listed = await client.get("/api/v1/notices", "seat")
    assert [one["notice"] for one in listed.json["notices"]] == ["burst"]
    await client.post("/api/v1/notices/burst/off", "lead")
    assert board.active() == ()
    switched = [fact for fact in told if isinstance(fact, NoticeSwitched)]
    assert [(fact.on, fact.by) for fact in switched] == [
        (False, "lead"),
        (True, "lead"),
        (False, "lead"),
    ]


async def test_change_of_a_notice_that_is_on_is_heard_at_once(
    client: Client, board: NoticeBoard
) -> None:
    await write(client)
    await client.post("/api/v1/notices/burst/on", "lead")
    await write(client, texts={"en": "Mended by noon."})
    assert board.active()[0].texts == {"en": "Mended by noon."}


async def test_text_without_a_voice_is_told(client: Client) -> None:
    await write(client, texts={"zh-CN": "无声", "en": "loud"})
    answer = await client.post("/api/v1/notices/burst/on", "lead")
    assert answer.json["texts_without_voice"] == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"areas": ["chengnan"]}, 409),
        ({"until_us": 1}, 409),
        ({"texts": {}}, 400),
        ({"texts": {"fr": "Bonjour"}}, 400),
        ({"texts": {"en": "x" * 501}}, 400),
        ({"texts": {"en": "a\nb"}}, 400),
        ({"kind": "party"}, 400),
        ({"then": "dance"}, 400),
        ({"extra": 1}, 400),
    ],
)
async def test_what_does_not_fit_is_refused_and_changes_nothing(
    client: Client, board: NoticeBoard, changes: dict[str, Any], status: int
) -> None:
    answer = await write(client, **changes)
    assert answer.status == status
    assert board.all() == ()


async def test_too_many_at_once_are_refused(client: Client) -> None:
    for number in range(MOST_ON):
        await write(client, f"n{number}")
        assert (await client.post(f"/api/v1/notices/n{number}/on", "lead")).status == 200
    await write(client, "last")
    assert (await client.post("/api/v1/notices/last/on", "lead")).status == 409


async def test_what_is_on_stays_on_over_a_restart(
    client: Client, board: NoticeBoard, tmp_path: Path
) -> None:
    await write(client)
    await client.post("/api/v1/notices/burst/on", "lead")

    async def speak(texts: object) -> int:
        del texts
        return 0

    file = tmp_path / "notices.json"
    again = NoticeBoard(file, ["chengbei"], HostClock(), tell=print, speak=speak)
    again.load()
    assert again.active() == board.active()
    file.write_text("[{", "utf-8")
    broken = NoticeBoard(file, ["chengbei"], HostClock(), tell=print, speak=speak)
    broken.load()
    assert broken.active() == ()
    assert (tmp_path / "notices.unreadable").read_text("utf-8") == "[{"


async def test_disk_that_takes_nothing_changes_nothing(
    client: Client, board: NoticeBoard, tmp_path: Path
) -> None:
    (tmp_path / "notices.new").mkdir()
    answer = await write(client)
    assert (answer.status, answer.problem) == (503, "not-kept")
    assert board.all() == ()
