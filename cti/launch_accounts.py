"""Tables of the accounts that a first start has made: people's and phones'."""

from __future__ import annotations

from collections.abc import Collection

from rich.table import Table

from config.secrets import Secrets
from config.site import Site, sip_secret, sip_user
from cti.people import first_password


def logins_table(site: Site, secrets: Secrets) -> Table:
    """People's first passwords."""
    logins = Table(title="登录账号   Log-ins (made at first start)", title_justify="left")
    for column in ("user", "role", "password"):
        logins.add_column(column)
    for user, record in site.users.items():
        logins.add_row(user, record.role, first_password(secrets, user))
    return logins


def phones_table(site: Site, secrets: Secrets, but: Collection[str] = ()) -> list[Table]:
    """A table of all devices that are not in `but`; none when there are no others."""
    phones = Table(title="坐席话机   Seats' phones (SIP)", title_justify="left")
    for column in ("seat", "name", "SIP user", "password"):
        phones.add_column(column)
    for seat_id, seat in site.seats.items():
        for device in seat.all_devices:
            if device not in but:
                password = secrets.get(sip_secret(device))
                phones.add_row(seat_id, seat.name, sip_user(device), password)
    return [phones] if phones.rows else []
