"""Errors of the store.

StoreError
  StoreUnavailable    the database cannot be used now; the same request may work later
  StoreRefused        the database refuses this very content; it will never work
  DatabaseNewer       made by a newer program; this one would damage it
  DatabaseOlder       not brought up to date yet (read-only tools do not migrate)
  JournalBusy         another process writes this journal
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from cti.errors import JietongError

_CONTENT_CLASSES = ("22", "23")
"""SQLSTATE classes "data exception" and "integrity constraint violation"."""


def without_password(url: str) -> str:
    """The URL as it may be shown; nothing of it when it cannot be parsed."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "(unreadable database URL)"


class StoreError(JietongError):
    """Fields: `url` (without password), `problem`."""

    def __init__(self, url: str, problem: str) -> None:
        self.url = without_password(url)
        self.problem = problem
        super().__init__(f"database {self.url}: {problem}")


class StoreUnavailable(StoreError):
    """The database cannot be used now: not there, read-only, full, locked, too slow."""


class StoreRefused(StoreError):
    """The content does not fit: asking again will not help."""


class DatabaseNewer(StoreError):
    """Fields: `found` (the database's revision), `known` (the program's newest)."""

    def __init__(self, url: str, found: str, known: str) -> None:
        self.found, self.known = found, known
        super().__init__(
            url,
            f"was made by a newer program (revision {found}, this program knows {known}); "
            "start the newer program or restore a backup from before it",
        )


class DatabaseOlder(StoreError):
    """Fields: `found` (revision, empty for an empty database), `known`."""

    def __init__(self, url: str, found: str, known: str) -> None:
        self.found, self.known = found, known
        super().__init__(
            url,
            f"is not up to date (revision {found or 'none'}, wanted {known}); "
            "start the daemon once to bring it up to date",
        )


class JournalBusy(JietongError):
    """Fields: `file`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(f"journal {file}: another process writes it; stop the other daemon first")


def _is_about_content(error: BaseException) -> bool:
    if isinstance(error, OverflowError | UnicodeError | ValueError):
        return True
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(_CONTENT_CLASSES)
    return isinstance(error, DBAPIError) and type(error).__name__ in {"DataError", "IntegrityError"}


def _first_line(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__


@contextmanager
def store_errors(url: str) -> Iterator[None]:
    """Turns what drivers raise into StoreError.

    asyncpg's errors while connecting reach us unwrapped (its own classes, OSError, TimeoutError),
    those of statements as SQLAlchemy's DBAPIError.
    """
    try:
        yield
    except (StoreError, asyncio.CancelledError):
        raise
    except Exception as error:
        if _is_about_content(error):
            raise StoreRefused(url, _first_line(error)) from error
        if isinstance(error, SQLAlchemyError | OSError | TimeoutError) or (
            type(error).__module__.startswith(("asyncpg", "sqlite3", "aiosqlite"))
        ):
            raise StoreUnavailable(url, _first_line(error)) from error
        raise
