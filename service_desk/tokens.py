"""What services know us by: bearer tokens, from the environment or the file of secrets."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from config.errors import Complaint, SettingsRefused
from config.site import Site
from service_desk.lookups import Secret


def environment_name(name: str) -> str:
    """The variable that holds the token `name`."""
    return f"CTI_TOKEN_{name.upper().replace('-', '_')}"


def entry_name(name: str) -> str:
    """Its entry in the file of secrets."""
    return f"token:{name}"


def tokens_of(
    site: Site, environment: Mapping[str, str], kept: Callable[[str], str | None]
) -> dict[str, Secret]:
    """The token of each service that has one; `kept` finds an entry among the secrets. Raises
    SettingsRefused naming those that nobody has set."""
    found: dict[str, Secret] = {}
    missing: list[Complaint] = []
    for service, part in site.services.items():
        name = part.token_secret
        if name is None:
            continue
        token = environment.get(environment_name(name)) or kept(entry_name(name))
        if token:
            found[service] = Secret(token)
            continue
        missing.append(
            Complaint(
                "site file",
                f"services.{service}.token_secret",
                f"nobody has set the token {name!r}: set {environment_name(name)} or write "
                f'"{entry_name(name)}" into secrets.json in the state folder',
            )
        )
    if missing:
        raise SettingsRefused(tuple(missing))
    return found
