"""Completeness of business days, audit of quarantine, HQ's order of application for the export."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INSERT_ONLY = ("quarantine_audit", "booked_entry")
_FETCH = 1000
_TYPES = {1: "sale", 2: "cancelled", 10: "float", 11: "paid-in", 12: "closing"}
"""Kinds of entries that are booked, as they were numbered then."""


def _named(table: str, names: str) -> sa.TableClause:
    return sa.table(table, *map(sa.column, names.split()))


_BOOKED = _named(
    "booked_entry",
    "stream place type journal_id seq from_journal from_seq ref store till business_date currency "
    "late origin booked_at running_hash",
)
_HEADS = _named("book_head", "stream place running_hash")
_REACH = _named("day_reach", "store till business_date journal_id first_seq last_seq")
_DAYS = _named("store_day", "store business_date state since late")


def upgrade() -> None:
    """Create the tables, and book what was applied before there was an order."""
    _quarantine()
    _carried()
    _booked()
    _days()
    _checks()
    _book_what_was_applied()
    if op.get_bind().dialect.name == "sqlite":
        _triggers()


def downgrade() -> None:
    """Refuse: what was received is not dropped."""
    raise NotImplementedError


def _quarantine() -> None:
    for name in ("voided_at", "voided_by", "void_reason"):
        op.add_column("quarantine", sa.Column(name, sa.Text))
    op.create_table(
        "quarantine_audit",
        *map(_key, ("journal_id", "audit_id")),
        _number("seq"),
        *map(_text, ("at", "action", "actor", "reason", "name", "outcome")),
    )
    op.create_index("ix_quarantine_audit_journal_id_seq", "quarantine_audit", ["journal_id", "seq"])


def _carried() -> None:
    op.create_table(
        "carried_entry",
        _key("journal_id"),
        _number_key("seq"),
        *map(_key, ("commitment",)),
        _text("via_journal"),
        _number("via_seq"),
        *map(_flag, ("verified", "at_carrier")),
        *map(_text, ("why", "applied_at")),
    )
    op.create_index(
        "ix_carried_entry_via_journal_via_seq", "carried_entry", ["via_journal", "via_seq"]
    )
    op.create_table(
        "succession",
        _key("journal_id"),
        _text("predecessor"),
        _number("seq"),
        *map(_text, ("hash", "reason")),
        _number("carried"),
        *map(_text, ("begun_at", "recorded_at")),
    )
    op.create_index("ix_succession_predecessor", "succession", ["predecessor"])


def _booked() -> None:
    op.create_table(
        "booked_entry",
        _key("stream"),
        _number_key("place"),
        *map(_text, ("type", "journal_id")),
        _number("seq"),
        _text("from_journal"),
        _number("from_seq"),
        *map(_text, ("ref", "store", "till", "business_date", "currency", "late", "origin")),
        *map(_text, ("booked_at", "running_hash")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_booked_entry_store_business_date", "booked_entry", ["store", "business_date"]
    )
    op.create_table("book_head", _key("stream"), _number("place"), _text("running_hash"))
    op.create_table("book_epoch", *map(_key, ("stream", "epoch")), _number("first_place"))


def _days() -> None:
    op.create_index("ix_sale_journal_id_seq", "sale", ["journal_id", "seq"])
    op.create_table(
        "day_reach",
        *map(_key, ("store", "till", "business_date", "journal_id")),
        *map(_number, ("first_seq", "last_seq")),
    )
    op.create_table(
        "till_day",
        *map(_key, ("store", "till", "business_date")),
        *map(_text, ("state", "detail", "since")),
    )
    op.create_table(
        "store_day",
        *map(_key, ("store", "business_date")),
        _text("state"),
        sa.Column("declared_at", sa.Text),
        sa.Column("declared_place", sa.BigInteger),
        _number("late"),
        _text("since"),
    )


def _checks() -> None:
    op.create_table(
        "ledger_check",
        _key("journal_id"),
        _text("checked_at"),
        *map(_number, ("upto_seq", "records_per_s")),
        sa.Column("fault", sa.Text),
    )
    op.create_table(
        "applier_trouble",
        _key("journal_id"),
        _number("seq"),
        _text("reason"),
        _number("tries"),
        *map(_text, ("since", "last_at")),
    )


def _book_what_was_applied() -> None:
    """Give everything that counts its place: journal by journal, for the order it came in is lost.

    What waits in quarantine gets its place when it is replayed.
    """
    conn = op.get_bind()
    place, running = 0, ""
    days: dict[tuple[str, str, str, str], list[int]] = {}
    for row in conn.execute(_applied().execution_options(yield_per=_FETCH)):
        fields = json.loads(row.body)
        place += 1
        text = f"{running} {place} {row.journal_id} {row.seq}"
        running = hashlib.sha256(text.encode()).hexdigest()[:16]
        day = (fields["store"], fields["till"], fields["business_date"], row.journal_id)
        days.setdefault(day, []).append(row.seq)
        conn.execute(_BOOKED.insert().values(_booking(row, fields, place, running)))
    if place:
        conn.execute(_HEADS.insert().values(stream="all", place=place, running_hash=running))
        _note_days(conn, days)


def _applied() -> sa.Select[Any]:
    names = ("journal_id", "seq", "kind", "received_at")
    chain = sa.table("chain", *map(sa.column, names))
    body = sa.table("body", *map(sa.column, ("journal_id", "seq", "body")))
    applied = sa.table("applied", *map(sa.column, ("journal_id", "seq")))
    aside = sa.table("quarantine", *map(sa.column, ("journal_id", "seq")))
    same = (body.c.journal_id == chain.c.journal_id) & (body.c.seq == chain.c.seq)
    waits = (aside.c.journal_id == chain.c.journal_id) & (aside.c.seq == chain.c.seq)
    return (
        sa.select(*chain.c, body.c.body)
        .join(body, same)
        .join(applied, applied.c.journal_id == chain.c.journal_id)
        .outerjoin(aside, waits)
        .where(chain.c.kind.in_(_TYPES), chain.c.seq <= applied.c.seq, aside.c.journal_id.is_(None))
        .order_by(chain.c.journal_id, chain.c.seq)
    )


def _booking(row: sa.Row[Any], fields: dict[str, Any], place: int, running: str) -> dict[str, Any]:
    kind = _TYPES[row.kind]
    if kind == "paid-in" and fields["amount"] < 0:
        kind = "paid-out"
    ref = fields.get("sale_id") or fields.get("cash_id") or str(fields.get("z_number", ""))
    return {
        "stream": "all",
        "place": place,
        "type": kind,
        "journal_id": row.journal_id,
        "seq": row.seq,
        "from_journal": row.journal_id,
        "from_seq": row.seq,
        "ref": ref,
        **{name: fields[name] for name in ("store", "till", "business_date")},
        "currency": fields.get("currency", ""),
        "late": "",
        "origin": "own",
        "booked_at": row.received_at,
        "running_hash": running,
    }


def _note_days(conn: sa.Connection, days: dict[tuple[str, str, str, str], list[int]]) -> None:
    for (store, till, date, journal_id), seqs in days.items():
        reach: dict[str, Any] = {"store": store, "till": till, "business_date": date}
        reach |= {"journal_id": journal_id, "first_seq": min(seqs), "last_seq": max(seqs)}
        conn.execute(_REACH.insert().values(reach))
    for store, date in sorted({(store, date) for store, _, date, _ in days}):
        day: dict[str, Any] = {"store": store, "business_date": date, "state": "open"}
        day |= {"since": "", "late": 0}
        conn.execute(_DAYS.insert().values(day))


def _triggers() -> None:
    for table in _INSERT_ONLY:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"
            )


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _number_key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)
