"""Logging in, live facts, and what describes the service itself. A part of the route table."""

from __future__ import annotations

from typing import Final

from cti.api import describe, events, people, status
from cti.api.binding import Operation
from cti.api.operation import V1, operation
from cti.api.schemas import AliveAnswer, LoginBody, MeAnswer, ReadyAnswer, TokenAnswer

SERVICE: Final[tuple[Operation, ...]] = (
    operation(
        "login",
        "POST",
        f"{V1}/login",
        "A name and a password for an access token",
        people.login,
        TokenAnswer,
        401,
        429,
        503,
        body=LoginBody,
    ),
    operation(
        "renewToken",
        "POST",
        f"{V1}/token/renew",
        "A fresh token before the old one expires",
        people.renew,
        TokenAnswer,
        503,
    ),
    operation("me", "GET", f"{V1}/me", "Who the token says I am", people.me, MeAnswer),
    operation(
        "events",
        "GET",
        f"{V1}/events",
        "Live facts (WebSocket)",
        events.events,
        "websocket",
        401,
        403,
        426,
        429,
        own_token=True,
    ),
    operation(
        "openapi",
        "GET",
        f"{V1}/openapi.json",
        "This API as an OpenAPI 3.1 document",
        describe.document,
        "application/json",
    ),
    operation("page", "GET", "/api", "This API for people", describe.page, "text/html"),
    operation("healthz", "GET", "/healthz", "Is the process alive", status.healthz, AliveAnswer),
    operation("readyz", "GET", "/readyz", "Can it take calls", status.readyz, ReadyAnswer, 503),
    operation("metrics", "GET", "/metrics", "Figures for Prometheus", status.metrics, "text/plain"),
)
