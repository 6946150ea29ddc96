"""What `cti doctor` asks Asterisk.

Uses the asterisk-ami package (synchronous) with a connection and an account of its own, which may
read and change nothing. Modules and seats are therefore asked for by Getvar (functions IFMODULE
and DEVICE_STATE): the actions made for them would need the right `system`.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from asterisk.ami import AMIClient, SimpleAction

from config.asterisk import AMI_SECRET, DOCTOR_SECRET, DOCTOR_USERNAME, TEMPLATES
from config.secrets import Secrets
from config.settings import Settings
from config.site import Site
from cti.doctor_parts import parts_known
from cti.findings import Finding, broken, fine

SUPPORTED: Final = ((22, 8), (23,))
BROKEN: Final[dict[tuple[int, ...], str]] = {
    (22, 11, 0): "22.11.0 cannot hang up channels that are listened to (asterisk issue 2134)"
}
CONTEXTS: Final = (
    "from-trunk",
    "menu",
    "waiting-room",
    "last-resort",
    "seat-prepare",
    "seat-leg",
    "after-call",
    "from-seat",
)
ACTIONS: Final = (
    "DeviceStateList",
    "Hangup",
    "Originate",
    "QueueAdd",
    "QueuePause",
    "QueueRemove",
    "QueueStatus",
    "Redirect",
    "Setvar",
    "Status",
)
"""All that the daemon asks of Asterisk."""
_OPTIONAL: Final = frozenset(
    {
        # Other builds of Asterisk have Opus under another name, or not at all.
        "codec_opus_open_source",
        "res_format_attr_opus",
        # Comfort, tests and what only some phones use.
        "app_echo",
        "app_verbose",
        "bridge_native_rtp",
        "format_pcm",
        "res_pjsip_dtmf_info",
        "res_srtp",
    }
)
MAX_CLOCK_DIFFERENCE_S: Final = 0.25
PATIENCE_S: Final = 4.0
"""For the connection, and for the answer to each action."""


def needed_modules(template: Path = TEMPLATES / "modules.conf.j2") -> list[str]:
    """The modules that our own modules.conf loads, without what a hotline can do without."""
    loaded = re.findall(r"^load = (\w+)\.so", template.read_text("utf-8"), re.MULTILINE)
    return [name for name in loaded if name not in _OPTIONAL]


class NoAnswer(Exception):
    """Asterisk has not answered in time, or has closed the connection."""


class _Client(AMIClient):  # type: ignore[misc]  # asterisk-ami has no types
    """The package's thread lets every error of the connection out as a traceback."""

    def listen(self) -> None:
        with suppress(Exception):
            super().listen()
        if self.finished is not None:
            self.finished.set()

    def disconnect(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(
                socket.SHUT_RDWR
            )  # wakes the thread, which would sit out its time
        super().disconnect()


class _Session:
    def __init__(self, client: AMIClient) -> None:
        self._client = client

    def ask(self, action: str, **keys: str) -> Any:
        """The answer. Raises NoAnswer."""
        try:
            answer = self._client.send_action(SimpleAction(action, **keys)).response
        except OSError as error:
            raise NoAnswer(str(error)) from error
        if answer is None:
            raise NoAnswer(f"no answer to {action} within {PATIENCE_S:.0f} s")
        return answer

    def value(self, expression: str) -> str:
        """What Asterisk makes of `${expression}`. Raises NoAnswer."""
        return str(self.ask("Getvar", Variable=expression).keys.get("Value", ""))


class PbxChecks:
    """Checks of Asterisk; each yields findings, in the order in which they should be mended."""

    def __init__(self, settings: Settings, site: Site, secrets: Secrets) -> None:
        self._asterisk = settings.asterisk
        self._site = site
        self._secrets = secrets

    def findings(self) -> Iterator[Finding]:
        where = f"{self._asterisk.host}:{self._asterisk.ami_port}"
        try:
            with self._logged_in(DOCTOR_USERNAME, self._secrets.get(DOCTOR_SECRET)) as session:
                if session is None:
                    yield broken(
                        "AMI",
                        f"{where} refuses the account {DOCTOR_USERNAME}",
                        "load the rendered manager.conf into Asterisk (`cti asterisk render`), "
                        "and use the settings file that it was rendered from",
                    )
                    return
                yield fine("AMI", f"logged in to {where}")
                for check in self._checks():
                    yield from check(session)
        except OSError as error:
            yield broken(
                "AMI",
                f"{where}: {error.strerror or error}",
                "start Asterisk (./run starts its own), or correct asterisk.host and ami_port",
            )
        except NoAnswer as error:
            yield broken(
                "AMI", f"{where}: {error}", "is that Asterisk's AMI port? Then restart Asterisk"
            )

    def _checks(self) -> tuple[Callable[[_Session], Iterator[Finding]], ...]:
        return (
            self._version,
            self._clock,
            self._account,
            self._modules,
            self._dialplan,
            self._parts,
        )

    @contextmanager
    def _logged_in(
        self, username: str, secret: str, on_event: Callable[..., None] | None = None
    ) -> Iterator[_Session | None]:
        """None when the account is refused. Raises OSError, NoAnswer."""
        client = _Client(
            address=self._asterisk.host, port=self._asterisk.ami_port, timeout=PATIENCE_S
        )
        if on_event is not None:
            client.add_event_listener(on_event)
        try:
            client.connect()
            session = _Session(client)
            answer = session.ask("Login", Username=username, Secret=secret)
            yield None if answer.is_error() else session
        finally:
            if client.finished is not None:
                with suppress(OSError):
                    client.logoff()
                client.disconnect()

    # ---------------------------------------------------------------------------- the checks

    @staticmethod
    def _version(session: _Session) -> Iterator[Finding]:
        text = str(session.ask("CoreSettings").keys.get("AsteriskVersion", ""))
        found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
        version = tuple(int(part or 0) for part in found.groups()) if found else ()
        low = ".".join(map(str, SUPPORTED[0]))
        if version in BROKEN:
            yield broken("Asterisk", BROKEN[version], "install another release of Asterisk 22")
        elif not SUPPORTED[0] <= version < SUPPORTED[1]:
            yield broken(
                "Asterisk", f"version {text or 'unknown'}", f"install Asterisk 22, {low} or later"
            )
        else:
            yield fine("Asterisk", f"version {text}")

    @staticmethod
    def _clock(session: _Session) -> Iterator[Finding]:
        before = time.time()
        stamp = float(session.ask("Ping").keys.get("Timestamp", 0))
        after = time.time()
        off = max(before - stamp, stamp - after, 0.0)
        if off > MAX_CLOCK_DIFFERENCE_S:
            yield broken(
                "clock",
                f"Asterisk's clock is {off:.3f} s away from this machine's",
                "run chrony or systemd-timesyncd on both machines",
            )
        else:
            yield fine("clock", f"Asterisk's is within {off * 1000:.0f} ms of this machine's")

    def _account(self, _: _Session) -> Iterator[Finding]:
        """The daemon's own account: can it do what it must, and does it hear events?"""
        name = self._asterisk.ami_username
        greeted = threading.Event()

        def on_event(event: Any, **_: Any) -> None:
            if event.name == "FullyBooted":  # sent to whoever logs in and may hear it
                greeted.set()

        secret = self._asterisk.ami_secret or self._secrets.get(AMI_SECRET)
        with self._logged_in(name, secret, on_event) as own:
            if own is None:
                yield broken(
                    "AMI account",
                    f"{name} is refused",
                    "asterisk.ami_username and ami_secret must be those of manager.conf",
                )
                return
            granted = own.ask("ListCommands").keys
            hears = greeted.wait(1.0)
        missing = [action for action in ACTIONS if action not in granted]
        if missing:
            yield broken(
                "AMI account",
                f"{name} may not: {', '.join(missing)}",
                "write = call,originate,agent,reporting for it in manager.conf",
            )
        elif not hears:
            yield broken(
                "AMI account",
                f"{name} hears no events",
                "read = system,call,agi,user for it in manager.conf",
            )
        else:
            yield fine("AMI account", f"{name} may do and hear all it must")

    @staticmethod
    def _modules(session: _Session) -> Iterator[Finding]:
        needed = needed_modules()
        missing = [name for name in needed if session.value(f"IFMODULE({name}.so)") != "1"]
        if "func_module" in missing:
            missing = ["func_module"]  # nothing is known of the others
        if missing:
            lines = "; ".join(f"load = {name}.so" for name in missing)
            yield broken(
                "modules", f"not loaded: {', '.join(missing)}", f"in modules.conf: {lines}"
            )
        else:
            yield fine("modules", f"all {len(needed)} that are needed are loaded")

    @staticmethod
    def _dialplan(session: _Session) -> Iterator[Finding]:
        missing = [
            context
            for context in CONTEXTS
            if session.ask("ShowDialPlan", Context=context).is_error()
        ]
        if missing:
            yield broken(
                "dialplan",
                f"there is no context {', '.join(missing)}",
                "load the rendered extensions.conf into Asterisk: `cti asterisk render`",
            )
        else:
            yield fine("dialplan", "every context is there")

    def _parts(self, session: _Session) -> Iterator[Finding]:
        yield from parts_known(self._site, session.value)
