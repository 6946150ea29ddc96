"""A system that flows may ask."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field

from config.names import PART, Name


def _service_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        plain = not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        good = plain = False
    if not (good and plain) or not url.isascii() or any(c.isspace() for c in url):
        raise ValueError("write http://HOST:PORT/PATH or https://...; no password, no ? and no #")
    return url


class Service(BaseModel):
    """A system that flows may ask. With `url` it is behind HTTP; without, it is the service desk's
    own customers. Flows name services only, so no other host can be reached from one."""

    model_config = PART

    url: Annotated[str, AfterValidator(_service_url)] | None = None
    timeout_seconds: Annotated[float, Field(ge=0.1, le=10)] = 2
    token_secret: Name | None = None
    """Name of the bearer token to send: CTI_TOKEN_NAME, or `token:NAME` among the secrets."""
    connections: Annotated[int, Field(ge=1, le=100)] = 16
    """How many look-ups at once; more wait their turn, within their time."""
