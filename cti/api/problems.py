"""Every answer that is not a success is an RFC 9457 problem, aiohttp's own included."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from aiohttp import web
from pydantic import ValidationError

from cti.api.errors import (
    CommandRefused,
    FieldError,
    NotNoted,
    Problem,
    RecordsAway,
    UnknownFlow,
    UnknownSeat,
    UnknownTarget,
)
from cti.api.schemas import FieldErrorAnswer, ProblemAnswer

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HTTP_CODES = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
    415: "not-json",
}
_DETAILS = {
    404: "there is nothing here",
    405: "this method is not offered here; see Allow",
    413: "the body is larger than 256 KiB",
}


def problem_response(problem: Problem, *, instance: str = "") -> web.Response:
    body = ProblemAnswer(
        type=f"urn:jietong:problem:{problem.code}",
        title=problem.title,
        status=problem.status,
        detail=problem.detail,
        instance=instance,
        errors=[
            FieldErrorAnswer(
                detail=one.detail, pointer=one.pointer or "", parameter=one.parameter or ""
            )
            for one in problem.errors
        ],
        missing=list(problem.missing),
    )
    return web.Response(
        status=problem.status,
        text=body.model_dump_json(exclude_defaults=True),
        content_type=MEDIA_TYPE,
        charset="utf-8",
        headers=problem.headers,
    )


def validation_problem(error: ValidationError, *, of_query: bool) -> Problem:
    """A 400 that names every field, and never repeats a value (it may be a password)."""
    found: list[FieldError] = []
    for one in error.errors(include_url=False, include_input=False, include_context=False):
        where = [str(part) for part in one["loc"]]
        if of_query:
            found.append(FieldError(one["msg"], parameter=".".join(where)))
        elif one["type"] == "json_invalid":
            found.append(FieldError("this is not JSON", pointer="#"))
        else:
            pointer = "".join(f"/{_escape(part)}" for part in where)
            found.append(FieldError(one["msg"], pointer=f"#{pointer}"))
    what = "query" if of_query else "body"
    return Problem(400, "not-valid", f"the {what} is not what is expected", errors=tuple(found))


def _escape(part: str) -> str:
    """RFC 6901, section 3; unknown field names come from outside, so they are cut."""
    return part[:64].replace("~", "~0").replace("/", "~1")


def _known(error: Exception) -> Problem | None:
    match error:
        case Problem():
            return error
        case CommandRefused():
            return Problem(409, "command-refused", error.why)
        case UnknownSeat() | UnknownFlow() | UnknownTarget():
            return _unknown(error)
        case RecordsAway() | NotNoted():
            return _not_now(error)
        case web.HTTPException():
            return _from_aiohttp(error)
        case _:
            return None


def _unknown(error: UnknownSeat | UnknownFlow | UnknownTarget) -> Problem:
    if isinstance(error, UnknownTarget):
        return Problem(404, "unknown-target", f"there is no such {error.kind}")
    what = "seat" if isinstance(error, UnknownSeat) else "flow"
    return Problem(404, f"unknown-{what}", f"there is no such {what}")


def _not_now(error: RecordsAway | NotNoted) -> Problem:
    code, why = "records-away", "past calls and people cannot be read at the moment"
    if isinstance(error, NotNoted):
        code = "not-noted"
        why = "that you hear this cannot be written down now, so it is not played"
    return Problem(503, code, why, headers={"Retry-After": "10"})


def _from_aiohttp(error: web.HTTPException) -> Problem:
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return Problem(
        error.status,
        _HTTP_CODES.get(error.status, f"http-{error.status}"),
        _DETAILS.get(error.status, HTTPStatus(error.status).phrase),
        headers=headers,
    )


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Exception as error:
        problem = _known(error)
        if problem is not None:
            return problem_response(problem)
        # What broke goes to the log only; the two are joined by the instance.
        instance = uuid.uuid4().urn
        log.exception("request failed", path=request.path, instance=instance)
        broken = Problem(500, "internal", "something broke here; the log knows more")
        return problem_response(broken, instance=instance)
