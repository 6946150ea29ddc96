"""Log-in: a name and a password become a known person, slowly enough for nobody to guess."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from cti.api.errors import Problem
from cti.api.limits import RateLimiter, address_key
from cti.api.port import UserDirectory, UserRecord

log = structlog.get_logger(__name__)

AT_ONCE: Final = 2
"""One hash costs about 0.14 s of a core and 64 MiB; calls must not feel a rush of log-ins."""
MAX_WAITING: Final = 200
"""A whole shift that signs on in the same minute; more is not people."""
USER_BURST: Final = 10
USER_REFILL_US: Final = 10_000_000
ADDRESS_BURST: Final = 60
"""Higher than for a user: a whole centre may sit behind one address."""
ADDRESS_REFILL_US: Final = 1_000_000


class LogIn:
    """Checks passwords. `clock`: monotonic seconds. Only failed tries use up the limits."""

    def __init__(
        self,
        users: UserDirectory,
        *,
        hasher: PasswordHasher | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._users, self._clock = users, clock
        self._hasher = hasher or PasswordHasher()
        self._by_user = RateLimiter(burst=USER_BURST, refill_us=USER_REFILL_US)
        self._by_address = RateLimiter(burst=ADDRESS_BURST, refill_us=ADDRESS_REFILL_US)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")
        self._waiting = 0
        self._nobody = ""

    async def start(self) -> None:
        """Make the hash that unknown users are checked against."""
        loop = asyncio.get_running_loop()
        self._nobody = await loop.run_in_executor(
            self._threads, self._hasher.hash, secrets.token_urlsafe(24)
        )

    def stop(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def check(self, name: str, password: str, peer: str) -> UserRecord:
        """The user `name`. Raises Problem 401, 429 or 503.

        An unknown name costs the same work as a wrong password and gets the same answer, so names
        cannot be tried out.
        """
        self._limit(name, peer)
        if self._waiting >= MAX_WAITING:
            raise Problem(
                503, "busy", "too many log-ins at once; try again", headers={"Retry-After": "5"}
            )
        self._waiting += 1
        try:
            user = await self._users.find(name)
            usable = user is not None and user.active
            expected = user.password_hash if user is not None and usable else self._nobody
            good = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._matches, expected, password
            )
        finally:
            self._waiting -= 1
        if user is None or not usable or not good:
            log.warning("log-in refused", user=name, peer=peer)
            raise Problem(
                401,
                "log-in-refused",
                "user name or password is wrong",
                headers={"WWW-Authenticate": 'Bearer realm="jietong"'},
            )
        now = self._now_us()
        self._by_user.give_back(name, now)
        self._by_address.give_back(address_key(peer), now)
        log.info("logged in", user=user.name, role=user.role, seat=user.seat, peer=peer)
        return user

    async def known(self, name: str) -> UserRecord | None:
        """The user as the directory has them now, for the renewal of a token."""
        user = await self._users.find(name)
        return user if user is not None and user.active else None

    def _limit(self, name: str, peer: str) -> None:
        # The try is taken before the password is checked: many at once are many tries.
        now = self._now_us()
        address = address_key(peer)
        wait_us = self._by_address.take(address, now)
        if not wait_us:
            wait_us = self._by_user.take(name, now)
        if wait_us:
            log.warning("log-in limited", user=name, peer=peer, wait_us=wait_us)
            raise Problem(
                429,
                "too-many-log-ins",
                "too many wrong log-ins; wait before the next one",
                headers={"Retry-After": str(-(-wait_us // 1_000_000))},
            )

    def _matches(self, expected: str, password: str) -> bool:
        try:
            return self._hasher.verify(expected, password)
        except (Argon2Error, InvalidHashError):
            return False

    def _now_us(self) -> int:
        return int(self._clock() * 1_000_000)
