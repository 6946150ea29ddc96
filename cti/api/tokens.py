"""Access tokens: short-lived, signed, bound to a person, a role and a seat (RFC 7519, RFC 8725)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import jwt

from cti.api.access import ROLES, Identity
from cti.api.errors import TokenRefused
from cti.api.port import UserRecord
from cti.ids import SeatId

ALGORITHM: Final = "HS256"
ISSUER: Final = "jietong"
AUDIENCE: Final = "jietong-api"
LEEWAY_S: Final = 2
"""Clocks of one machine: only rounding is forgiven."""
MAX_SESSION_S: Final = 12 * 3600
"""A token can be renewed for one long shift, then the password is asked for again."""
MAX_TOKEN_LENGTH: Final = 2048


class Tokens:
    """`key` signs; `life_s` is a token's life in seconds; `clock` gives seconds since the epoch."""

    def __init__(self, key: str, life_s: int, clock: Callable[[], float] = time.time) -> None:
        self._key, self._life_s, self._clock = key, life_s, clock

    def issue(self, user: UserRecord, *, signed_in_s: int | None = None) -> tuple[str, Identity]:
        """A token for `user` and what it says."""
        now = int(self._clock())
        signed_in = now if signed_in_s is None else signed_in_s
        expires = min(now + self._life_s, signed_in + MAX_SESSION_S)
        who = Identity(
            user=user.name,
            role=user.role,
            seat=user.seat,
            expires_s=expires,
            signed_in_s=signed_in,
        )
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user.name,
            "iat": now,
            "exp": expires,
            "role": user.role,
            "seat": user.seat,
            "signed_in": signed_in,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM), who

    def read(self, token: str) -> Identity:
        """Who the token is about. Raises TokenRefused."""
        if len(token) > MAX_TOKEN_LENGTH:
            raise TokenRefused("the access token is too long")
        try:
            # The algorithm is ours, never the one that the token's header names.
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=AUDIENCE,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise TokenRefused("the access token has expired") from error
        except (jwt.PyJWTError, ValueError) as error:
            raise TokenRefused("the access token is not valid") from error
        return _identity(claims)


def _identity(claims: Mapping[str, Any]) -> Identity:
    """Signed by us does not mean made by this version: every claim is checked."""
    role, seat, signed_in = claims.get("role"), claims.get("seat"), claims.get("signed_in")
    if (
        role not in ROLES
        or not (seat is None or isinstance(seat, str))
        or not isinstance(signed_in, int)
        or (role == "seat" and not seat)
    ):
        raise TokenRefused("the access token is not valid")
    return Identity(
        user=str(claims["sub"]),
        role=role,
        seat=SeatId(seat) if seat else None,
        expires_s=int(claims["exp"]),
        signed_in_s=signed_in,
    )
