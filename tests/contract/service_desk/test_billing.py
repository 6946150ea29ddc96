"""The sample billing system, asked as a flow asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from service_desk.errors import SampleDataRefused
from service_desk.http import HttpClient, HttpPlace, HttpService
from service_desk.lookups import (
    LookupFailed,
    LookupFound,
    LookupNotFound,
    LookupOutcome,
    LookupRequest,
    Secret,
)
from service_desk.samples.billing import WRONG_PINS, application, serving
from service_desk.samples.data import load


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with serving(application(load())) as found:
        yield found


async def ask(
    client: HttpClient, url: str, path: str, pin: str = "", **wanted: str
) -> LookupOutcome:
    request = LookupRequest(
        service="billing", path=path, wanted=wanted, pin=Secret(pin) if pin else None
    )
    return await HttpService(client, HttpPlace(url=url, timeout_s=5)).look_up(request)


async def test_account_tells_balance_usage_and_day(http: HttpClient, url: str) -> None:
    found = await ask(
        http,
        url,
        "/accounts/10000002",
        balance="/balance",
        usage="/usage",
        due="/due",
        customer="/customer",
    )
    assert found == LookupFound(
        {"balance": "-43.05", "usage": "17.5", "due": "2026-12-10", "customer": "li-si"}
    )
    rich = await ask(http, url, "/accounts/10000003", balance="/balance")
    assert rich == LookupFound({"balance": "12860.00"})


async def test_outages_and_orders_by_area_and_number(http: HttpClient, url: str) -> None:
    there = await ask(http, url, "/areas/chengbei/outages", place="/0/place", until="/0/until")
    none = await ask(http, url, "/areas/chengnan/outages", place="/0/place")
    order = await ask(http, url, "/orders/20261102", state="/state", day="/day")

    assert there == LookupFound({"place": "人民路一至五十号", "until": "2026-11-23T17:30"})
    assert none == LookupFound({})
    assert order == LookupFound({"state": "planned", "day": "2026-11-26"})


@pytest.mark.parametrize(
    "path", ["/accounts/99999999", "/areas/nowhere/outages", "/orders/1", "/accounts/..%2F1"]
)
async def test_what_is_not_there_is_not_found(http: HttpClient, url: str, path: str) -> None:
    assert await ask(http, url, path, x="/x") == LookupNotFound()


async def test_right_pin_is_found_wrong_ones_are_not_and_guessing_is_slowed(
    http: HttpClient,
    url: str,
) -> None:
    path = "/accounts/10000001/pin"
    assert await ask(http, url, path, pin="1234") == LookupFound()
    for guess in range(WRONG_PINS):
        assert await ask(http, url, path, pin=f"000{guess}") == LookupNotFound()

    outcome = await ask(http, url, path, pin="1234")

    assert isinstance(outcome, LookupFailed)
    assert "429" in outcome.reason
    assert await ask(http, url, "/accounts/10000002/pin", pin="246810") == LookupFound()


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"pin": 1234}', b"\xff", b"x" * 5000])
async def test_odd_body_is_refused(url: str, body: bytes) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/accounts/10000001/pin", data=body) as answer,
    ):
        assert answer.status in (400, 413)
        assert "error" in await answer.json()


async def test_with_a_token_nobody_gets_in_without(http: HttpClient) -> None:
    async with serving(application(load(), token="t0ken")) as url:
        stranger = await ask(http, url, "/accounts/10000001")
        place = HttpPlace(url=url, token=Secret("t0ken"))
        known = await HttpService(http, place).look_up(
            LookupRequest(service="billing", path="/accounts/10000001")
        )
    assert isinstance(stranger, LookupFailed)
    assert known == LookupFound({})


def test_data_file_that_is_wrong_says_where(tmp_path: Path) -> None:
    file = tmp_path / "data.yaml"
    file.write_text("accounts: {x: {customer: y}}\nareas: {}\norders: {}\n")
    with pytest.raises(SampleDataRefused, match=r"accounts\.x\.name"):
        load(file)
    file.write_text("[")
    with pytest.raises(SampleDataRefused):
        load(file)
    with pytest.raises(SampleDataRefused):
        load(tmp_path / "none.yaml")
