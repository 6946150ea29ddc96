"""Access tokens: what is accepted, and everything that is not."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest

from cti.api.errors import TokenRefused
from cti.api.port import UserRecord
from cti.api.tokens import AUDIENCE, ISSUER, MAX_SESSION_S, Tokens
from cti.ids import SeatId

KEY = "s" * 64
WANG = UserRecord(name="wangfang", role="seat", seat=SeatId("1001"), password_hash="")


def claims(**over: Any) -> dict[str, Any]:
    now = int(time.time())
    good: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "wangfang",
        "iat": now,
        "exp": now + 60,
        "role": "seat",
        "seat": "1001",
        "signed_in": now,
    }
    return {key: value for key, value in (good | over).items() if value != "ABSENT"}


def signed(key: str = KEY, algorithm: str = "HS256", **over: Any) -> str:
    return jwt.encode(claims(**over), key, algorithm=algorithm)


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_a_token_says_who_was_logged_in() -> None:
    tokens = Tokens(KEY, 1800)
    token, who = tokens.issue(WANG)

    assert tokens.read(token) == who
    assert (who.user, who.role, who.seat) == ("wangfang", "seat", "1001")
    assert 1799 <= who.expires_s - time.time() <= 1800


def test_a_renewed_token_never_outlives_the_session() -> None:
    signed_in = int(time.time()) - MAX_SESSION_S + 10
    _, who = Tokens(KEY, 1800).issue(WANG, signed_in_s=signed_in)

    assert who.expires_s == signed_in + MAX_SESSION_S


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "é.é.é",
        "x" * 5000,
        signed(key="t" * 64),
        signed(algorithm="HS512"),
        part({"alg": "none", "typ": "JWT"}) + "." + part(claims()) + ".",
        part({"alg": "None"}) + "." + part(claims()) + ".",
        part({"alg": "HS256"}) + "." + part(claims()) + ".",
        signed(exp=int(time.time()) - 60),
        signed(exp="ABSENT"),
        signed(exp="tomorrow"),
        signed(iat=int(time.time()) + 3600),
        signed(iss="someone"),
        signed(aud="other"),
        signed(sub="ABSENT"),
        signed(sub=7),
        signed(role="root"),
        signed(role=["admin"]),
        signed(role="seat", seat=None),
        signed(seat=1001),
        signed(signed_in="ABSENT"),
    ],
)
def test_any_other_token_is_refused(token: str) -> None:
    with pytest.raises(TokenRefused):
        Tokens(KEY, 1800).read(token)


def test_a_changed_payload_is_refused() -> None:
    head, _, signature = signed().split(".")

    with pytest.raises(TokenRefused):
        Tokens(KEY, 1800).read(f"{head}.{part(claims(role='admin', seat=None))}.{signature}")
