"""What a hotline is: its numbers, queues, seats and people. Read once at start and checked as a
whole, so that a slip is found before a caller meets it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from config.errors import Complaint, SettingsRefused
from config.hours import HoursPart
from config.routing import (
    Kind,
    Overflow,
    Routing,
    SeatRole,
    Seconds,
    Skills,
    Strategy,
    Target,
    Widening,
)
from config.yaml_file import read_yaml, validate
from config.zones import ZoneName

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
SeatName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,31}$")]
Device = Annotated[str, Field(pattern=r"^PJSIP/[A-Za-z0-9_.-]{1,64}$")]
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


def sip_user(device: str) -> str:
    """The name under which a device registers."""
    return device.removeprefix("PJSIP/")


def sip_secret(device: str) -> str:
    """What its password is called among the secrets."""
    return f"sip:{sip_user(device)}"


RetryCause = Literal["busy", "no-answer", "unreachable"]
RetryMinutes = Annotated[float, Field(ge=0.05, le=1440)]
DAY_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(24:00|(?:[01][0-9]|2[0-3]):[0-5][0-9])")


def _day_hours(text: str) -> str:
    found = DAY_HOURS.fullmatch(text)
    if found is None or found[3] <= text[:5]:
        raise ValueError('write "08:00-21:00": from, and a later to, at most 24:00')
    return text


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
    callback_retry_minutes: RetryMinutes | None = None
    """One pause for every cause that `callback_retry` does not name."""
    callback_retry: dict[RetryCause, Annotated[list[RetryMinutes], Field(min_length=1)]] = {}
    """Minutes after the first, second ... attempt that failed by this cause; the last one stands
    for all that follow. Not named here nor by `callback_retry_minutes`: busy 3, no answer 10,
    unreachable 30."""
    strategy: Strategy = "longest-idle"
    """Which of the free seats that fit is rung. ring-all: several at once, who answers first has
    the caller."""
    ring_most: Annotated[int, Field(ge=1, le=50)] = 5
    """With ring-all: how many seats at once."""
    auto_answer: bool = False
    """Seats' phones are asked to answer by themselves."""
    wrapup_extension_seconds: Annotated[float, Field(ge=0, le=3600)] = 0
    """How much longer a seat may make its wrap-up, once a call."""
    target: Target = Target()
    ratio: Annotated[int, Field(ge=1, le=100)] = 1
    """For `routing.choice: queue-ratio`: its share of all who wait, against the others'."""
    priority_step_seconds: Annotated[float, Field(ge=1, le=86_400)] = 120
    """What a step of priority is worth: who stands a step behind stands before all who come that
    much later, so nobody waits for ever."""
    widening: Annotated[list[Widening], Field(max_length=9)] = []
    wanted_seconds: Seconds = 0
    """How long a caller waits for the seat they are to be put to, when it is busy."""
    last_seat_hours: Annotated[float, Field(ge=0, le=720)] = 0
    """So long after a talk the caller is put to the same seat again."""
    overflow: Annotated[list[Overflow], Field(max_length=9)] = []
    """The first rule that applies counts, each once for a caller."""
    merged_into: Name | None = None
    """Its callers stand in that queue's line."""

    @property
    def names(self) -> dict[str, str]:
        """The queue's name by language tag."""
        return {str(language): name for language, name in self.name.items()}


class Seat(_Part):
    name: Annotated[str, Field(min_length=1, max_length=64)]
    device: Device
    devices: list[Device] = []
    """Others that the seat may choose when it signs on: a phone at home, a browser."""
    queues: Annotated[list[Name], Field(min_length=1)]
    skills: Skills = {}
    """What this seat can do that not every seat of its queues can: `[gas, night]`, or with levels
    from 1 to 9 `{gas: 3, night: 1}`."""
    roles: dict[Name, SeatRole] = {}
    """By queue, where it is not the usual one, a."""
    languages: list[Language] = []
    """None: every language."""
    capacity: dict[Kind, Annotated[int, Field(ge=1, le=50)]] = {}
    """How many contacts other than calls it takes at once, by kind."""
    texts_in_call: bool = False
    """Whether these are offered while it is in a call."""

    @property
    def all_devices(self) -> tuple[str, ...]:
        """The usual one first."""
        return tuple(dict.fromkeys((self.device, *self.devices)))

    @property
    def sip_user(self) -> str:
        """The name under which the seat's usual phone registers."""
        return sip_user(self.device)

    @property
    def sip_secret(self) -> str:
        """What that phone's password is called among the secrets."""
        return sip_secret(self.device)


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
    hours: Annotated[str, AfterValidator(_day_hours)] = "08:00-21:00"
    """When customers may be rung, every day, in the site's zone. "00:00-24:00": at any time."""

    @property
    def ringing_minutes(self) -> tuple[int, int]:
        """From and to, minutes after midnight."""
        begin, end = (one.split(":") for one in self.hours.split("-"))
        return int(begin[0]) * 60 + int(begin[1]), int(end[0]) * 60 + int(end[1])


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
    routing: Routing = Routing()
    services: dict[Name, Service] = {}
    users: dict[UserName, User] = {}

    def slips(self) -> Iterator[tuple[tuple[object, ...], str]]:
        """What does not fit together: the place in the file and what is wrong there."""
        devices: dict[str, str] = {}
        for seat_id, seat in self.seats.items():
            for device in seat.all_devices:
                other = devices.setdefault(device, seat_id)
                if other != seat_id:
                    key = "device" if device == seat.device else "devices"
                    yield (
                        ("seats", seat_id, key),
                        f"seats {other} and {seat_id} have the same device {device}; "
                        "give each seat a device of its own",
                    )
            for place, queue in enumerate(seat.queues):
                if queue not in self.queues:
                    yield (
                        ("seats", seat_id, "queues", place),
                        f"there is no queue {queue!r}; known: {', '.join(sorted(self.queues))}",
                    )
        yield from self._slips_of_routing()
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

    def _slips_of_routing(self) -> Iterator[tuple[tuple[object, ...], str]]:
        for seat_id, seat in self.seats.items():
            for queue in seat.roles:
                if queue not in seat.queues:
                    yield ("seats", seat_id, "roles", queue), f"seat {seat_id} does not serve it"
        for name in self.queues:
            for place, rule in enumerate(self.queues[name].overflow):
                if rule.to.queue not in self.queues or rule.to.queue == name:
                    yield (
                        ("queues", name, "overflow", place, "to", "queue"),
                        f"there is no other queue {rule.to.queue!r}; "
                        f"known: {', '.join(sorted({*self.queues} - {name}))}",
                    )
            seen = [name]
            while (target := self.queues[seen[-1]].merged_into) is not None:
                where = ("queues", name, "merged_into")
                if target not in self.queues:
                    yield where, f"there is no queue {target!r}; known: {', '.join(self.queues)}"
                    break
                if target in seen:
                    yield where, f"leads in a circle: {' -> '.join([*seen, target])}"
                    break
                seen.append(target)

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
