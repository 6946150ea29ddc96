"""Log-in over HTTP: tokens, renewal, limits, and nothing that tells which names exist."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from cti.api import login
from cti.api.errors import Problem
from cti.api.login import LogIn
from cti.api.tokens import MAX_SESSION_S
from tests.contract.api.conftest import PASSWORD, WEAK, Answer, Client
from tests.fakes.engine import FakeUsers

LOGIN = "/api/v1/login"


async def log_in(client: Client, user: str, password: str) -> Answer:
    return await client.post(LOGIN, json={"user": user, "password": password})


async def test_the_right_password_gives_a_token_that_works(client: Client) -> None:
    answer = await log_in(client, "wangfang", PASSWORD)
    token = answer.json["access_token"]
    me = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})

    assert answer.status == 200
    assert answer.json["role"] == "seat"
    assert 1700 < answer.json["expires_in"] <= 1800
    assert answer.headers["Cache-Control"] == "no-store"
    assert (me.json["user"], me.json["seat"]) == ("wangfang", "1001")


async def test_unknown_disabled_and_wrong_get_the_same_answer(
    client: Client, users: FakeUsers
) -> None:
    users.users["lead"] = replace(users.users["lead"], active=False)

    answers = [
        await log_in(client, "wangfang", "wrong"),
        await log_in(client, "nobody", PASSWORD),
        await log_in(client, "lead", PASSWORD),
    ]

    assert {answer.status for answer in answers} == {401}
    assert len({answer.body for answer in answers}) == 1


async def test_an_unknown_user_costs_one_hash_as_a_known_one_does(users: FakeUsers) -> None:
    class Counting:
        verified = 0

        def __getattr__(self, name: str) -> Any:
            if name == "verify":
                Counting.verified += 1
            return getattr(WEAK, name)

    checker = LogIn(users, hasher=Counting())  # type: ignore[arg-type]
    await checker.start()
    for name in ("wangfang", "nobody"):
        with pytest.raises(Problem):
            await checker.check(name, "wrong", "192.0.2.1")
    checker.stop()

    assert Counting.verified == 2


async def test_a_thousand_wrong_log_ins_are_stopped_and_the_right_one_waits_too(
    client: Client,
) -> None:
    answers = await asyncio.gather(*(log_in(client, "wangfang", f"no{n}") for n in range(1000)))
    statuses = [answer.status for answer in answers]

    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= login.USER_BURST + 2
    late = await log_in(client, "wangfang", PASSWORD)
    assert (late.status, late.problem) == (429, "too-many-log-ins")
    assert 1 <= int(late.headers["Retry-After"]) <= login.USER_REFILL_US / 1e6
    assert (await client.get("/healthz")).status == 200


async def test_wrong_log_ins_under_many_names_are_limited_by_address(client: Client) -> None:
    answers = await asyncio.gather(*(log_in(client, f"user{n}", "no") for n in range(200)))

    wrong = sum(answer.status == 401 for answer in answers)
    assert login.ADDRESS_BURST <= wrong <= login.ADDRESS_BURST + 10


async def test_a_whole_shift_may_log_in_from_one_address(client: Client) -> None:
    answers = await asyncio.gather(*(log_in(client, "wangfang", PASSWORD) for _ in range(20)))
    for _ in range(login.ADDRESS_BURST + 10):
        answers.append(await log_in(client, "wangfang", PASSWORD))

    allowed = sum(answer.status == 200 for answer in answers)
    assert allowed >= login.ADDRESS_BURST + 10


async def test_the_log_names_who_and_from_where_but_never_a_password(client: Client) -> None:
    with capture_logs() as lines:
        await log_in(client, "wangfang", PASSWORD)
        await log_in(client, "wangfang", "s3cret-guess")

    events = [line["event"] for line in lines]
    assert events == ["logged in", "log-in refused"]
    assert all(line["user"] == "wangfang" and line["peer"] == "127.0.0.1" for line in lines)
    assert PASSWORD not in str(lines)
    assert "s3cret" not in str(lines)


async def test_a_renewed_token_takes_over_what_the_directory_says_now(
    client: Client, users: FakeUsers
) -> None:
    users_before = client.bearer("lead")
    users.users["lead"] = replace(users.users["lead"], role="auditor")

    renewed = await client.post("/api/v1/token/renew", headers=users_before)

    assert (renewed.status, renewed.json["role"]) == (200, "auditor")


async def test_a_user_who_was_taken_away_cannot_renew(client: Client, users: FakeUsers) -> None:
    headers = client.bearer("lead")
    del users.users["lead"]

    assert (await client.post("/api/v1/token/renew", headers=headers)).status == 401


async def test_after_a_long_shift_the_password_is_asked_for_again(
    client: Client, users: FakeUsers
) -> None:
    now = client.tokens.issue(users.users["lead"])[1].signed_in_s
    token, _ = client.tokens.issue(users.users["lead"], signed_in_s=now - MAX_SESSION_S + 1)
    almost = await client.post("/api/v1/token/renew", headers={"Authorization": f"Bearer {token}"})

    assert almost.json["expires_in"] <= 1


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["#/password", "#/user"]),
        ({"user": "wangfang"}, ["#/password"]),
        ({"user": 7, "password": True}, ["#/password", "#/user"]),
        ({"user": "wangfang", "password": "x", "role": "admin"}, ["#/role"]),
        ({"user": "wangfang", "password": "x", "a/b~c": 1}, ["#/a~1b~0c"]),
        ({"user": "Robert'); DROP TABLE", "password": "x"}, ["#/user"]),
        ({"user": "wangfang", "password": "x" * 257}, ["#/password"]),
        (["wangfang", "x"], ["#"]),
        (None, ["#"]),
        ("text", ["#"]),
    ],
)
async def test_a_body_that_is_not_expected_is_answered_with_pointers_and_without_its_values(
    client: Client, body: Any, pointers: list[str]
) -> None:
    answer = (
        await client.post(LOGIN, json=body, data=None)
        if body is not None
        else (await client.post(LOGIN, data=b"null", headers={"Content-Type": "application/json"}))
    )

    assert (answer.status, answer.problem) == (400, "not-valid")
    assert sorted(error["pointer"] for error in answer.json["errors"]) == pointers
    assert b"DROP" not in answer.body


async def test_a_log_in_from_a_form_of_another_site_is_refused(client: Client) -> None:
    answer = await client.post(LOGIN, data=aiohttp.FormData({"user": "a", "password": "b"}))

    assert (answer.status, answer.problem) == (415, "not-json")
