"""One of a kind: a lock that a second start meets with a clear line, and a crash lets go."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cti.errors import JietongError


class AlreadyRunning(JietongError):
    """Fields: `what`, `lock`, `pid` (empty when the holder has not written it)."""

    def __init__(self, what: str, lock: Path, pid: str) -> None:
        self.what, self.lock, self.pid = what, lock, pid
        who = f" (process {pid})" if pid else ""
        super().__init__(
            f"{what} is running already{who}. Stop it first, or choose another state_dir; "
            f"the lock is {lock}"
        )


class LockRefused(JietongError):
    """The lock's file cannot be made. Fields: `lock`."""

    def __init__(self, lock: Path, error: OSError) -> None:
        self.lock = lock
        super().__init__(
            f"{lock} cannot be written ({error.strerror or error}); is state_dir a folder of ours?"
        )


@contextmanager
def only_one(lock: Path, what: str) -> Iterator[None]:
    """Hold `lock` for the block. Raises AlreadyRunning, LockRefused.

    The kernel lets the lock go when the process ends, however it ends; the file stays.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        opened = lock.open("a+", encoding="ascii")
    except OSError as error:
        raise LockRefused(lock, error) from error
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunning(what, lock, file.read(20).strip()) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def held(lock: Path) -> bool:
    """Whether a living process holds `lock` now."""
    try:
        with lock.open(encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
