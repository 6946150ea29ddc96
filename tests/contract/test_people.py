"""The people who may log in are those of the site file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from config.secrets import Secrets
from config.site import Site, User, load_site
from cti.people import first_password, make_people
from cti.store.database import Database, database_url
from cti.store.users import UserStore

DEMO = Path(__file__).parents[2] / "config/sites/demo-water/site.yaml"


@pytest.fixture
async def users(tmp_path: Path) -> AsyncIterator[UserStore]:
    database = Database(database_url("", tmp_path))
    await database.upgrade()
    yield UserStore(database)
    await database.close()


def with_users(site: Site, **people: dict[str, str]) -> Site:
    users = {name: User.model_validate(person) for name, person in people.items()}
    return site.model_copy(update={"users": users})


async def test_everyone_of_the_site_gets_a_first_password_that_works(
    tmp_path: Path, users: UserStore
) -> None:
    site, secrets = load_site(DEMO), Secrets(tmp_path / "secrets.json")
    await make_people(site, secrets, users, 1)
    assert {user.name for user in await users.all()} == set(site.users)
    admin = await users.get("admin")
    assert admin is not None
    assert PasswordHasher().verify(admin.password_hash, first_password(secrets, "admin"))


async def test_a_changed_site_file_is_followed_and_a_changed_password_stays(
    tmp_path: Path, users: UserStore
) -> None:
    site, secrets = load_site(DEMO), Secrets(tmp_path / "secrets.json")
    before = with_users(site, wang={"role": "seat", "seat": "1001"}, li={"role": "lead"})
    await make_people(before, secrets, users, 1)
    await users.change("wang", password_hash="$argon2id$changed")

    after = with_users(site, wang={"role": "lead"})
    await make_people(after, secrets, users, 2)
    wang, li = await users.get("wang"), await users.get("li")
    assert wang is not None
    assert li is not None
    assert (wang.role, wang.seat, wang.password_hash) == ("lead", None, "$argon2id$changed")
    assert li.disabled, "who is gone from the site file may not log in"

    await make_people(before, secrets, users, 3)
    back = await users.get("li")
    assert back is not None
    assert not back.disabled
