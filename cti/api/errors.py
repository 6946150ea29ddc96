"""Errors of the API.

ApiError
  +-- CommandRefused      the engine says no: the wish does not fit the seat's state
  +-- UnknownSeat         no such seat
  +-- UnknownFlow         no such flow
  +-- UnknownTarget       nothing of that name to transfer a caller to
  +-- UnknownCallback     no such callback is open
  +-- SubscriberLagging   a reader of live facts fell too far behind and was dropped
  +-- NotNoted            who hears a message cannot be written down, so nobody hears it
  +-- RecordsAway         past calls or people cannot be read now
  +-- TokenRefused        an access token that is not ours, not now, or not whole
  +-- Problem             an answer that is not a success, as RFC 9457 wants it told
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from cti.errors import JietongError


class ApiError(JietongError):
    """Base of this package's errors."""


class CommandRefused(ApiError):
    """Fields: `why`, a sentence that may be shown to the person at the seat."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class UnknownSeat(ApiError):
    """Fields: `seat`."""

    def __init__(self, seat: str) -> None:
        self.seat = seat
        super().__init__(f"there is no seat {seat!r}")


class UnknownTarget(ApiError):
    """Fields: `kind` (what was to be found), `name`."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind, self.name = kind, name
        super().__init__(f"there is no {kind} {name!r}")


class UnknownFlow(ApiError):
    """Fields: `flow`."""

    def __init__(self, flow: str) -> None:
        self.flow = flow
        super().__init__(f"there is no flow {flow!r}")


class UnknownCallback(ApiError):
    """Fields: `callback`."""

    def __init__(self, callback: str) -> None:
        self.callback = callback
        super().__init__(f"no callback {callback!r} is open")


class SubscriberLagging(ApiError):
    """Fields: `limit`, how many facts may wait for one reader."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"more than {limit} facts were waiting for this reader")


class RecordsAway(ApiError):
    """The database cannot be read now; calls going on are not concerned."""


class NotNoted(ApiError):
    """That somebody gets to hear a message cannot be written down now."""


class TokenRefused(ApiError):
    """Fields: `why`, short and free of the token's content."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with a request; the value itself is never repeated back."""

    detail: str
    pointer: str | None = None
    """JSON pointer into the body as a URI fragment (RFC 6901, section 6)."""
    parameter: str | None = None
    """Name of the query parameter."""


class Problem(ApiError):
    """An RFC 9457 problem.

    Fields: `status`, `code` (stable, for programs), `detail` (for people), `errors`, `missing`
    (what a not-ready daemon lacks), `headers` of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        missing: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.missing = errors, missing
        self.headers = dict(headers or {})
        super().__init__(f"{status} {code}: {detail}")

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase


def unauthorized(why: str, *, presented: bool) -> Problem:
    """A 401. RFC 6750, section 3.1: no error code when no token was presented at all."""
    challenge = 'Bearer realm="jietong"'
    if presented:
        challenge += ', error="invalid_token"'
    return Problem(401, "not-authenticated", why, headers={"WWW-Authenticate": challenge})


def not_found(what: str) -> Problem:
    return Problem(404, "not-found", what)
