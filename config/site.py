"""What a hotline is: its numbers, queues, seats and people. Read once at start and checked as a
whole, so that a slip is found before a caller meets it.

    names       how things are named
    queue, seat, routing, hours, callbacks, service   the parts
    site_slips  what does not fit together
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from config.callbacks import Callbacks
from config.errors import Complaint, SettingsRefused
from config.hours import HoursPart
from config.names import (
    PART,
    Device,
    Language,
    Name,
    SeatName,
    Text,
    UserName,
    sip_secret,
    sip_user,
)
from config.plan import Plan, SiteNotice
from config.plan_slips import slips_of_plans
from config.queue import Queue
from config.routing import Routing
from config.seat import Seat
from config.service import Service
from config.site_slips import slips
from config.yaml_file import read_yaml, validate
from config.zones import ZoneName

__all__ = [
    "Callbacks", "Device", "Hotline", "Outside", "Queue", "Seat", "Service", "Site", "User",
    "load_site", "sip_secret", "sip_user",
]  # fmt: skip

Role = Literal["seat", "lead", "admin", "auditor"]


class Hotline(BaseModel):
    model_config = PART

    number: Annotated[str, Field(pattern=r"^[0-9+]{2,20}$")]
    flow: Name
    language: Language = "zh-CN"
    after_call: Name | None = None
    """The flow for a caller whose seat has hung up: a survey."""


class Outside(BaseModel):
    """A number outside that flows may put callers through to; no other is ever dialled."""

    model_config = PART

    name: Text
    number: Annotated[str, Field(pattern=r"^[0-9]{2,20}$")]
    ring_seconds: Annotated[int, Field(ge=5, le=120)] = 30


class User(BaseModel):
    model_config = PART

    role: Role
    seat: SeatName | None = None


class Site(BaseModel):
    model_config = PART

    name: Text
    zone: ZoneName = "Asia/Shanghai"
    """The time zone of times of day (IANA)."""
    flows_dir: Path = Path("flows")
    hotlines: Annotated[list[Hotline], Field(min_length=1)]
    queues: Annotated[dict[Name, Queue], Field(min_length=1)]
    seats: dict[SeatName, Seat] = {}
    hours: dict[Name, HoursPart] = {}
    areas: dict[Name, Text] = {}
    """Parts of the town that notices are about, by the name that flows use."""
    outside: dict[Name, Outside] = {}
    callbacks: Callbacks = Callbacks()
    routing: Routing = Routing()
    services: dict[Name, Service] = {}
    users: dict[UserName, User] = {}
    notices: dict[Name, SiteNotice] = {}
    """What plans may announce."""
    plans: Annotated[dict[Name, Plan], Field(max_length=20)] = {}
    """For emergencies: switched on and off while calls go on."""


def load_site(file: Path) -> Site:
    """Read and check a site file. Raises SettingsRefused naming file, line and key."""
    content = read_yaml(file)
    site = validate(Site, content.values, content)
    found = list(slips(site))
    if not found:
        found += slips_of_plans(site)
    complaints = tuple(
        Complaint(content.where(loc), ".".join(str(key) for key in loc), message)
        for loc, message in found
    )
    if complaints:
        raise SettingsRefused(complaints)
    return site
