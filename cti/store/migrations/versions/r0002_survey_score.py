"""The survey's score in the table of calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("score", sa.Integer))


def downgrade() -> None:
    """A ledger is not thrown away by a command."""
    raise NotImplementedError
