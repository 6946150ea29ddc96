"""What the seats and queues of a site are called, for sentences about them."""

from __future__ import annotations

from config.site import Site
from cti.ids import QueueId, SeatId
from cti.store.speech import Names


def names_of(site: Site) -> Names:
    """Seats by id, queues by id and language tag."""
    return Names(
        seats={SeatId(seat_id): seat.name for seat_id, seat in site.seats.items()},
        queues=queue_names(site),
    )


def queue_names(site: Site) -> dict[QueueId, dict[str, str]]:
    """By id and language tag."""
    return {QueueId(queue_id): queue.names for queue_id, queue in site.queues.items()}
