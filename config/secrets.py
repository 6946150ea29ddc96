"""Secrets made at first start, kept in one file that only the daemon's user may read."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from config.errors import Complaint, SettingsRefused


class Secrets:
    """Named random secrets; a name asked for the first time is made and kept."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._values: dict[str, str] = {}
        if file.exists():
            try:
                self._values = json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                message = f"is damaged ({error}); restore it or delete it to make new secrets"
                raise SettingsRefused((Complaint(str(file), "", message),)) from error

    def get(self, name: str, *, length: int = 24) -> str:
        """The secret `name`, URL-safe characters; made now when it does not exist yet."""
        if name not in self._values:
            self._values[name] = secrets.token_urlsafe(length)
            self._save()
        return self._values[name]

    def _save(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(self._values, out, indent=1, sort_keys=True)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._file)
