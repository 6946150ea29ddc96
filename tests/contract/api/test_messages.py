"""Spoken messages: the list, the sound, and that nobody hears one unnoted."""

from __future__ import annotations

import pytest

from tests.contract.api.conftest import Client
from tests.fakes.messages import SOUND, FakeMessages

ONE = "/api/v1/messages/1"


async def test_pages_follow_each_other_without_gap_or_double(
    client: Client, messages: FakeMessages
) -> None:
    for number in range(2, 8):
        messages.add(number, "main" if number % 2 else "complaints")
    seen: list[int] = []
    path = "/api/v1/messages?limit=3"
    cursor = ""
    while True:
        answer = await client.get(path + cursor, "lead")
        assert answer.status == 200
        seen += [one["message"] for one in answer.json["messages"]]
        messages.add(100 + len(seen))  # newer ones do not move what follows
        if answer.json["next"] is None:
            break
        cursor = f"&cursor={answer.json['next']}"

    assert seen == [7, 6, 5, 4, 3, 2, 1]


async def test_list_is_filtered_by_box_and_state(client: Client, messages: FakeMessages) -> None:
    messages.add(2, "complaints")
    await client.post(f"{ONE}/done", "seat")

    boxes = await client.get("/api/v1/messages?box=complaints", "seat")
    done = await client.get("/api/v1/messages?state=done", "seat")

    assert [one["message"] for one in boxes.json["messages"]] == [2]
    assert [one["message"] for one in done.json["messages"]] == [1]
    for wrong in ("state=old", "box=a/b", "limit=0", "cursor=eA", "cursor=!", "color=red"):
        assert (await client.get(f"/api/v1/messages?{wrong}", "seat")).status == 400


async def test_auditor_sees_no_whole_number_and_a_seat_does(client: Client) -> None:
    auditor = await client.get(ONE, "auditor")
    seat = await client.get(ONE, "seat")

    assert (auditor.json["caller_number"], auditor.json["number_masked"]) == ("138****1111", True)
    assert (seat.json["caller_number"], seat.json["number_masked"]) == ("13800001111", False)


async def test_who_hears_a_message_is_noted_first(client: Client, messages: FakeMessages) -> None:
    answer = await client.get(f"{ONE}/audio", "auditor")

    assert (answer.status, answer.body) == (200, SOUND)
    assert answer.headers["Content-Type"] == "audio/wav"
    assert answer.headers["Cache-Control"] == "no-store"
    assert messages.notes == [(1, "auditor")]


async def test_what_cannot_be_noted_is_not_played(client: Client, messages: FakeMessages) -> None:
    messages.deaf = True
    answer = await client.get(f"{ONE}/audio", "admin")

    assert (answer.status, answer.problem) == (503, "not-noted")
    assert SOUND[4:40] not in answer.body


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-3", 0, 4), ("bytes=4-", 4, None), ("bytes=-5", -5, None),
        ("bytes=0-999999", 0, None), ("bytes=-999999", 0, None), ("bytes=1027-1027", 1027, 1028),
    ],
)  # fmt: skip
async def test_range_of_the_sound(client: Client, header: str, start: int, end: int | None) -> None:
    answer = await client.get(f"{ONE}/audio", "seat", headers={"Range": header})

    assert answer.body == SOUND[start:end]
    whole = len(answer.body) == len(SOUND)
    assert answer.status == (200 if whole else 206)
    if not whole:
        first = start if start >= 0 else len(SOUND) + start
        last = first + len(answer.body) - 1
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(SOUND)}"


@pytest.mark.parametrize("header", ["bytes=5-2", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4", "x"])
async def test_what_is_no_single_range_counts_as_none(client: Client, header: str) -> None:
    answer = await client.get(f"{ONE}/audio", "seat", headers={"Range": header})
    assert (answer.status, answer.body) == (200, SOUND)


@pytest.mark.parametrize("header", ["bytes=1028-", "bytes=99999-100000", "bytes=-0"])
async def test_range_beyond_the_end_is_refused_and_not_noted(
    client: Client, messages: FakeMessages, header: str
) -> None:
    answer = await client.get(f"{ONE}/audio", "seat", headers={"Range": header})

    assert (answer.status, answer.problem) == (416, "no-such-range")
    assert answer.headers["Content-Range"] == f"bytes */{len(SOUND)}"
    assert messages.notes == []


@pytest.mark.parametrize("number", ["2", "0", "-1", "01", "x", "1e3", "9" * 15, "9" * 40, "%2e%2e"])
async def test_message_that_is_none_is_not_found(client: Client, number: str) -> None:
    for path in (f"/api/v1/messages/{number}", f"/api/v1/messages/{number}/audio"):
        assert (await client.get(path, "admin")).status == 404
    assert (await client.post(f"/api/v1/messages/{number}/heard", "admin")).status == 404


async def test_sound_that_is_gone_is_not_found_and_not_noted(
    client: Client, messages: FakeMessages
) -> None:
    (messages.folder / messages.messages[1].file).unlink()
    assert (await client.get(f"{ONE}/audio", "admin")).status == 404
    assert messages.notes == []


async def test_done_stays_done_and_tells_by_whom(client: Client) -> None:
    heard = await client.post(f"{ONE}/heard", "seat")
    done = await client.post(f"{ONE}/done", "lead")
    again = await client.post(f"{ONE}/heard", "seat")

    assert (heard.json["state"], heard.json["handled_by"]) == ("heard", "wangfang")
    assert (done.json["state"], done.json["handled_by"]) == ("done", "lead")
    assert (again.json["state"], again.json["handled_by"]) == ("done", "lead")
