"""Texts, web contacts and mails through the API, with the real routing core and a real database."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cti.api.contact_schemas import LONGEST_TEXT
from cti.api.port import Role
from tests.contract.api.conftest import Client

CONTACTS = "/api/v1/contacts"
TEXT: dict[str, Any] = {
    "kind": "text",
    "queue": "repairs",
    "sender": "13800001111",
    "text": "家里停水了\n什么时候恢复？",
    "reference": "sms-1",
}


async def hand_in(client: Client, **changes: Any) -> Any:
    answer = await client.post(CONTACTS, "lead", json=TEXT | changes)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


async def wish(client: Client, contact: str, word: str, role: Role = "seat", **body: Any) -> Any:
    more = {"json": body} if word == "return" else {}
    answer = await client.post(f"{CONTACTS}/{contact}/{word}", role, **more)
    return answer.status, json.loads(answer.body)


async def listed(client: Client, role: Role, state: str = "open") -> list[Any]:
    answer = await client.get(f"{CONTACTS}?state={state}", role)
    return list(json.loads(answer.body)["contacts"])


async def test_offered_accepted_and_closed_by_the_seat(client: Client) -> None:
    came = await hand_in(client)
    assert (came["state"], came["seat"], came["text"]) == ("offered", "1001", TEXT["text"])
    status, mine = await wish(client, came["contact"], "accept")
    assert (status, mine["state"]) == (200, "in-hand")
    assert [one["contact"] for one in await listed(client, "seat")] == [came["contact"]]
    status, done = await wish(client, came["contact"], "close")
    assert (status, done["state"], done["outcome"]) == (200, "ended", "closed")
    assert await listed(client, "lead") == []
    status, problem = await wish(client, came["contact"], "close")
    assert (status, problem["detail"]) == (404, f"there is no contact {came['contact']!r}")


async def test_given_back_into_another_queue(client: Client) -> None:
    came = await hand_in(client)
    await wish(client, came["contact"], "accept")
    status, back = await wish(client, came["contact"], "return", queue="bills")
    assert (status, back["state"], back["queue"], back["seat"]) == (200, "waiting", "bills", None)
    status, _ = await wish(client, came["contact"], "return", "lead", queue="nowhere")
    assert status == 409


async def test_rejected_ones_wait_and_the_seat_is_offered_no_more(client: Client) -> None:
    first = await hand_in(client)
    status, left = await wish(client, first["contact"], "reject")
    assert (status, left["state"]) == (200, "waiting")
    second = await hand_in(client, text="另一条")
    assert second["state"] == "waiting"


async def test_the_same_key_is_the_same_contact(client: Client) -> None:
    first = await hand_in(client, key="gateway-7")
    again = await hand_in(client, key="gateway-7")
    assert first == again
    assert len(await listed(client, "lead")) == 1
    other = await client.post(CONTACTS, "lead", json=TEXT | {"key": "gateway-7", "text": "x"})
    assert other.status == 409
    assert b"another text was handed in with this key" in other.body


async def test_list_is_as_long_as_asked_for(client: Client) -> None:
    for number in range(3):
        await hand_in(client, text=str(number), queue="bills")
    short = json.loads((await client.get(f"{CONTACTS}?limit=2", "lead")).body)
    assert len(short["contacts"]) == 2
    for limit in ("0", "201", "many"):
        assert (await client.get(f"{CONTACTS}?limit={limit}", "lead")).status == 400


@pytest.mark.parametrize("state", ["open", "all"])
async def test_seat_finds_its_own_however_many_others_wait(client: Client, state: str) -> None:
    for number in range(3):
        await hand_in(client, text=str(number), queue="bills")
    own = await hand_in(client)
    for number in range(3):
        await hand_in(client, text=str(number), queue="bills")
    answer = await client.get(f"{CONTACTS}?state={state}&limit=2", "seat")
    assert [one["contact"] for one in json.loads(answer.body)["contacts"]] == [own["contact"]]


async def test_withdrawn_by_who_handed_it_in(client: Client) -> None:
    came = await hand_in(client)
    status, gone = await wish(client, came["contact"], "withdraw", "lead")
    assert (status, gone["state"], gone["outcome"]) == (200, "ended", "withdrawn")


async def test_seats_do_not_see_what_is_not_theirs_and_auditors_no_text(client: Client) -> None:
    came = await hand_in(client, queue="bills")
    assert came["state"] == "waiting"
    assert await listed(client, "seat") == []
    assert (await client.get(f"{CONTACTS}/{came['contact']}", "seat")).status == 404
    status, problem = await wish(client, came["contact"], "accept")
    assert (status, problem["detail"]) == (409, "seat 1001 does not have it")
    seen = json.loads((await client.get(f"{CONTACTS}/{came['contact']}", "auditor")).body)
    assert (seen["text"], seen["sender"], seen["sender_masked"]) == (None, "138****1111", True)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"queue": "nowhere"}, 404),
        ({"queue": "../etc"}, 400),
        ({"kind": "fax"}, 400),
        ({"kind": "call"}, 400),
        ({"text": "x" * (LONGEST_TEXT + 1)}, 400),
        ({"text": "x" * 10_000_000}, 413),
        ({"text": "bell \u0007"}, 400),
        ({"sender": ""}, 400),
        ({"sender": "1\r\nX: y"}, 400),
        ({"priority": -1}, 400),
        ({"skills": ["gas:99"]}, 400),
        ({"patience_minutes": 0}, 400),
        ({"colour": "red"}, 400),
    ],
)
async def test_bad_contacts_are_refused_and_leave_nothing(
    client: Client, change: dict[str, Any], status: int
) -> None:
    answer = await client.post(CONTACTS, "lead", json=TEXT | change)
    assert answer.status == status, answer.body
    assert await listed(client, "lead") == []


async def test_metrics_tell_what_is_open(client: Client, contacts: Any) -> None:
    del contacts
    await hand_in(client, queue="bills")
    text = (await client.get("/metrics")).body.decode()
    assert 'cti_contacts_open{kind="text",queue="bills",state="waiting"} 1.0' in text
    assert 'cti_contacts_longest_wait_seconds{kind="text",queue="bills"}' in text


@pytest.mark.parametrize("name", ["%00", "%FF", "%ED%A0%80", "a" * 7_000, "..%2F..%2Fetc"])
async def test_name_that_no_contact_can_have_is_not_found(client: Client, name: str) -> None:
    assert (await client.get(f"{CONTACTS}/{name}", "lead")).status == 404
    assert (await client.post(f"{CONTACTS}/{name}/accept", "seat")).status == 404
    assert (await client.post(f"{CONTACTS}/{name}/withdraw", "lead")).status == 404


@pytest.mark.parametrize("character", ["水", "🌊"])
async def test_longest_text_fits_however_its_gateway_writes_json(
    client: Client, character: str
) -> None:
    """Escaped, each half of a character of the second kind takes six bytes."""
    came = await hand_in(client, text=character * LONGEST_TEXT)
    assert came["text"] == character * LONGEST_TEXT
