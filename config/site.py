"""What a hotline is: its numbers, queues, seats and people. Read once at start and checked as a
whole, so that a slip is found before a caller meets it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from config.errors import Complaint, SettingsRefused
from config.hours import HoursPart
from config.yaml_file import read_yaml, validate
from config.zones import ZoneName

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
SeatName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,31}$")]
UserName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")]
Language = Literal["zh-CN", "en"]
Role = Literal["seat", "lead", "admin", "auditor"]
Text = dict[Language, str]


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


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hotline(_Part):
    number: Annotated[str, Field(pattern=r"^[0-9+]{2,20}$")]
    flow: Name
    language: Language = "zh-CN"
    after_call: Name | None = None
    """The flow for a caller whose seat has hung up: a survey."""


class Queue(_Part):
    name: Text
    ring_seconds: Annotated[float, Field(ge=1, le=120)] = 15
    wrapup_seconds: Annotated[float, Field(ge=0, le=3600)] = 10
    priority: Annotated[int, Field(ge=0, le=9)] = 5
    announce_every_seconds: Annotated[float, Field(ge=0, le=3600)] = 45
    """How often a waiting caller hears the place in line and the estimated wait, never more often
    than every 15 s; 0: only once that all seats are busy."""
    expected_talk_seconds: Annotated[float, Field(ge=5, le=3600)] = 180
    """Talk and wrap-up together, for the estimated wait until calls have been measured."""
    callback_attempts: Annotated[int, Field(ge=1, le=10)] = 3
    callback_retry_minutes: Annotated[float, Field(ge=0.05, le=1440)] = 10

    @property
    def names(self) -> dict[str, str]:
        """The queue's name by language tag."""
        return {str(language): name for language, name in self.name.items()}


class Seat(_Part):
    name: Annotated[str, Field(min_length=1, max_length=64)]
    device: Annotated[str, Field(pattern=r"^PJSIP/[A-Za-z0-9_.-]{1,64}$")]
    queues: Annotated[list[Name], Field(min_length=1)]
    skills: list[Name] = []
    """What this seat can do that not every seat of its queues can."""

    @property
    def sip_user(self) -> str:
        """The name under which the seat's phone registers."""
        return self.device.removeprefix("PJSIP/")

    @property
    def sip_secret(self) -> str:
        """What the phone's password is called among the secrets."""
        return f"sip:{self.sip_user}"


class Outside(_Part):
    """A number outside that flows may put callers through to; no other is ever dialled."""

    name: Text
    number: Annotated[str, Field(pattern=r"^[0-9]{2,20}$")]
    ring_seconds: Annotated[int, Field(ge=5, le=120)] = 30


class Callbacks(_Part):
    """Whom a callback may ring, and for how long it is kept."""

    prefixes: list[Annotated[str, Field(pattern=r"^[0-9]{1,10}$")]] = []
    """Only numbers that begin with one of these; none: any of 7 to 15 digits that does not begin
    with 00. Emergency numbers never."""
    ring_seconds: Annotated[float, Field(ge=5, le=120)] = 30
    keep_hours: Annotated[float, Field(ge=1, le=720)] = 72


class Service(_Part):
    """A system that flows may ask. With `url` it is behind HTTP; without, it is the service desk's
    own customers. Flows name services only, so no other host can be reached from one."""

    url: Annotated[str, AfterValidator(_service_url)] | None = None
    timeout_seconds: Annotated[float, Field(ge=0.1, le=10)] = 2
    token_secret: Name | None = None
    """Name of the bearer token to send: CTI_TOKEN_NAME, or `token:NAME` among the secrets."""
    connections: Annotated[int, Field(ge=1, le=100)] = 16
    """How many look-ups at once; more wait their turn, within their time."""


class User(_Part):
    role: Role
    seat: SeatName | None = None


class Site(_Part):
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
    services: dict[Name, Service] = {}
    users: dict[UserName, User] = {}

    def slips(self) -> Iterator[tuple[tuple[object, ...], str]]:
        """What does not fit together: the place in the file and what is wrong there."""
        devices: dict[str, str] = {}
        for seat_id, seat in self.seats.items():
            other = devices.setdefault(seat.device, seat_id)
            if other != seat_id:
                yield (
                    ("seats", seat_id, "device"),
                    f"seats {other} and {seat_id} have the same device {seat.device}; "
                    "give each seat a device of its own",
                )
            for place, queue in enumerate(seat.queues):
                if queue not in self.queues:
                    yield (
                        ("seats", seat_id, "queues", place),
                        f"there is no queue {queue!r}; known: {', '.join(sorted(self.queues))}",
                    )
        numbers: set[str] = set()
        for place, hotline in enumerate(self.hotlines):
            if hotline.number in numbers:
                yield (
                    ("hotlines", place, "number"),
                    f"the number {hotline.number} is written twice",
                )
            numbers.add(hotline.number)
        alike: dict[str, str] = {}
        for target in self.outside:
            # Asterisk leaves dashes out when it compares extensions.
            other = alike.setdefault(target.replace("-", ""), target)
            if other != target:
                yield (
                    ("outside", target),
                    f"{other} and {target} differ in dashes only; give one another name",
                )
        yield from self._slips_of_services()
        for user_name, user in self.users.items():
            if user.role == "seat" and user.seat is None:
                yield ("users", user_name), "has the role seat but no seat"
            if user.seat is not None and user.seat not in self.seats:
                yield (
                    ("users", user_name, "seat"),
                    f"there is no seat {user.seat!r}; known: {', '.join(sorted(self.seats))}",
                )

    def _slips_of_services(self) -> Iterator[tuple[tuple[object, ...], str]]:
        for name, service in self.services.items():
            if service.url is None and service.token_secret is not None:
                yield (
                    ("services", name, "token_secret"),
                    "is for a service with a url; this one is the service desk itself",
                )


def load_site(file: Path) -> Site:
    """Read and check a site file. Raises SettingsRefused naming file, line and key."""
    content = read_yaml(file)
    site = validate(Site, content.values, content)
    complaints = tuple(
        Complaint(content.where(loc), ".".join(str(key) for key in loc), message)
        for loc, message in site.slips()
    )
    if complaints:
        raise SettingsRefused(complaints)
    return site
