"""Measuring on a machine that others use: what is measured goes ahead of them.

Linux shares the processors between sessions first (sched(7), autogroup), so `nice` alone changes
little: a session as a whole has to be put ahead. The bench runs in a session of its own for this,
and so does Asterisk.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cti.errors import JietongError

NICE: Final = -15
_MARK: Final = "JIETONG_BENCH_AHEAD"
STOP_S: Final = 30.0


class NotAllowed(JietongError):
    """Only root may go ahead of others. Field: `pid`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        super().__init__("--ahead needs the right to raise a priority: run it as root")


def put_ahead(pid: int) -> None:
    """Put the session of `pid` ahead of others. Raises NotAllowed."""
    try:
        with contextlib.suppress(FileNotFoundError):  # a kernel without autogroups
            Path(f"/proc/{pid}/autogroup").write_text(str(NICE))
        os.setpriority(os.PRIO_PROCESS, pid, NICE)
    except PermissionError:
        raise NotAllowed(pid) from None


def wanted() -> bool:
    """Whether this is the bench that runs ahead."""
    return bool(os.environ.get(_MARK))


def run_ahead(arguments: Sequence[str]) -> int:
    """Run the bench with `arguments` in a session ahead of others; its exit code.

    Raises NotAllowed.
    """
    command = [sys.executable, "-m", "bench.ivr", *arguments]
    # A session of its own hears no Ctrl-C: it is told.
    with subprocess.Popen(
        command, start_new_session=True, env={**os.environ, _MARK: "1"}
    ) as process:
        try:
            put_ahead(process.pid)
            return process.wait()
        except BaseException:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_S)
            raise
