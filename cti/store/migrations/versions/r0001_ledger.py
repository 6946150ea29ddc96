"""The ledger, what is read from it, and the users."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "ledger",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("run", _ORDERED, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("call_id", _ORDERED),
        sa.Column("seat_id", _ORDERED),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger"),
        sa.UniqueConstraint("run", "seq", name="uq_ledger_run_seq"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ledger_call_id_id", "ledger", ["call_id", "id"])
    op.create_index("ix_ledger_at_us", "ledger", ["at_us"])
    op.create_index("ix_ledger_kind_at_us", "ledger", ["kind", "at_us"])

    op.create_table(
        "calls",
        sa.Column("call", _ORDERED, nullable=False),
        sa.Column("arrived_us", sa.BigInteger, nullable=False),
        sa.Column("hotline", sa.Text, nullable=False),
        sa.Column("caller_number", sa.Text, nullable=False),
        sa.Column("caller_name", sa.Text, nullable=False),
        sa.Column("queue", sa.Text),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("seat", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.Column("ended_by", sa.Text),
        sa.Column("asked_us", sa.BigInteger),
        sa.Column("prompt_ended_us", sa.BigInteger),
        sa.Column("answered_us", sa.BigInteger),
        sa.Column("ended_us", sa.BigInteger),
        sa.Column("wait_us", sa.BigInteger),
        sa.Column("talk_us", sa.BigInteger),
        sa.Column("recording", sa.Text),
        sa.PrimaryKeyConstraint("call", name="pk_calls"),
    )
    op.create_index("ix_calls_arrived_us_call", "calls", ["arrived_us", "call"])
    op.create_index("ix_calls_caller_number", "calls", ["caller_number"])
    op.create_index("ix_calls_ended_us", "calls", ["ended_us"])
    op.create_index("ix_calls_queue_arrived_us", "calls", ["queue", "arrived_us"])
    op.create_index("ix_calls_seat_arrived_us", "calls", ["seat", "arrived_us"])

    op.create_table(
        "seat_states",
        sa.Column("seat", _ORDERED, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seat", name="pk_seat_states"),
    )
    op.create_table(
        "recordings",
        sa.Column("offer", _ORDERED, nullable=False),
        sa.Column("call", _ORDERED, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("duration_us", sa.BigInteger, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("stored_at_us", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("offer", name="pk_recordings"),
    )
    op.create_index("ix_recordings_call", "recordings", ["call"])
    op.create_index("ix_recordings_stored_at_us", "recordings", ["stored_at_us"])

    op.create_table(
        "users",
        sa.Column("name", _ORDERED, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("seat", sa.Text),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_users"),
    )


def downgrade() -> None:
    """There is nothing before it, and a ledger is not thrown away by a command."""
    raise NotImplementedError
