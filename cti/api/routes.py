"""The route table: every operation, once. The server, the OpenAPI document, the human page and the
tests all read it; who may use what stands in `cti.api.access`."""

from __future__ import annotations

from typing import Final

from cti.api.binding import Operation
from cti.api.routes_calls import CALLS
from cti.api.routes_contacts import CONTACTS
from cti.api.routes_monitors import MONITORS
from cti.api.routes_seats import SEATS
from cti.api.routes_service import SERVICE
from cti.api.routes_site import SITE

OPERATIONS: Final[tuple[Operation, ...]] = (
    *CALLS,
    *CONTACTS,
    *SEATS,
    *MONITORS,
    *SITE,
    *SERVICE,
)
