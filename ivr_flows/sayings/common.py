"""What is the same in every language."""

from __future__ import annotations

from typing import Final

from ivr_flows.sayings.values import Duration

PAUSE: Final = "say/pause"
"""A breath of silence."""
_SIGNS: Final = {"*": "star", "#": "hash", "+": "plus"}


def in_breaths(groups: tuple[str, ...]) -> tuple[str, ...]:
    """The characters one by one, a pause between the groups."""
    said: list[str] = []
    for group in groups:
        if said:
            said.append(PAUSE)
        for sign in group:
            what = "letter" if sign.isalpha() else "digit"
            said.append(f"say/{what}-{_SIGNS.get(sign, sign)}")
    return tuple(said)


def minutes_clip(minutes: Duration) -> tuple[str, ...]:
    """A duration is one clip."""
    return (f"say/minutes-{'more' if minutes is None else minutes}",)


def signed(negative: bool, said: tuple[str, ...]) -> tuple[str, ...]:
    return ("say/minus", *said) if negative else said


def with_fraction(whole: tuple[str, ...], fraction: str) -> tuple[str, ...]:
    """A number and the digits after its point, one by one."""
    if not fraction:
        return whole
    return (*whole, "say/point", *(f"say/number-{digit}" for digit in fraction))
