"""What every look-up service does, in memory, in the database and behind HTTP."""

from __future__ import annotations

import asyncio

import pytest

from service_desk.lookups import (
    LookupFailed,
    LookupFound,
    LookupNotFound,
    LookupRequest,
    LookupService,
    Secret,
)
from service_desk.services import Lookups

WANTED = {"name": "/name", "area": "/area", "first": "/numbers/0", "none": "/shoe/size"}


async def test_wanted_values_are_found_and_what_is_not_there_is_left_out(
    service: LookupService,
) -> None:
    asked = LookupRequest(service="x", path="/customers/by-account/10000001", wanted=WANTED)

    found = await service.look_up(asked)

    assert isinstance(found, LookupFound)
    assert {name: found.values[name] for name in ("name", "area")} == {
        "name": "张三",
        "area": "chengbei",
    }
    assert found.values["first"] in ("+8613800001111", "+861062345678")
    assert "none" not in found.values


async def test_customer_is_found_by_number(service: LookupService) -> None:
    path = "/customers/by-number/13800001111"
    found = await service.look_up(
        LookupRequest(service="x", path=path, wanted={"account": "/account"})
    )

    assert found == LookupFound({"account": "10000001"})


async def test_nothing_wanted_is_a_question_whether_there_is_one(service: LookupService) -> None:
    path = "/customers/by-account/10000002"
    assert await service.look_up(LookupRequest(service="x", path=path)) == LookupFound({})


@pytest.mark.parametrize(
    "path",
    [
        "/customers/by-account/99999999",
        "/customers/by-account/x%27%20OR%201%3D1%20--",
        "/customers/by-account/%252e%252e",
        "/customers/by-number/13900000000",
        "/customers/by-number/anonymous",
        "/customers/by-number/%E5%BC%A0",
    ],
)
async def test_nobody_is_not_found(service: LookupService, path: str) -> None:
    assert await service.look_up(LookupRequest(service="x", path=path)) == LookupNotFound()


@pytest.mark.parametrize("path", ["/customers/by-account/%00", "/nowhere", "nonsense", ""])
async def test_odd_path_finds_nothing_and_raises_nothing(service: LookupService, path: str) -> None:
    outcome = await service.look_up(LookupRequest(service="x", path=path))
    assert isinstance(outcome, LookupNotFound | LookupFailed)


async def test_a_wrong_pin_lets_nobody_in(service: LookupService) -> None:
    asked = LookupRequest(service="x", path="/customers/by-account/10000001", pin=Secret("987654"))
    assert not isinstance(await service.look_up(asked), LookupFound)


async def test_only_the_sites_services_can_be_asked_and_every_look_up_is_counted(
    service: LookupService,
) -> None:
    seen: list[tuple[str, str]] = []
    lookups = Lookups({"desk": service}, lambda name, result, _: seen.append((name, result)))
    path = "/customers/by-account/10000001"

    await lookups.look_up(LookupRequest(service="desk", path=path))
    await lookups.look_up(LookupRequest(service="desk", path="/customers/by-account/none"))
    stranger = await lookups.look_up(LookupRequest(service="http://evil", path="/"))

    assert isinstance(stranger, LookupFailed)
    assert seen == [("desk", "found"), ("desk", "not-found")]


class _Broken:
    async def look_up(self, request: LookupRequest) -> LookupFound:
        raise RuntimeError(request.pin.reveal() if request.pin else "")


class _Hanging:
    async def look_up(self, request: LookupRequest) -> LookupFound:
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_bug_in_a_service_is_a_failure_that_tells_no_pin(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = LookupRequest(service="x", path="/", pin=Secret("987654"))

    outcome = await Lookups({"x": _Broken()}).look_up(asked)

    assert isinstance(outcome, LookupFailed)
    shown = capsys.readouterr()
    assert "987654" not in f"{outcome} {asked!r} {shown.out} {shown.err}"
    assert "RuntimeError" in outcome.reason


async def test_who_hangs_up_ends_the_look_up() -> None:
    seen: list[str] = []
    lookups = Lookups({"x": _Hanging()}, lambda _, result, __: seen.append(result))
    task = asyncio.create_task(lookups.look_up(LookupRequest(service="x", path="/")))
    await asyncio.sleep(0)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert seen == ["given-up"]
