"""A real PostgreSQL of the test run's own: on a free port, thrown away at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

_USERS = ("postgres", "nobody")
"""PostgreSQL refuses to run as root: as root the server runs as the first of these."""


def _programs() -> Path:
    places = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name)
    )
    found = shutil.which("initdb")
    if found:
        places.append(Path(found).resolve().parent)
    if not places:
        raise RuntimeError(
            "these tests start a real PostgreSQL and found none; install it: "
            "apt-get install postgresql"
        )
    return places[-1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """`start` and `stop` may be called again and again; the data stays until `remove`."""

    def __init__(self) -> None:
        self._bin = _programs()
        self._port = _free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="jietong-pg-"))
        self._user = self._unprivileged()
        if self._user is not None:
            os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
        self._data = self._folder / "data"
        self._run("initdb", "-D", self._data, "-U", "jietong", "-A", "trust", "-E", "UTF8", "-N")

    @staticmethod
    def _unprivileged() -> pwd.struct_passwd | None:
        if os.getuid() != 0:
            return None
        known = {user.pw_name: user for user in pwd.getpwall()}
        return next(known[name] for name in _USERS if name in known)

    def url(self, name: str) -> str:
        return f"postgresql+asyncpg://jietong@127.0.0.1:{self._port}/{name}"

    def start(self) -> None:
        """Returns when the server takes connections."""
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={self._port} -c fsync=off "
            f"-c unix_socket_directories={self._folder} -c max_connections=50"
        )
        log = self._folder / "log"
        self._run("pg_ctl", "-D", self._data, "-l", log, "-o", options, "-w", "start")

    def stop(self) -> None:
        """Breaks all connections; returns when the server's process (by its pid file) is gone."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def running(self) -> bool:
        return (self._data / "postmaster.pid").exists()

    def sql(self, statement: str, *, database: str = "postgres") -> None:
        self._run(
            "psql", "-h", self._folder, "-p", self._port, "-U", "jietong", "-d", database,
            "-v", "ON_ERROR_STOP=1", "-q", "-c", statement,
        )  # fmt: skip

    def remove(self) -> None:
        if self.running():
            self.stop()
        shutil.rmtree(self._folder)

    def _run(self, program: str, *arguments: object) -> None:
        """Output goes to a file: a server started by pg_ctl would keep a pipe open."""
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [str(self._bin / program), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                user=self._user.pw_uid if self._user else None,
                group=self._user.pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
                timeout=120,
                check=False,
            )
            if done.returncode:
                output.seek(0)
                raise RuntimeError(f"{program} failed ({done.returncode}): {output.read()}")
