"""Customers in the database, on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

from cti.store.customers import Comparison, CustomerStore, NumberTaken
from cti.store.database import Database
from service_desk.customers import Customer

ZHANG = Customer(account="1", name="张三", language="zh-CN", numbers=("+8613800001111",))
LI = Customer(account="2", name="李四", notes="x' OR 1=1 --", numbers=("1001", "62345678"))


async def test_customers_are_found_by_number_and_account(database: Database) -> None:
    store = CustomerStore(database)
    await store.take_in((ZHANG, LI))

    assert await store.by_number("+8613800001111") == ZHANG
    assert await store.by_account("2") == LI
    assert await store.page(limit=10) == [ZHANG, LI]
    assert await store.page(after="1", limit=1) == [LI]
    for nobody in ("", "+86", "x' OR 1=1 --", "nul\x00", "\ud800"):
        assert await store.by_number(nobody) is None
        assert await store.by_account(nobody) is None


async def test_taking_in_twice_is_once_and_preview_changes_nothing(database: Database) -> None:
    store = CustomerStore(database)
    assert await store.compare((ZHANG, LI)) == Comparison(new=("1", "2"))
    assert await store.page(limit=10) == []

    assert await store.take_in((ZHANG, LI)) == Comparison(new=("1", "2"))
    again = (replace(LI, numbers=tuple(reversed(LI.numbers))), ZHANG)
    assert await store.take_in(again) == Comparison(same=("2", "1"))

    moved = replace(ZHANG, name="张三丰", numbers=())
    assert await store.take_in((moved,)) == Comparison(changed=("1",))
    assert await store.page(limit=10) == [moved, LI]
    assert await store.by_number("+8613800001111") is None


async def test_number_of_somebody_else_is_refused_and_nothing_is_taken_in(
    database: Database,
) -> None:
    store = CustomerStore(database)
    await store.take_in((ZHANG, LI))
    thief = Customer(account="3", name="王五", numbers=("1001",))
    fresh = Customer(account="4", name="赵六")

    refused = await store.take_in((fresh, thief))

    assert refused.taken == (NumberTaken("3", "1001", "2"),)
    assert await store.by_account("4") is None


async def test_two_customers_can_swap_their_numbers(database: Database) -> None:
    store = CustomerStore(database)
    await store.take_in((ZHANG, LI))
    swapped = (replace(ZHANG, numbers=LI.numbers), replace(LI, numbers=ZHANG.numbers))

    assert await store.take_in(swapped) == Comparison(changed=("1", "2"))
    assert await store.page(limit=10) == list(swapped)


async def test_a_long_list_is_taken_in(database: Database) -> None:
    many = [
        Customer(account=f"{number:05}", name="x", numbers=(f"+86138{number:08}",))
        for number in range(2500)
    ]
    store = CustomerStore(database)
    assert len((await store.take_in(many)).new) == 2500
    assert len((await store.take_in(many)).same) == 2500
    found = await store.by_number("+8613800002499")
    assert found == many[2499]
