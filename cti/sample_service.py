"""The sample billing system beside `./run`'s demo, for a site whose service `billing` is on this
machine and not there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from typing import Final
from urllib.parse import urlsplit

from config.site import Site
from cti.ports import bound

SERVICE: Final = "billing"
STOP_S: Final = 3.0
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})


class Sample:
    """Starts `cti samples billing` and stops it again; nothing else of that name is touched."""

    def __init__(self, site: Site) -> None:
        self._address = _address(site)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> str:
        """Its address; empty when the site has no such service, or somebody serves it already."""
        if self._address is None:
            return ""
        host, port = self._address
        try:
            bound(socket.SOCK_STREAM, host, port).close()
        except OSError:
            return ""
        self._process = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "TERM", "--"),
            *(sys.executable, "-m", "cti.cli", "samples", "billing"),
            *("--host", host, "--port", str(port)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches the launcher only, which stops in order
        )
        return f"http://{host}:{port}/api"

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()


def _address(site: Site) -> tuple[str, int] | None:
    service = site.services.get(SERVICE)
    if service is None or service.url is None:
        return None
    parts = urlsplit(service.url)
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK or parts.path != "/api":
        return None
    return "127.0.0.1", parts.port or 80
