"""What does not fit together in a site file whose parts are right each for itself. Every slip is
the place in the file and what is wrong there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from config.overflow import overflow_slips

if TYPE_CHECKING:
    from config.site import Site

Slip = tuple[tuple[object, ...], str]


def slips(site: Site) -> Iterator[Slip]:
    """What does not fit together: the place in the file and what is wrong there."""
    devices: dict[str, str] = {}
    for seat_id, seat in site.seats.items():
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
            if queue not in site.queues:
                yield (
                    ("seats", seat_id, "queues", place),
                    f"there is no queue {queue!r}; known: {', '.join(sorted(site.queues))}",
                )
    yield from _of_routing(site)
    numbers: set[str] = set()
    for place, hotline in enumerate(site.hotlines):
        if hotline.number in numbers:
            yield (
                ("hotlines", place, "number"),
                f"the number {hotline.number} is written twice",
            )
        numbers.add(hotline.number)
    alike: dict[str, str] = {}
    for target in site.outside:
        # Asterisk leaves dashes out when it compares extensions.
        other = alike.setdefault(target.replace("-", ""), target)
        if other != target:
            yield (
                ("outside", target),
                f"{other} and {target} differ in dashes only; give one another name",
            )
    yield from _of_services(site)
    for user_name, user in site.users.items():
        if user.role == "seat" and user.seat is None:
            yield ("users", user_name), "has the role seat but no seat"
        if user.seat is not None and user.seat not in site.seats:
            yield (
                ("users", user_name, "seat"),
                f"there is no seat {user.seat!r}; known: {', '.join(sorted(site.seats))}",
            )


def _of_routing(site: Site) -> Iterator[Slip]:
    for seat_id, seat in site.seats.items():
        for queue in seat.roles:
            if queue not in seat.queues:
                yield ("seats", seat_id, "roles", queue), f"seat {seat_id} does not serve it"
    rules = {name: queue.overflow for name, queue in site.queues.items()}
    yield from overflow_slips(rules, site.outside)
    for name, served in site.queues.items():
        if served.open is not None and served.open not in site.hours:
            known = ", ".join(site.hours) or "none"
            yield ("queues", name, "open"), f"there are no hours {served.open!r}; known: {known}"
    for name in site.queues:
        seen = [name]
        while (target := site.queues[seen[-1]].merged_into) is not None:
            where = ("queues", name, "merged_into")
            if target not in site.queues:
                yield where, f"there is no queue {target!r}; known: {', '.join(site.queues)}"
                break
            if target in seen:
                yield where, f"leads in a circle: {' -> '.join([*seen, target])}"
                break
            seen.append(target)


def _of_services(site: Site) -> Iterator[Slip]:
    for name, service in site.services.items():
        if service.url is None and service.token_secret is not None:
            yield (
                ("services", name, "token_secret"),
                "is for a service with a url; this one is the service desk itself",
            )
