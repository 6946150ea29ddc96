"""From an operation of the table to an aiohttp handler: who asks, is it allowed, is it well formed.

A handler gets an `Ask` whose parts are checked and returns a model; it never sees a header.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from cti.api.access import ACCESS, Door, Identity, Rule
from cti.api.errors import FieldError, Problem, TokenRefused, unauthorized
from cti.api.guard import require_local
from cti.api.problems import Handler, validation_problem
from cti.api.services import Services
from cti.api.tokens import Tokens
from cti.ids import SeatId

Q = TypeVar("Q", bound=BaseModel)
B = TypeVar("B", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Ask(Generic[Q, B]):
    """One request, checked. `who` is None only where the table asks for no token."""

    services: Services
    request: web.Request
    who: Identity | None
    query: Q
    body: B

    @property
    def asker(self) -> Identity:
        if self.who is None:
            raise unauthorized("an access token is needed", presented=False)
        return self.who

    def path(self, name: str) -> str:
        return self.request.match_info[name]


Answer = BaseModel | web.StreamResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One row of the route table; `name` is its key in `cti.api.access.ACCESS`."""

    name: str
    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    summary: str
    handler: Callable[[Ask[Any, Any]], Awaitable[Answer]]
    query: type[BaseModel]
    body: type[BaseModel]
    answer: type[BaseModel] | str
    """The model of a success, or the media type of one that is not JSON."""
    problems: frozenset[int]
    in_parts: bool = False
    """A range of it can be asked for (RFC 9110, section 14)."""
    own_token: bool = False
    """The handler looks for the token itself (a WebSocket's may come later)."""

    @property
    def access(self) -> Rule | Door:
        return ACCESS[self.name]


def bind(operation: Operation, services: Services) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        who = None
        access = operation.access
        if access is Door.LOOPBACK:
            require_local(request)
        elif isinstance(access, Rule) and not operation.own_token:
            who = _identity(request, services.tokens)
            check_role(access, who)
        query = _query(request, operation.query)
        body = await _body(request, operation.body)
        if isinstance(access, Rule) and who is not None and "seat" in request.match_info:
            check_seat(access, who, request.match_info["seat"])
        answer = await operation.handler(Ask(services, request, who, query, body))
        if isinstance(answer, BaseModel):
            return web.Response(
                text=answer.model_dump_json(), content_type="application/json", charset="utf-8"
            )
        return answer

    return handle


def bearer(request: web.Request) -> str | None:
    """The token of the Authorization header (RFC 6750, section 2.1), None without one."""
    values = request.headers.getall("Authorization", [])
    if not values:
        return None
    scheme, _, token = values[0].partition(" ")
    if len(values) > 1 or scheme.lower() != "bearer" or not token.strip():
        raise unauthorized("only one Authorization header, of the kind Bearer", presented=True)
    return token.strip()


def _identity(request: web.Request, tokens: Tokens) -> Identity:
    token = bearer(request)
    if token is None:
        raise unauthorized("an access token is needed", presented=False)
    try:
        return tokens.read(token)
    except TokenRefused as error:
        raise unauthorized(error.why, presented=True) from error


def check_role(rule: Rule, who: Identity) -> None:
    """Raises Problem 403."""
    if who.role not in rule.roles:
        raise Problem(403, "not-allowed", f"the role {who.role} may not do this")


def check_seat(rule: Rule, who: Identity, seat: str) -> None:
    """Raises Problem 403 when the rule is about own seats and this is another's."""
    if who.role not in rule.everything and who.seat != SeatId(seat):
        raise Problem(403, "not-your-seat", "this is not your seat")


def _query(request: web.Request, model: type[BaseModel]) -> BaseModel:
    names = [name for name, _ in request.query.items()]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Problem(
            400,
            "not-valid",
            "the query is not what is expected",
            errors=tuple(FieldError("given more than once", parameter=n[:64]) for n in twice),
        )
    try:
        return model.model_validate(dict(request.query))
    except ValidationError as error:
        raise validation_problem(error, of_query=True) from error


async def _body(request: web.Request, model: type[BaseModel]) -> BaseModel:
    content = await request.read()
    if not content and not any(field.is_required() for field in model.model_fields.values()):
        return model()
    if request.content_type != "application/json":
        raise Problem(415, "not-json", "the body must be application/json")
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise validation_problem(error, of_query=False) from error
