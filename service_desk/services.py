"""The services of a site by name: the only ones that a flow can reach."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Literal

import structlog

from service_desk.lookups import (
    LookupFailed,
    LookupFound,
    LookupNotFound,
    LookupOutcome,
    LookupRequest,
    LookupService,
)

log = structlog.get_logger(__name__)

Result = Literal["found", "not-found", "failed", "given-up"]
Observe = Callable[[str, Result, float], None]
"""Told of each look-up: the service's name, its result, how long it took in seconds."""


def _nobody(service: str, result: Result, seconds: float) -> None:
    del service, result, seconds


class Lookups:
    """Gives each request to its service. `look_up` never raises but when it is cancelled: a caller
    who hangs up ends the look-up with the call."""

    def __init__(self, services: Mapping[str, LookupService], observe: Observe = _nobody) -> None:
        self._services = dict(services)
        self._observe = observe

    async def look_up(self, request: LookupRequest) -> LookupOutcome:
        service = self._services.get(request.service)
        if service is None:
            return LookupFailed(f"the site has no service {request.service[:32]!r}")
        now = asyncio.get_running_loop().time
        start = now()
        result: Result = "given-up"
        try:
            outcome = await service.look_up(request)
            result = _result(outcome)
        except Exception as error:
            # A bug of ours. Its text and its frames may hold what the caller keyed.
            kind = type(error).__name__
            log.error("look-up broke", service=request.service, error=kind)  # noqa: TRY400
            result = "failed"
            return LookupFailed(f"it broke here ({kind})")
        finally:
            self._observe(request.service, result, now() - start)
        return outcome


def _result(outcome: LookupOutcome) -> Result:
    match outcome:
        case LookupFound():
            return "found"
        case LookupNotFound():
            return "not-found"
    return "failed"
