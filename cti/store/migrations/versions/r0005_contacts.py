"""Contacts other than calls, and what people wrote."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("contact", _ORDERED, nullable=False),
        sa.Column("came_us", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("by_whom", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("skills", sa.Text, nullable=False),
        sa.Column("customer_class", sa.Text, nullable=False),
        sa.Column("wanted_seat", sa.Text, nullable=False),
        sa.Column("patience_us", sa.BigInteger, nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        sa.Column("waits_since_us", sa.BigInteger, nullable=False),
        sa.Column("seat", sa.Text),
        sa.Column("in_hand", sa.Boolean, nullable=False),
        sa.Column("accepted_us", sa.BigInteger),
        sa.Column("wait_us", sa.BigInteger),
        sa.Column("handling_us", sa.BigInteger, nullable=False),
        sa.Column("ended_us", sa.BigInteger),
        sa.Column("outcome", sa.Text),
        sa.Column("ended_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("contact", name="pk_contacts"),
    )
    op.create_index("ix_contacts_came_us_contact", "contacts", ["came_us", "contact"])
    op.create_index("ix_contacts_ended_us", "contacts", ["ended_us"])
    op.create_index("ix_contacts_sender", "contacts", ["sender"])
    op.create_table(
        "contact_texts",
        sa.Column("contact", _ORDERED, nullable=False),
        sa.Column("kept_us", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("contact", name="pk_contact_texts"),
    )


def downgrade() -> None:
    """What people wrote is not thrown away by a command."""
    raise NotImplementedError
