"""Whether Asterisk's own configuration has what the site file names: seats' phones and queues."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from config.site import Site
from cti.findings import Finding, broken, fine

LOAD = (
    "load the rendered {} into Asterisk: `cti asterisk render`, then in its console `{}`; "
    "./run does it by itself"
)


def parts_known(site: Site, value: Callable[[str], str]) -> Iterator[Finding]:
    """`value` is what Asterisk makes of an expression (functions DEVICE_STATE and QUEUE_EXISTS)."""
    states = {
        f"{seat_id} ({device})": value(f"DEVICE_STATE({device})")
        for seat_id, seat in site.seats.items()
        for device in seat.all_devices
    }
    unknown = [name for name, state in states.items() if state in ("", "INVALID", "UNKNOWN")]
    there = sum(state != "UNAVAILABLE" for state in states.values())
    if unknown:
        yield broken(
            "seats",
            f"Asterisk knows no phone of {', '.join(unknown)}; it is not rung",
            LOAD.format("pjsip.conf", "module reload res_pjsip.so"),
        )
    else:
        yield fine("seats", f"all {len(states)} are known; phones registered now: {there}")
    missing = [one for one in site.queues if value(f"QUEUE_EXISTS({one})") != "1"]
    if missing:
        yield broken(
            "queues",
            f"Asterisk has no queue of last resort {', '.join(missing)}",
            LOAD.format("queues.conf", "queue reload all"),
        )
    else:
        yield fine("queues", f"all {len(site.queues)} have one of last resort in Asterisk")
