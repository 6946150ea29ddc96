"""Secrets made at first start, kept in one file that only the daemon's user may read."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.errors import Complaint, SettingsRefused


class Secrets:
    """Named random secrets; a name asked for the first time is made and kept.

    Launcher, daemon and tools share the file: a name that one of them has made is found by the
    others, and two that ask at once get the same answer. Raises SettingsRefused when the file is
    damaged or cannot be written.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._values = self._read()

    def get(self, name: str, *, length: int = 24) -> str:
        """The secret `name`, URL-safe characters; made from `length` random bytes when new."""
        if name not in self._values:
            try:
                self._make(name, length)
            except OSError as error:
                raise self._refused(f"cannot be written ({error.strerror or error})") from error
        return self._values[name]

    def known(self, name: str) -> str | None:
        """The secret `name` when somebody has set it; none is made."""
        return self._values.get(name)

    def _make(self, name: str, length: int) -> None:
        with self._locked():
            values = self._read()
            if name not in values:
                values[name] = secrets.token_urlsafe(length)
                self._save(values)
            self._values = values

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self._file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _read(self) -> dict[str, str]:
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._refused(f"cannot be read ({error.strerror})") from error
        except UnicodeDecodeError as error:
            raise self._refused(
                "is damaged (not text); restore it, or delete it to make new secrets"
            ) from error
        try:
            values = json.loads(text)
        except ValueError as error:
            raise self._refused(
                f"is damaged ({error}); restore it, or delete it to make new secrets"
            ) from error
        if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
            raise self._refused("is damaged; restore it, or delete it to make new secrets")
        return values

    def _refused(self, message: str) -> SettingsRefused:
        return SettingsRefused((Complaint(str(self._file), "", message),))

    def _save(self, values: dict[str, str]) -> None:
        fresh = self._file.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(values, out, indent=1, sort_keys=True)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._file)
