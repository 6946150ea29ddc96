"""Users in the database, on SQLite and PostgreSQL."""

from __future__ import annotations

import pytest

from cti.ids import SeatId
from cti.store.database import Database
from cti.store.users import User, UserExists, UserStore, UserUnknown

FANG = User(
    name="wangfang", role="seat", seat=SeatId("1001"), password_hash="$argon2id$x", created_us=7
)
LEAD = User(name="lead", role="lead", seat=None, password_hash="$argon2id$y", created_us=8)


async def test_added_users_are_found_and_listed_by_name(database: Database) -> None:
    users = UserStore(database)
    await users.add(FANG)
    await users.add(LEAD)
    assert await users.get("wangfang") == FANG
    assert await users.all() == [LEAD, FANG]
    for nobody in ("Wangfang", "", "x' OR 1=1 --", "nul\x00", "\ud800"):
        assert await users.get(nobody) is None


async def test_second_user_of_a_name_is_refused(database: Database) -> None:
    users = UserStore(database)
    await users.add(FANG)
    with pytest.raises(UserExists) as refused:
        await users.add(FANG)
    assert refused.value.name == "wangfang"
    assert await users.all() == [FANG]


async def test_changes_are_kept_and_leave_the_rest_alone(database: Database) -> None:
    users = UserStore(database)
    await users.add(FANG)
    await users.change("wangfang", password_hash="new", disabled=True)
    await users.sit("wangfang", None)
    await users.change("wangfang")
    assert await users.get("wangfang") == User(
        name="wangfang", role="seat", seat=None, password_hash="new", created_us=7, disabled=True
    )


async def test_change_of_nobody_is_refused(database: Database) -> None:
    users = UserStore(database)
    with pytest.raises(UserUnknown):
        await users.change("nobody", disabled=True)
