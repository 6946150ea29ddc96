"""Phones that call each other over loopback with nothing in between, or a peer played by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bench.phones.phone import AnswerPolicy, Manual, Phone
from tests.contract.phones.peer import MakePhone, Peer


@pytest.fixture
async def make_phone() -> AsyncIterator[MakePhone]:
    """Makes started phones; `to` is the phone (or address) that calls go to."""
    phones: list[Phone] = []

    async def make(
        user: str,
        to: Phone | tuple[str, int] = ("127.0.0.1", 9),
        answer: AnswerPolicy | None = None,
        **settings: Any,
    ) -> Phone:
        server = to.address if isinstance(to, Phone) else to
        phone = Phone(user=user, server=server, answer=answer or Manual(), **settings)
        await phone.start()
        phones.append(phone)
        return phone

    yield make
    for phone in phones:
        await phone.stop(patience_s=0.1)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    with Peer() as played:
        yield played
