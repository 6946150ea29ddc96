"""Log-in, renewal, and who am I."""

from __future__ import annotations

import time

from cti.api.access import Identity
from cti.api.binding import Ask
from cti.api.errors import unauthorized
from cti.api.schemas import LoginBody, MeAnswer, NoBody, NoQuery, TokenAnswer
from cti.api.tokens import MAX_SESSION_S


async def login(ask: Ask[NoQuery, LoginBody]) -> TokenAnswer:
    user = await ask.services.log_in.check(
        ask.body.user, ask.body.password, ask.request.remote or ""
    )
    return _answer(*ask.services.tokens.issue(user))


async def renew(ask: Ask[NoQuery, NoBody]) -> TokenAnswer:
    """Role and seat are read again, so what was taken away is gone at the next renewal."""
    who = ask.asker
    user = await ask.services.log_in.known(who.user)
    if user is None:
        raise unauthorized("this user may not log in any more", presented=True)
    if time.time() - who.signed_in_s >= MAX_SESSION_S:
        raise unauthorized("this session is over; log in again", presented=True)
    return _answer(*ask.services.tokens.issue(user, signed_in_s=who.signed_in_s))


async def me(ask: Ask[NoQuery, NoBody]) -> MeAnswer:
    who = ask.asker
    return MeAnswer(
        user=who.user, role=who.role, seat=who.seat, expires_us=who.expires_s * 1_000_000
    )


def _answer(token: str, who: Identity) -> TokenAnswer:
    return TokenAnswer(
        access_token=token,
        expires_in=max(0, who.expires_s - int(time.time())),
        expires_us=who.expires_s * 1_000_000,
        user=who.user,
        role=who.role,
        seat=who.seat,
    )
