"""The look-up services of a site, put together."""

from __future__ import annotations

import os
from collections.abc import Callable

from config.secrets import Secrets
from config.site import Site
from service_desk.customers import Customers
from service_desk.desk import DeskService
from service_desk.http import HttpClient, HttpPlace, HttpService
from service_desk.lookups import LookupService
from service_desk.services import Lookups, Result
from service_desk.tokens import tokens_of


def lookups_of(
    site: Site,
    secrets: Secrets,
    client: HttpClient,
    customers: Customers,
    observe: Callable[[str, Result, float], None],
) -> Lookups:
    """Raises SettingsRefused when a service's token is nowhere."""
    tokens = tokens_of(site, os.environ, secrets.known)
    services: dict[str, LookupService] = {}
    for name, part in site.services.items():
        if part.url is None:
            services[name] = DeskService(customers, timeout_s=part.timeout_seconds)
            continue
        place = HttpPlace(
            url=part.url,
            timeout_s=part.timeout_seconds,
            token=tokens.get(name),
            connections=part.connections,
        )
        services[name] = HttpService(client, place)
    return Lookups(services, observe)
