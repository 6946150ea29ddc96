"""Asterisk's configuration files, made from the settings, the site and the secrets.

`render` is pure: it returns the text of every file. Whatever ends up in a line of Asterisk's
configuration is checked first, because there a line feed starts a new setting, `;` a comment, `[`
a section and `,` the next argument of an application.
"""

from __future__ import annotations

import ipaddress
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2

from config.errors import Complaint, SettingsRefused
from config.secrets import Secrets
from config.settings import Settings
from config.site import Site, sip_secret, sip_user

TEMPLATES: Final = Path(__file__).parents[1] / "docker" / "asterisk" / "templates"
AMI_SECRET: Final = "ami"  # noqa: S105 - the name under which the secret is kept
DOCTOR_SECRET: Final = "ami-doctor"  # noqa: S105 - likewise
DOCTOR_USERNAME: Final = "doctor"
QUALIFY_SECONDS: Final = 2
"""OPTIONS to every seat's phone: cheap, and a lost phone costs a caller a whole ring time."""
QUALIFY_TIMEOUT: Final = 0.9
"""The answer's time, seconds. SIP repeats an unanswered OPTIONS after 0.5 s, so one lost packet
makes no phone unreachable; and both together are below 3 s, in which a lost phone must be seen."""
CONSULT_SECONDS: Final = 30
"""How long a seat that another seat calls is rung."""
SILENT_LINE_SECONDS: Final = 90
"""Neither RTP nor RTCP (RFC 3550 sends it about every 5 s, also on a muted line) for this long:
the line is dead."""

MENU_SECONDS: Final = 600
"""No menu lasts this long; a caller who is still in one has met a daemon that hangs."""
MENU_TRIES: Final = 10
SURVEY_SECONDS: Final = 180
"""A survey, a spoken comment included. Who has the receiver off the hook for longer has gone."""

_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9+]{2,20}", re.ASCII)
_OUTSIDE: Final = re.compile(r"[0-9]{2,20}", re.ASCII)
_SEAT_NUMBER: Final = re.compile(r"[0-9]{2,20}", re.ASCII)
_CONTACT: Final = re.compile(r"sip:[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?", re.ASCII)
_PATH: Final = re.compile(r"/[A-Za-z0-9_./-]{1,200}", re.ASCII)
_SECRET: Final = re.compile(r"[A-Za-z0-9_.~!@%^*+=:-]{8,128}", re.ASCII)
_EVENT: Final = re.compile(r"[A-Za-z]{2,64}", re.ASCII)
_RESERVED_DEVICES: Final = frozenset({"trunk", "global", "seat", "seat-aor", "seat-auth"})


class AsteriskConfigRefused(SettingsRefused):
    """A value cannot be written into Asterisk's configuration. Fields as in SettingsRefused."""


@dataclass(frozen=True, slots=True)
class InstancePaths:
    """Folders of one Asterisk, as that Asterisk sees them.

    Where it writes recordings and finds prompts and music is in the settings
    (`recording.spool_dir_in_asterisk`, `prompts.dir_in_asterisk`, `asterisk.music_dir`).
    """

    etc: str
    lib: str
    spool: str
    run: str
    log: str
    data: str = "/usr/share/asterisk"

    @classmethod
    def of(cls, name: str) -> InstancePaths:
        """The folders of the instance `name` in a root made by docker/asterisk/build-root.sh."""
        base = f"/srv/{name}"
        return cls(f"{base}/etc", f"{base}/lib", f"{base}/spool", f"{base}/run", f"{base}/log")

    @classmethod
    def packaged(cls) -> InstancePaths:
        """The folders of an Asterisk installed from a distribution's package."""
        return cls(
            "/etc/asterisk",
            "/var/lib/asterisk",
            "/var/spool/asterisk",
            "/var/run/asterisk",
            "/var/log/asterisk",
        )


class _Checked:
    """Lets values through, or collects what is wrong with them."""

    def __init__(self) -> None:
        self.complaints: list[Complaint] = []

    def match(self, key: str, value: str, pattern: re.Pattern[str], allowed: str) -> str:
        if not pattern.fullmatch(value):
            self._refuse(key, f"cannot be written into Asterisk's configuration; {allowed}")
        return value

    def word(self, key: str, value: str) -> str:
        return self.match(key, value, _WORD, "letters, digits, dot, dash, underscore (64 at most)")

    def path(self, key: str, value: str) -> str:
        return self.match(key, value, _PATH, "an absolute path of letters, digits and . _ - /")

    def secret(self, key: str, value: str) -> str:
        return self.match(
            key, value, _SECRET, "8 to 128 letters, digits and . _ ~ ! @ % ^ * + = : -"
        )

    def address(self, key: str, value: str) -> str:
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            self._refuse(key, f"is {value!r}; an IP address is needed here, not a name")
            return value

    def network(self, key: str, value: str) -> str:
        try:
            return str(ipaddress.ip_network(value))
        except ValueError:
            self._refuse(key, f"is {value!r}; an IP address or network (10.0.0.0/8) is needed here")
            return value

    def port(self, key: str, value: int) -> int:
        if not 1 <= value <= 65535:
            self._refuse(key, "must be a port from 1 to 65535")
        return value

    def that(self, holds: bool, key: str, message: str) -> None:
        if not holds:
            self._refuse(key, message)

    def _refuse(self, key: str, message: str) -> None:
        self.complaints.append(Complaint("settings", key, message))


def event_names() -> Sequence[str]:
    """The events that the daemon reads, which is all that Asterisk is told to send."""
    # Only here does the configuration look at the engine, and only when files are rendered.
    from cti.ami.translate import EVENT_NAMES  # noqa: PLC0415

    return EVENT_NAMES


def render(
    settings: Settings,
    site: Site,
    secrets: Secrets,
    instance: InstancePaths,
    *,
    event_names: Iterable[str],
) -> dict[str, str]:
    """File name -> content of Asterisk's whole configuration folder.

    Raises AsteriskConfigRefused naming every value that must not be written.
    """
    checked = _Checked()
    values = _values(settings, site, secrets, instance, names=event_names, checked=checked)
    if checked.complaints:
        raise AsteriskConfigRefused(tuple(checked.complaints))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - configuration lines, not HTML; values are checked above
    )
    return {
        name.removesuffix(".j2"): environment.get_template(name).render(values)
        for name in environment.list_templates(extensions=["j2"])
    }


def write(files: Mapping[str, str], folder: Path) -> None:
    """Write rendered files into `folder`; only its owner may read them: they hold secrets."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name, text in files.items():
        fresh = folder / f".{name}.new"
        with os.fdopen(
            os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as out:
            out.write(text)
        fresh.replace(folder / name)


def _values(
    settings: Settings,
    site: Site,
    secrets: Secrets,
    instance: InstancePaths,
    *,
    names: Iterable[str],
    checked: _Checked,
) -> dict[str, Any]:
    asterisk = settings.asterisk
    host = checked.address("asterisk.host", asterisk.host)
    agi_host = checked.address("agi.host", settings.agi.host)
    ami_username = checked.word("asterisk.ami_username", asterisk.ami_username)
    checked.that(
        ami_username not in (DOCTOR_USERNAME, "general"),
        "asterisk.ami_username",
        f"is {ami_username!r}, which is taken; choose another name",
    )
    checked.that(
        asterisk.rtp_last_port - asterisk.rtp_first_port >= 3,
        "asterisk.rtp_last_port",
        "must leave room for at least two legs (two ports each) above rtp_first_port",
    )
    checked.that(bool(asterisk.trunk_addresses), "asterisk.trunk_addresses", "is empty")
    return {
        "host": host,
        "ami_port": checked.port("asterisk.ami_port", asterisk.ami_port),
        "ami_username": ami_username,
        "ami_secret": checked.secret(
            "asterisk.ami_secret", asterisk.ami_secret or secrets.get(AMI_SECRET)
        ),
        # A client on this machine, and nobody else. An AMI that is bound to another address of
        # this machine sees that address as the client's.
        "ami_permit": sorted({"127.0.0.1", host}),
        "doctor_username": DOCTOR_USERNAME,
        "doctor_secret": checked.secret("secrets.ami-doctor", secrets.get(DOCTOR_SECRET)),
        "event_names": [
            checked.match("event_names", name, _EVENT, "letters only") for name in names
        ],
        "sip_host": checked.address("asterisk.sip_host", asterisk.sip_host),
        "sip_port": checked.port("asterisk.sip_port", asterisk.sip_port),
        "rtp_first_port": checked.port("asterisk.rtp_first_port", asterisk.rtp_first_port),
        "rtp_last_port": checked.port("asterisk.rtp_last_port", asterisk.rtp_last_port),
        "trunk_addresses": [
            checked.network("asterisk.trunk_addresses", address)
            for address in asterisk.trunk_addresses
        ],
        "trunk_contact": checked.match(
            "asterisk.trunk_contact",
            asterisk.trunk_contact,
            _CONTACT,
            "sip:ADDRESS or sip:ADDRESS:PORT",
        ),
        "system_name": checked.word("asterisk.system_name", asterisk.system_name),
        "music_dir": checked.path("asterisk.music_dir", asterisk.music_dir),
        "agi_host": f"[{agi_host}]" if ":" in agi_host else agi_host,
        "agi_port": checked.port("agi.port", settings.agi.port),
        "menu_seconds": MENU_SECONDS,
        "menu_tries": MENU_TRIES,
        "survey_seconds": SURVEY_SECONDS,
        "away_seconds": settings.life.away_seconds,
        "recordings": checked.path(
            "recording.spool_dir_in_asterisk", settings.recording.spool_dir_in_asterisk
        ),
        "prompts": checked.path("prompts.dir_in_asterisk", settings.prompts.dir_in_asterisk),
        "paths": InstancePaths(
            **{
                field: checked.path(f"instance.{field}", getattr(instance, field))
                for field in InstancePaths.__slots__
            }
        ),
        "qualify_seconds": QUALIFY_SECONDS,
        "qualify_timeout": QUALIFY_TIMEOUT,
        "consult_seconds": CONSULT_SECONDS,
        "silent_line_seconds": SILENT_LINE_SECONDS,
        **_site_values(site, secrets, checked),
    }


def _site_values(site: Site, secrets: Secrets, checked: _Checked) -> dict[str, Any]:
    return {
        "hotlines": [
            {
                "number": checked.match(
                    "hotlines.number", hotline.number, _NUMBER, "2 to 20 digits or +"
                ),
                "language": checked.word("hotlines.language", hotline.language),
                "after_call": checked.word("hotlines.after_call", hotline.after_call)
                if hotline.after_call
                else "",
            }
            for hotline in site.hotlines
        ],
        "queues": [
            {
                "id": checked.word(f"queues.{queue_id}", queue_id),
                "ring_seconds": math.ceil(queue.ring_seconds),
                "wrapup_seconds": math.ceil(queue.wrapup_seconds),
            }
            for queue_id, queue in site.queues.items()
        ],
        "outside": [
            {
                "id": checked.word(f"outside.{target}", target),
                "number": checked.match(
                    f"outside.{target}.number", outside.number, _OUTSIDE, "2 to 20 digits"
                ),
                "ring_seconds": outside.ring_seconds,
            }
            for target, outside in site.outside.items()
        ],
        "first_queue": next(iter(site.queues)),
        "devices": [
            _device(seat_id, device, secrets, checked)
            for seat_id, seat in site.seats.items()
            for device in seat.all_devices
        ],
        "seats": [
            {"id": seat_id, "dial": "&".join(seat.all_devices)}
            for seat_id, seat in site.seats.items()
            if _can_be_dialled(seat_id, site, checked)
        ],
    }


def _device(seat_id: str, device: str, secrets: Secrets, checked: _Checked) -> dict[str, str]:
    name = checked.word(f"seats.{seat_id}.device", sip_user(device))
    checked.that(
        name.lower() not in _RESERVED_DEVICES,
        f"seats.{seat_id}.device",
        f"{name!r} is the name of a part of the configuration; choose another device name",
    )
    kept = sip_secret(device)
    return {"name": name, "secret": checked.secret(f"secrets.{kept}", secrets.get(kept))}


def _can_be_dialled(seat_id: str, site: Site, checked: _Checked) -> bool:
    """Seats call one another by their ids, where those are numbers."""
    if not _SEAT_NUMBER.fullmatch(seat_id):
        return False
    checked.that(
        all(seat_id != hotline.number for hotline in site.hotlines),
        f"seats.{seat_id}",
        "has the number of a hotline, and a seat's phone can dial both; give it another id",
    )
    return True
