"""What more than one contract suite needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.store.postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL; fails with what to install when there is none."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()
