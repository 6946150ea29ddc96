"""Makes the site's people known to the API at first start, each with a first password."""

from __future__ import annotations

import asyncio
import contextlib

from argon2 import PasswordHasher

from config.secrets import Secrets
from config.site import Site
from cti.ids import SeatId
from cti.store.users import User, UserExists, UserStore

FIRST_PASSWORD_BYTES = 9
"""Random bytes of a first password: twelve characters to type once."""


def first_password(secrets: Secrets, name: str) -> str:
    """The password that `name` starts with; made once and kept with the secrets."""
    return secrets.get(f"user:{name}", length=FIRST_PASSWORD_BYTES)


async def make_people(site: Site, secrets: Secrets, users: UserStore, now_us: int) -> None:
    """Make the people in the database those of the site file. Who is new is added, a changed role
    or seat follows, who is gone may not log in any more, who is back may again. A password that
    was changed since stays. Raises StoreError."""
    for gone in await users.all():
        if gone.name not in site.users and not gone.disabled:
            await users.change(gone.name, disabled=True)
    for name, person in site.users.items():
        seat = SeatId(person.seat) if person.seat else None
        known = await users.get(name)
        if known is not None:
            if known.disabled:
                await users.change(name, disabled=False)
            if known.role != person.role:
                await users.change(name, role=person.role)
            if known.seat != seat:
                await users.sit(name, seat)
            continue
        # Argon2 takes a tenth of a second on purpose: not on the event loop.
        hashed = await asyncio.to_thread(PasswordHasher().hash, first_password(secrets, name))
        with contextlib.suppress(UserExists):
            await users.add(
                User(
                    name=name,
                    role=person.role,
                    seat=seat,
                    password_hash=hashed,
                    created_us=now_us,
                )
            )
