"""One of a kind: a second start is refused, a crash leaves nothing to tidy up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cti.single import AlreadyRunning, LockRefused, held, only_one

HOLDER = """
import sys
from pathlib import Path
from cti.single import only_one
with only_one(Path(sys.argv[1]), "the daemon"):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(lock: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_lock_held_by_another_process_is_refused_with_its_number(tmp_path: Path) -> None:
    lock = tmp_path / "daemon.lock"
    process = holder(lock)
    with (
        pytest.raises(AlreadyRunning, match=rf"process {process.pid}\).*daemon\.lock") as refused,
        only_one(lock, "the daemon"),
    ):
        pass
    assert refused.value.pid == str(process.pid)
    process.communicate()
    with only_one(lock, "the daemon"):
        assert lock.read_text() == f"{os.getpid()}\n"


def test_a_killed_holder_leaves_the_lock_free(tmp_path: Path) -> None:
    process = holder(tmp_path / "lock")
    process.kill()
    process.communicate()
    with only_one(tmp_path / "lock", "it"):
        pass


def test_the_same_process_may_not_take_it_twice_and_may_again_after_an_error(
    tmp_path: Path,
) -> None:
    lock = tmp_path / "deep" / "lock"
    with pytest.raises(ZeroDivisionError), only_one(lock, "it"):
        with pytest.raises(AlreadyRunning), only_one(lock, "it"):
            pass
        raise ZeroDivisionError
    with only_one(lock, "it"):
        pass


def test_a_lock_with_garbage_inside_is_taken(tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(b"123 old and garbage\n")
    with only_one(tmp_path / "lock", "it"):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_a_folder_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(LockRefused, match="lock cannot be written"),
        only_one(tmp_path / "file" / "lock", "it"),
    ):
        pass


def test_held_tells_and_takes_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert not held(lock)
    assert not lock.exists()
    with only_one(lock, "it"):
        assert held(lock)
    assert not held(lock)
