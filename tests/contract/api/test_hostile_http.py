"""What strangers send."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import jwt
import pytest

from cti.api.server import MAX_BODY
from tests.contract.api.conftest import KEY, Client
from tests.fakes.engine import FakeEngine

JSON = {"Content-Type": "application/json"}


async def raw(client: Client, content: bytes) -> bytes:
    """Send bytes as they are, read until the server closes."""
    host, port = client.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(content)
    await writer.drain()
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 415),
        (b"{", 400),
        (b"{}{}", 400),
        (b'{"user":"a"', 400),
        (b"\xff\xfe\x00", 400),
        (b'{"user":"\\ud800","password":"x"}', 400),
        (b'{"user":"a","password":"\\ud800"}', 400),
        (b'{"user":"a","password":NaN}', 400),
        (b"[" * 60_000, 400),
        (b'{"a":' * 10_000, 400),
        (b'"' + b"x" * (MAX_BODY - 2) + b'"', 400),
        (b" " * (MAX_BODY + 1), 413),
    ],
)
async def test_a_broken_body_is_refused_whole(client: Client, content: bytes, status: int) -> None:
    answer = await client.post(
        "/api/v1/login", data=content, headers=JSON if content else {"X-None": "1"}
    )

    assert answer.status == status


async def test_a_body_without_an_end_is_cut_at_64_kib(client: Client) -> None:
    async def endless() -> Any:
        for _ in range(64):
            yield b" " * 8192

    answer = await client.post("/api/v1/login", data=endless(), headers=JSON)

    assert (answer.status, answer.problem) == (413, "body-too-large")


async def test_a_compressed_body_counts_at_its_full_size(client: Client) -> None:
    answer = await client.post(
        "/api/v1/login", data=b" " * 2_000_000, headers=JSON, compress="deflate"
    )

    assert answer.status == 413


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/seats/..%2f..%2fetc%2fpasswd",
        "/api/v1/seats/1001%00",
        "/api/v1/seats/%0d%0aSet-Cookie:%20a=b",
        "/api/v1/calls/..%2fme",
        "/api/v1/calls/" + "a" * 3000,
        "/api/v1/calls/%E6%8E%A5",
        "/api/v1/nothing",
        "/",
        "/api/v1/../v1/me/..",
        "//api/v1/me",
    ],
)
async def test_paths_that_lead_nowhere_are_404(client: Client, path: str) -> None:
    answer = await client.get(path, "lead")

    assert (answer.status, "Set-Cookie" in answer.headers) == (404, False)


async def test_another_method_is_405_and_says_which_are_allowed(client: Client) -> None:
    answer = await client.send("DELETE", "/api/v1/seats/1001", "admin")

    assert (answer.status, answer.problem) == (405, "method-not-allowed")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=many", "limit=1e9", "from=-1", "to=99999999999999999999",
        "from=5&to=5", "outcome=lost", "number=138%25", "number=*", "queue=..%2f", "seat=1%0a",
        "cursor=%00", "cursor=AAAA", "order=up", "limit=1&limit=2", "state=all",
        "from=1.5", "limit=%D9%A5x",
    ],
)  # fmt: skip
async def test_a_query_that_is_not_expected_names_the_parameter(client: Client, query: str) -> None:
    answer = await client.get(f"/api/v1/calls?{query}", "lead")

    assert (answer.status, answer.problem) == (400, "not-valid")
    assert answer.json["errors"][0]["parameter"] in query


@pytest.mark.parametrize(
    "reason",
    ["", "x" * 65, "a\r\nAction: Originate", "a\x00b", "a\u2028b", "\ud800", 7, None, ["a"]],
)
async def test_a_reason_that_could_become_a_command_is_refused(
    client: Client, engine: FakeEngine, reason: Any
) -> None:
    before = engine.seats()
    answer = await client.post("/api/v1/seats/1001/pause", "lead", json={"reason": reason})

    assert answer.status == 400
    assert engine.seats() == before


def forged(**over: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": "jietong", "aud": "jietong-api", "sub": "wangfang", "iat": now, "exp": now + 60,
        "role": "admin", "seat": None, "signed_in": now,
    } | over  # fmt: skip
    return jwt.encode(claims, over.pop("key", KEY), algorithm=over.pop("alg", "HS256"))


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic d2FuZ2Zhbmc6eA==",
        "Bearer " + jwt.encode({"sub": "admin", "role": "admin"}, None, algorithm="none"),
        "Bearer " + jwt.encode({"sub": "admin", "role": "admin"}, "z" * 64, algorithm="HS256"),
        "Bearer " + forged(exp=1),
        "Bearer " + forged(aud="other"),
        "Bearer " + forged(role="root"),
        "Bearer " + "a" * 7000,
    ],
)
async def test_a_token_that_is_not_ours_is_401_with_a_challenge(client: Client, value: str) -> None:
    answer = await client.get("/api/v1/me", headers={"Authorization": value})

    assert (answer.status, answer.problem) == (401, "not-authenticated")
    assert answer.headers["WWW-Authenticate"].endswith('error="invalid_token"')


async def test_a_token_in_the_url_is_not_taken(client: Client) -> None:
    answer = await client.get(f"/api/v1/me?access_token={client.token('admin')}")

    assert answer.status == 401


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil", "", "["])
async def test_a_name_that_was_rebound_to_loopback_is_refused(client: Client, host: str) -> None:
    answer = await client.get("/api/v1/me", "admin", headers={"Host": host})

    assert answer.status in (400, 421)


@pytest.mark.parametrize("mark", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
async def test_metrics_are_not_handed_through_a_proxy(client: Client, mark: str) -> None:
    assert (await client.get("/metrics", headers={mark: "192.0.2.9"})).status == 403


@pytest.mark.parametrize(
    "content",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"POST /api/v1/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_400_and_tells_nothing_of_the_inside(
    client: Client, content: bytes
) -> None:
    answer = await raw(client, content)

    assert b" 400 " in answer.partition(b"\r\n")[0]
    assert b"Traceback" not in answer
    assert b"site-packages" not in answer
    assert (await client.get("/healthz")).status == 200


async def test_an_inner_failure_is_a_500_without_its_cause(
    client: Client, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(engine, "seats", broken)
    answer = await client.get("/api/v1/seats", "lead")

    assert (answer.status, answer.problem) == (500, "internal")
    assert answer.json["instance"].startswith("urn:uuid:")
    assert b"swordfish" not in answer.body


async def test_answers_carry_the_headers_of_caution_and_no_version(client: Client) -> None:
    for path in ("/api", "/healthz", "/nothing"):
        headers = (await client.get(path)).headers
        assert headers["Server"] == "jietong"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in headers


async def test_concurrent_commands_leave_one_true_state(client: Client, engine: FakeEngine) -> None:
    answers = await asyncio.gather(
        *(client.post("/api/v1/seats/1001/sign-on", "seat") for _ in range(50))
    )

    statuses = [answer.status for answer in answers]
    assert (statuses.count(200), statuses.count(409)) == (1, 49)
    assert engine.seats()[0].state.value == "ready"
