"""Notices through the API: written, switched, kept, refused."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from cti.facts import NoticeSwitched, Report
from cti.notices import MOST_ON, NoticeBoard, NoticeRefused
from cti.runtime.clock import HostClock
from ivr_flows.notices import Notice
from tests.contract.api.conftest import Client

BURST: dict[str, Any] = {
    "kind": "outage",
    "texts": {"zh-CN": "城北主管爆裂。", "en": "A burst main in the north."},
    "areas": ["chengbei"],
}


def no_report(report: Report) -> None:
    del report


async def no_voice(texts: object) -> int:
    del texts
    return 0


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


async def test_removed_for_good(client: Client, board: NoticeBoard, told: list[Report]) -> None:
    await write(client)
    await client.post("/api/v1/notices/burst/on", "lead")
    gone = await client.post("/api/v1/notices/burst/remove", "admin")
    assert (gone.status, gone.json["on"]) == (200, False)
    assert (board.all(), board.active()) == ((), ())
    assert (await client.post("/api/v1/notices/burst/on", "lead")).status == 404
    changes = [fact.change for fact in told if isinstance(fact, NoticeSwitched)]
    assert changes == ["written", "switched", "removed"]


class SetClock:
    def __init__(self) -> None:
        self.us = 1_000

    def now_us(self) -> int:
        return self.us


async def test_one_whose_time_is_over_is_not_switched_on_and_takes_no_place(
    tmp_path: Path,
) -> None:
    clock = SetClock()
    board = NoticeBoard(tmp_path / "n.json", [], clock, tell=no_report, speak=no_voice)
    for number in range(MOST_ON):
        short = Notice(id=f"n{number}", kind="info", texts={"en": "x"}, until_us=2_000)
        await board.write(short, "lead")
        await board.switch(short.id, on=True, by="lead")
    await board.write(Notice(id="next", kind="info", texts={"en": "x"}), "lead")
    with pytest.raises(NoticeRefused, match="20 notices are on"):
        await board.switch("next", on=True, by="lead")
    clock.us = 2_000
    await board.switch("next", on=True, by="lead")
    await board.switch("n0", on=False, by="lead")
    with pytest.raises(NoticeRefused, match="its time is over"):
        await board.switch("n0", on=True, by="lead")


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

    file = tmp_path / "notices.json"
    again = NoticeBoard(file, ["chengbei"], HostClock(), tell=no_report, speak=no_voice)
    again.load()
    assert again.active() == board.active()
    for damaged in (b"[{", b"\xff\xfe", b"null", file.read_bytes().replace(b'"en"', b'"en', 1)):
        file.write_bytes(damaged)
        broken = NoticeBoard(file, ["chengbei"], HostClock(), tell=no_report, speak=no_voice)
        broken.load()
        assert broken.active() == ()
        assert (tmp_path / "notices.unreadable").read_bytes() == damaged


async def test_notice_without_text_in_the_file_is_not_taken(tmp_path: Path) -> None:
    file = tmp_path / "notices.json"
    file.write_text('[{"notice": {"id": "a", "kind": "info", "texts": {}}, "on": true}]', "utf-8")
    board = NoticeBoard(file, [], HostClock(), tell=no_report, speak=no_voice)
    board.load()
    assert board.active() == ()


async def test_sound_goes_on_being_made_when_nobody_waits_for_it(tmp_path: Path) -> None:
    made: list[tuple[str, str]] = []
    go_on, done = asyncio.Event(), asyncio.Event()

    async def speak(texts: Iterable[tuple[str, str]]) -> int:
        for text in texts:
            await go_on.wait()
            made.append(text)
        done.set()
        return 0

    file = tmp_path / "notices.json"
    board = NoticeBoard(file, [], HostClock(), tell=no_report, speak=speak)
    notice = Notice(id="a", kind="info", texts={"zh-CN": "停水"})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await board.voices(notice)
    go_on.set()
    async with asyncio.timeout(2):
        await done.wait()
    # Who speaks English hears it too, as it is.
    assert made == [("停水", "zh-CN"), ("停水", "en")]


async def test_what_is_on_gets_its_sound_again_at_a_start(tmp_path: Path) -> None:
    made: list[tuple[str, str]] = []

    async def speak(texts: Iterable[tuple[str, str]]) -> int:
        made.extend(texts)
        return 0

    board = NoticeBoard(tmp_path / "n.json", [], HostClock(), tell=no_report, speak=speak)
    for name in ("on", "off"):
        await board.write(Notice(id=name, kind="info", texts={"en": name}), "lead")
    await board.switch("on", on=True, by="lead")
    await board.prepare()
    assert made == [("on", "zh-CN"), ("on", "en")]


async def test_disk_that_takes_nothing_changes_nothing(
    client: Client, board: NoticeBoard, tmp_path: Path
) -> None:
    (tmp_path / "notices.new").mkdir()
    answer = await write(client)
    assert (answer.status, answer.problem) == (503, "not-kept")
    assert board.all() == ()
