"""What a hotline is: its numbers, queues, seats and people. Read once at start and checked as a
whole, so that a slip is found before a caller meets it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config.yaml_file import read_yaml, validate

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
SeatName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,31}$")]
UserName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")]
Language = Literal["zh-CN", "en"]
Role = Literal["seat", "lead", "admin", "auditor"]
Text = dict[Language, str]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hotline(_Part):
    number: Annotated[str, Field(pattern=r"^[0-9+]{2,20}$")]
    flow: Name
    language: Language = "zh-CN"


class Queue(_Part):
    name: Text
    ring_seconds: Annotated[float, Field(ge=1, le=120)] = 15
    wrapup_seconds: Annotated[float, Field(ge=0, le=3600)] = 10
    priority: Annotated[int, Field(ge=0, le=9)] = 5

    @property
    def names(self) -> dict[str, str]:
        """The queue's name by language tag."""
        return {str(language): name for language, name in self.name.items()}


class Seat(_Part):
    name: Annotated[str, Field(min_length=1, max_length=64)]
    device: Annotated[str, Field(pattern=r"^PJSIP/[A-Za-z0-9_.-]{1,64}$")]
    queues: Annotated[list[Name], Field(min_length=1)]


class User(_Part):
    role: Role
    seat: SeatName | None = None


class Site(_Part):
    name: Text
    flows_dir: Path = Path("flows")
    hotlines: Annotated[list[Hotline], Field(min_length=1)]
    queues: Annotated[dict[Name, Queue], Field(min_length=1)]
    seats: dict[SeatName, Seat] = {}
    users: dict[UserName, User] = {}

    @model_validator(mode="after")
    def _fits_together(self) -> Site:
        wrong: list[str] = []
        devices: dict[str, str] = {}
        for seat_id, seat in self.seats.items():
            other = devices.setdefault(seat.device, seat_id)
            if other != seat_id:
                wrong.append(
                    f"seats {other} and {seat_id} have the same device {seat.device}; "
                    "give each seat a device of its own"
                )
            wrong.extend(
                f"seat {seat_id} serves the unknown queue {queue!r}; known: "
                f"{', '.join(sorted(self.queues))}"
                for queue in seat.queues
                if queue not in self.queues
            )
        numbers = [hotline.number for hotline in self.hotlines]
        wrong.extend(
            f"the number {number} is written twice"
            for number in sorted({number for number in numbers if numbers.count(number) > 1})
        )
        for user_name, user in self.users.items():
            if user.role == "seat" and user.seat is None:
                wrong.append(f"user {user_name} has the role seat but no seat")
            if user.seat is not None and user.seat not in self.seats:
                wrong.append(f"user {user_name} sits on the unknown seat {user.seat!r}")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


def load_site(file: Path) -> Site:
    """Read and check a site file. Raises SettingsRefused naming file, line and key."""
    content = read_yaml(file)
    return validate(Site, content.values, content)
