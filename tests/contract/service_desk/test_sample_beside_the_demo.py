"""`./run` starts the sample billing system when the site means it, and stops it again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from config.site import Service, Site, load_site
from cti.sample_service import Sample
from cti.sandbox import free_ports

ROOT = Path(__file__).resolve().parents[3]
SITE = load_site(ROOT / "config/sites/demo-water/site.yaml")


def site(**billing: Any) -> Site:
    return SITE.model_copy(update={"services": {"billing": Service(**billing)}})


async def answers(port: int) -> bool:
    url = f"http://127.0.0.1:{port}/api/accounts/10000001"
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def test_it_is_there_while_the_demo_is_and_gone_afterwards() -> None:
    port = free_ports(1)[0]
    sample = Sample(site(url=f"http://127.0.0.1:{port}/api"))

    assert await sample.start() == f"http://127.0.0.1:{port}/api"
    async with asyncio.timeout(20):
        while not await answers(port):  # noqa: ASYNC110 - a port tells nobody
            await asyncio.sleep(0.1)
    second = Sample(site(url=f"http://127.0.0.1:{port}/api"))
    assert await second.start() == ""
    await second.stop()
    assert await answers(port), "what another one has started stays"

    await sample.stop()
    await sample.stop()
    assert not await answers(port)


@pytest.mark.parametrize(
    "url", [None, "https://127.0.0.1/api", "http://192.0.2.1/api", "http://127.0.0.1:9/other"]
)
async def test_a_site_that_means_another_system_gets_none(url: str | None) -> None:
    assert await Sample(site(url=url)).start() == ""
    assert await Sample(SITE.model_copy(update={"services": {}})).start() == ""
