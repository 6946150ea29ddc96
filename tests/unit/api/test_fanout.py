"""Live facts: a reader that falls behind is dropped, and nobody else notices."""

from __future__ import annotations

import asyncio

import pytest

from cti.api.errors import SubscriberLagging
from cti.api.fanout import Fanout
from cti.facts import LinkLost


async def test_each_reader_gets_every_fact_from_its_start_on_in_order() -> None:
    fanout = Fanout()
    fanout.publish(LinkLost(at=0))
    with fanout.subscribe() as first:
        fanout.publish(LinkLost(at=1))
        with fanout.subscribe() as second:
            fanout.publish(LinkLost(at=2))

            assert [(await anext(first)).at for _ in range(2)] == [1, 2]
            assert (await anext(second)).at == 2
    assert fanout.readers == 0


async def test_a_waiting_reader_wakes_for_a_fact() -> None:
    fanout = Fanout()
    with fanout.subscribe() as live:
        waiting = asyncio.ensure_future(anext(live))
        await asyncio.sleep(0)
        fanout.publish(LinkLost(at=5))

        assert (await waiting).at == 5


async def test_a_reader_over_its_limit_is_told_lagging_and_others_lose_nothing() -> None:
    fanout = Fanout(limit=3)
    with fanout.subscribe() as slow, fanout.subscribe() as quick:
        for at in range(10):
            fanout.publish(LinkLost(at=at))
            assert (await anext(quick)).at == at

        for _ in range(2):
            with pytest.raises(SubscriberLagging) as caught:
                await anext(slow)
        assert caught.value.limit == 3
