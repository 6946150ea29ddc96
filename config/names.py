"""How things of a site are named."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
SeatName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,31}$")]
Device = Annotated[str, Field(pattern=r"^PJSIP/[A-Za-z0-9_.-]{1,64}$")]
UserName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")]
Language = Literal["zh-CN", "en"]
Text = dict[Language, str]
PART: Final = ConfigDict(extra="forbid", frozen=True)
"""Of every part of the file: a key that is not known is refused; what has been read stays."""


def sip_user(device: str) -> str:
    """The name under which a device registers."""
    return device.removeprefix("PJSIP/")


def sip_secret(device: str) -> str:
    """What its password is called among the secrets."""
    return f"sip:{sip_user(device)}"
