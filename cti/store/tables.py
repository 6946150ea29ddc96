"""The tables. `ledger` is the truth; `calls`, `recordings` and `seat_states` are read from it in
the transaction that writes the facts; `users`, `customers`, `voice_messages` and `routing_changes`
have lives of their own.

Times are microseconds since the epoch in BIGINT, like in the facts. Bodies are TEXT on both
databases: JSONB would reorder and re-encode what the ledger promises to keep as written.
"""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, MetaData, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_Serial = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself in a column of type INTEGER only (64 bits there)."""

_Ordered = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is sorted or searched by prefix: by code point, whatever the server's locale is."""

Key = Annotated[str, mapped_column(_Ordered)]
Micros = Annotated[int, mapped_column(BigInteger)]


class Base(DeclarativeBase):
    """Constraint names are fixed so that a migration can name them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Text()}  # noqa: RUF012 - SQLAlchemy reads it as it stands


class LedgerRow(Base):
    """One fact. `id` is the order of the ledger."""

    __tablename__ = "ledger"
    __table_args__ = (
        UniqueConstraint("run", "seq"),
        Index(None, "call_id", "id"),
        Index(None, "at_us"),
        Index(None, "kind", "at_us"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(_Serial, primary_key=True, autoincrement=True)
    run: Mapped[Key]
    seq: Mapped[int] = mapped_column(BigInteger)
    at_us: Mapped[Micros]
    kind: Mapped[str]
    call_id: Mapped[Key | None]
    seat_id: Mapped[Key | None]
    body: Mapped[str]


class CallRow(Base):
    """One call, folded by `cti.store.projection`; `rebuild_calls` makes the table anew."""

    __tablename__ = "calls"
    __table_args__ = (
        Index(None, "arrived_us", "call"),
        Index(None, "caller_number"),
        Index(None, "ended_us"),
        Index(None, "queue", "arrived_us"),
        Index(None, "seat", "arrived_us"),
    )

    call: Mapped[Key] = mapped_column(primary_key=True)
    arrived_us: Mapped[Micros]
    hotline: Mapped[str]
    caller_number: Mapped[str]
    caller_name: Mapped[str]
    queue: Mapped[str | None]
    language: Mapped[str]
    seat: Mapped[str | None]
    outcome: Mapped[str | None]
    ended_by: Mapped[str | None]
    asked_us: Mapped[Micros | None]
    prompt_ended_us: Mapped[Micros | None]
    answered_us: Mapped[Micros | None]
    ended_us: Mapped[Micros | None]
    wait_us: Mapped[Micros | None]
    talk_us: Mapped[Micros | None]
    recording: Mapped[str | None]
    score: Mapped[int | None]


class ContactRow(Base):
    """One contact other than a call, folded by `cti.store.contact_projection`."""

    __tablename__ = "contacts"
    __table_args__ = (
        Index(None, "came_us", "contact"),
        Index(None, "ended_us"),
        Index(None, "sender"),
    )

    contact: Mapped[Key] = mapped_column(primary_key=True)
    came_us: Mapped[Micros]
    kind: Mapped[str]
    queue: Mapped[str]
    sender: Mapped[str]
    by_whom: Mapped[str]
    language: Mapped[str]
    priority: Mapped[int]
    skills: Mapped[str]
    customer_class: Mapped[str]
    wanted_seat: Mapped[str]
    patience_us: Mapped[Micros]
    until_us: Mapped[Micros]
    waits_since_us: Mapped[Micros]
    seat: Mapped[str | None]
    in_hand: Mapped[bool]
    accepted_us: Mapped[Micros | None]
    wait_us: Mapped[Micros | None]
    handling_us: Mapped[Micros]
    ended_us: Mapped[Micros | None]
    outcome: Mapped[str | None]
    ended_by: Mapped[str]


class ContactTextRow(Base):
    """What people wrote; written before routing hears of the contact. It may be removed while the
    facts stay. `reference`: the other system's own name for it."""

    __tablename__ = "contact_texts"

    contact: Mapped[Key] = mapped_column(primary_key=True)
    kept_us: Mapped[Micros]
    name: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    reference: Mapped[str]


class SeatStateRow(Base):
    """The last SeatStateChanged of each seat, so that a start does not search years of facts."""

    __tablename__ = "seat_states"

    seat: Mapped[Key] = mapped_column(primary_key=True)
    at_us: Mapped[Micros]
    body: Mapped[str]


class RecordingRow(Base):
    """One segment: the leg `offer` of `call`. `state`: stored or missed (then `reason`)."""

    __tablename__ = "recordings"
    __table_args__ = (Index(None, "call"), Index(None, "stored_at_us"))

    offer: Mapped[Key] = mapped_column(primary_key=True)
    call: Mapped[Key]
    file: Mapped[str]
    duration_us: Mapped[Micros]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    stored_at_us: Mapped[Micros]
    state: Mapped[str]
    reason: Mapped[str]


class UserRow(Base):
    """Who may use the API. `password_hash` is Argon2's own text form."""

    __tablename__ = "users"

    name: Mapped[Key] = mapped_column(primary_key=True)
    role: Mapped[str]
    seat: Mapped[str | None]
    password_hash: Mapped[str]
    created_us: Mapped[Micros]
    disabled: Mapped[bool]


class CustomerRow(Base):
    """Who calls, as the service desk knows them. `kind` is the site's own class of customers."""

    __tablename__ = "customers"
    __table_args__ = (UniqueConstraint("account"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(_Serial, primary_key=True, autoincrement=True)
    account: Mapped[Key]
    name: Mapped[str]
    language: Mapped[str]
    kind: Mapped[str]
    area: Mapped[str]
    notes: Mapped[str]


class CustomerNumberRow(Base):
    """A number belongs to one customer, so that a caller is one. `number` as
    `service_desk.numbers.normal_number` writes it."""

    __tablename__ = "customer_numbers"
    __table_args__ = (Index(None, "customer"),)

    number: Mapped[Key] = mapped_column(primary_key=True)
    customer: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), ForeignKey("customers.id")
    )


class VoiceMessageRow(Base):
    """A spoken message. `file` is below the recordings' store folder and tells where it came from,
    so entering it twice enters it once. `state`: new, heard or done."""

    __tablename__ = "voice_messages"
    __table_args__ = (
        UniqueConstraint("file"),
        Index(None, "left_at_us", "id"),
        Index(None, "call"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(_Serial, primary_key=True, autoincrement=True)
    call: Mapped[Key]
    box: Mapped[str]
    caller_number: Mapped[str]
    customer: Mapped[str | None]
    left_at_us: Mapped[Micros]
    duration_us: Mapped[Micros]
    file: Mapped[Key]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    state: Mapped[str]
    handled_by: Mapped[str | None]
    handled_at_us: Mapped[Micros | None]


class RoutingChangeRow(Base):
    """A value of routing that counts over the site file's. `value` and `beneath` are JSON."""

    __tablename__ = "routing_changes"

    part: Mapped[Key] = mapped_column(primary_key=True)
    name: Mapped[Key] = mapped_column(primary_key=True)
    key: Mapped[Key] = mapped_column(primary_key=True)
    value: Mapped[str]
    beneath: Mapped[str]
    by_whom: Mapped[str]
    why: Mapped[str]
    at_us: Mapped[Micros]
    until_us: Mapped[Micros]
    place: Mapped[int] = mapped_column(BigInteger)
    """The order in which they were made."""
