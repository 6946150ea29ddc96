"""Customers of the service desk, and spoken messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("account", _ORDERED, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_customers"),
        sa.UniqueConstraint("account", name="uq_customers_account"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "customer_numbers",
        sa.Column("number", _ORDERED, nullable=False),
        sa.Column("customer", _SERIAL, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_customer_numbers"),
        sa.ForeignKeyConstraint(
            ["customer"], ["customers.id"], name="fk_customer_numbers_customer"
        ),
    )
    op.create_index("ix_customer_numbers_customer", "customer_numbers", ["customer"])
    op.create_table(
        "voice_messages",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("call", _ORDERED, nullable=False),
        sa.Column("box", sa.Text, nullable=False),
        sa.Column("caller_number", sa.Text, nullable=False),
        sa.Column("customer", sa.Text),
        sa.Column("left_at_us", sa.BigInteger, nullable=False),
        sa.Column("duration_us", sa.BigInteger, nullable=False),
        sa.Column("file", _ORDERED, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("handled_by", sa.Text),
        sa.Column("handled_at_us", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_voice_messages"),
        sa.UniqueConstraint("file", name="uq_voice_messages_file"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_voice_messages_left_at_us_id", "voice_messages", ["left_at_us", "id"])
    op.create_index("ix_voice_messages_call", "voice_messages", ["call"])


def downgrade() -> None:
    """Customers and messages are not thrown away by a command."""
    raise NotImplementedError
