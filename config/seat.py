"""A seat of the site file."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from config.names import PART, Device, Language, Name, sip_secret, sip_user
from config.routing import Kind, SeatRole, Skills


class Seat(BaseModel):
    model_config = PART

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
    pause_after_missed_text: bool = False
    """One that it did not accept in time pauses it for calls, too."""

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
