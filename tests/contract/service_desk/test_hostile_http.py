"""Services behind HTTP as they are: hanging, broken, endless, lying."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from service_desk.breaker import Breaker
from service_desk.http import HttpClient, HttpPlace, HttpService
from service_desk.lookups import (
    LookupFailed,
    LookupFound,
    LookupNotFound,
    LookupOutcome,
    LookupRequest,
    Secret,
)
from service_desk.samples.billing import FAULTS, Fault, application, serving
from service_desk.samples.data import load
from tests.contract.service_desk.conftest import answering

WANTED = {"balance": "/balance"}


def asked(path: str = "/accounts/1", **more: Any) -> LookupRequest:
    return LookupRequest(service="billing", path=path, **({"wanted": WANTED} | more))


async def ask(http: HttpClient, answer: Any, request: LookupRequest | None = None) -> LookupOutcome:
    async def handler(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0)
        assert isinstance(answer, web.Response)
        return answer

    async with answering(handler) as url:
        return await HttpService(http, HttpPlace(url=url)).look_up(request or asked())


def json_response(content: bytes, **more: Any) -> web.Response:
    return web.Response(body=content, content_type="application/json", **more)


@pytest.mark.parametrize("fault", FAULTS)
async def test_every_fault_is_a_failure_within_the_time(http: HttpClient, fault: Fault) -> None:
    async with serving(application(load(), fault=fault)) as url:
        service = HttpService(http, HttpPlace(url=url, timeout_s=5))
        start = time.monotonic()
        outcome = await service.look_up(asked("/accounts/10000001", timeout_s=0.5))

    assert isinstance(outcome, LookupFailed)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (web.Response(status=500), "answered 500"),
        (web.Response(status=403), "answered 403"),
        (web.Response(status=204), "answered 204"),
        (web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}), "redirects"),
        (web.Response(text="<html>log in</html>", content_type="text/html"), "not called JSON"),
        (web.Response(text='{"balance": 1}', content_type="text/plain"), "not called JSON"),
        (json_response(b""), "not JSON"),
        (json_response(b'{"balance": 1'), "not JSON"),
        (json_response(b'{"balance": NaN}'), "NaN is not JSON"),
        (json_response(b'\xff{"balance": 1}'), "not UTF-8"),
        (json_response(b"[" * 60_000), "nested too deeply"),
        (json_response(b'{"a":' * 12_000), "nested too deeply"),
        (json_response(b" " * 70_000 + b"{}"), "more than 64 kB"),
        (
            json_response(gzip.compress(b'{"balance": 1}'), headers={"Content-Encoding": "gzip"}),
            "compressed",
        ),
    ],
)
async def test_answer_of_no_use_is_a_failure_that_says_why(
    http: HttpClient, answer: web.Response, why: str
) -> None:
    outcome = await ask(http, answer)
    assert isinstance(outcome, LookupFailed)
    assert why in outcome.reason


async def test_numbers_stay_as_they_were_written(http: HttpClient) -> None:
    outcome = await ask(
        http, json_response(b'{"balance": 12345678901234567890.10}'), asked(wanted=WANTED)
    )
    assert outcome == LookupFound({"balance": "12345678901234567890.10"})


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "broke off"),
        (b"nonsense\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{", "off"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000, "not HTTP"),
    ],
)
async def test_peer_that_is_no_server_is_a_failure(http: HttpClient, raw: bytes, why: str) -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        writer.close()

    server = await asyncio.start_server(rude, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    outcome = await HttpService(http, HttpPlace(url=f"http://127.0.0.1:{port}")).look_up(asked())
    server.close()

    assert isinstance(outcome, LookupFailed)
    assert why in outcome.reason


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1", "cannot be reached"),
        ("http://nobody.invalid", "not known"),
    ],
)
async def test_service_that_is_not_there_is_a_failure(http: HttpClient, url: str, why: str) -> None:
    outcome = await HttpService(http, HttpPlace(url=url, timeout_s=5)).look_up(asked())
    assert isinstance(outcome, LookupFailed)
    assert why in outcome.reason


@asynccontextmanager
async def recording(status: int = 200) -> AsyncIterator[tuple[str, list[web.Request], list[bytes]]]:
    requests: list[web.Request] = []
    bodies: list[bytes] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        requests.append(request)
        bodies.append(await request.read())
        return web.json_response({"verified": True}, status=status)

    async with answering(handler) as url:
        yield url, requests, bodies


async def test_path_query_and_token_arrive_as_they_were_meant(http: HttpClient) -> None:
    async with recording() as (url, requests, _):
        service = HttpService(http, HttpPlace(url=url + "/", token=Secret("t0ken")))
        await service.look_up(asked("/a/x%2Fy%3Fz/%E5%BC%A0", query={"q": "a&b=c #", "n": "张"}))

    one = requests[0]
    assert one.rel_url.raw_path == "/api/a/x%2Fy%3Fz/%E5%BC%A0"
    assert dict(one.query) == {"q": "a&b=c #", "n": "张"}
    assert one.headers["Authorization"] == "Bearer t0ken"
    assert (one.method, one.headers["Accept-Encoding"]) == ("GET", "identity")
    assert "Cookie" not in one.headers


@pytest.mark.parametrize(
    "path",
    [
        "@evil.example/x", "//", "/a b", "/a?b=c", "/a#b", "/../secret", "/a/%2e%2E/b", "/a/./b",
        "/a\r\nHost: evil", "/a/%0d%0aX", "http://evil.example/", ".evil.example/", ":81/", "\\",
    ],
)  # fmt: skip
async def test_no_path_leads_elsewhere(http: HttpClient, path: str) -> None:
    async with recording() as (url, requests, _):
        outcome = await HttpService(http, HttpPlace(url=url)).look_up(asked(path))
    if path == "//":
        assert requests[0].headers["Host"] in url
    else:
        assert isinstance(outcome, LookupFailed)
        assert requests == []


async def test_pin_goes_in_the_body_of_a_post_and_nowhere_else(
    http: HttpClient, capsys: pytest.CaptureFixture[str]
) -> None:
    request = asked("/accounts/1/pin", pin=Secret("864213"))
    async with recording() as (url, requests, bodies):
        service = HttpService(http, HttpPlace(url=url))
        assert await service.look_up(request) == LookupFound()

    assert requests[0].method == "POST"
    assert bodies == [b'{"pin": "864213"}']
    assert "864213" not in f"{requests[0].rel_url} {dict(requests[0].headers)}"
    async with recording(status=500) as (url, _, _):
        failed = await HttpService(http, HttpPlace(url=url)).look_up(request)
    refused = await HttpService(http, HttpPlace(url="http://127.0.0.1:1")).look_up(request)
    shown = capsys.readouterr()
    assert "864213" not in f"{failed} {refused} {request} {request!r} {shown.out} {shown.err}"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"verified": true}', LookupFound),
        (b'{"verified": false}', LookupNotFound),
        (b'{"verified": "true"}', LookupFailed),
        (b'{"verified": 1}', LookupFailed),
        (b'{"error": "no such method"}', LookupFailed),
        (b"true", LookupFailed),
    ],
)
async def test_only_a_plain_yes_lets_the_caller_in(
    http: HttpClient, body: bytes, kind: type[LookupOutcome]
) -> None:
    outcome = await ask(http, json_response(body), asked(pin=Secret("1234")))
    assert type(outcome) is kind


async def test_callers_do_not_queue_behind_a_dead_service(http: HttpClient) -> None:
    """After some failures the rest is answered at once, and later one trial finds out."""
    hits = 0
    healthy = asyncio.Event()

    async def handler(_: web.Request) -> web.StreamResponse:
        nonlocal hits
        hits += 1
        await healthy.wait()
        return web.json_response({"balance": 7})

    async with answering(handler) as url:
        place = HttpPlace(url=url, timeout_s=0.2, connections=5)
        service = HttpService(http, place, Breaker(failures=5, pause_s=0.3))
        start = time.monotonic()
        outcomes = await asyncio.gather(*(service.look_up(asked()) for _ in range(50)))
        together_s = time.monotonic() - start
        asked_of_it = hits
        start = time.monotonic()
        left_alone = await service.look_up(asked())
        at_once_s = time.monotonic() - start
        healthy.set()
        await asyncio.sleep(0.3)
        well = await service.look_up(asked())
        again = await service.look_up(asked())

    assert all(isinstance(one, LookupFailed) for one in outcomes)
    assert together_s < 1
    assert asked_of_it <= 10
    assert isinstance(left_alone, LookupFailed)
    assert "left alone" in left_alone.reason
    assert at_once_s < 0.1
    assert well == again == LookupFound({"balance": "7"})


async def test_callers_who_hang_up_count_as_no_failure_and_free_their_connection(
    http: HttpClient,
) -> None:
    healthy = asyncio.Event()

    async def handler(_: web.Request) -> web.StreamResponse:
        await healthy.wait()
        return web.json_response({"balance": 7})

    async with answering(handler) as url:
        service = HttpService(http, HttpPlace(url=url, connections=2), Breaker(failures=2))
        for _ in range(6):
            task = asyncio.create_task(service.look_up(asked()))
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        healthy.set()
        assert await service.look_up(asked()) == LookupFound({"balance": "7"})


async def test_refusals_of_a_service_that_works_do_not_switch_it_off(http: HttpClient) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=429 if "pin" in request.path else 200)

    async with answering(handler) as url:
        service = HttpService(http, HttpPlace(url=url), Breaker(failures=2))
        for _ in range(5):
            await service.look_up(asked("/pin", pin=Secret("1")))
        assert await service.look_up(asked("/accounts/1")) == LookupFound({})
