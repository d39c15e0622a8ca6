"""The books as tables: postings stand for ever, and each account's sum moves with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, Row, bindparam, insert, select

from agent.core.loyalty import POINTS, Account, Lease, Posting, Source, missing
from agent.core.loyalty.bookings import RELEASE_LINE
from agent.core.loyalty.ledger import Key
from central.ledger.upserts import upsert
from central.ledger.value_tables import (
    AT_ONCE,
    TONIGHT,
    VALUE_ACCOUNTS,
    VALUE_LEASES,
    VALUE_POSTINGS,
    wake,
)

_P = VALUE_POSTINGS.c
_OF = select(VALUE_POSTINGS).where(
    _P.source_event == bindparam("of_event"), _P.source_line == bindparam("of_line")
)
_CAUSED_BY = select(VALUE_POSTINGS).where(_P.source_event == bindparam("of_event"))
_LEASED = select(VALUE_POSTINGS).where(
    _P.owner == bindparam("of_owner"),
    _P.unit == bindparam("of_unit"),
    _P.kind == "leased",
    _P.lease == bindparam("of_lease"),
)
_AT = select(VALUE_POSTINGS).where(
    _P.owner == bindparam("of_owner"),
    _P.unit == bindparam("of_unit"),
    _P.kind == bindparam("of_kind"),
    _P.lease == bindparam("of_lease"),
    _P.event == bindparam("at_event"),
    _P.line == bindparam("at_line"),
)
_LEASE = select(VALUE_LEASES).where(VALUE_LEASES.c.lease_id == bindparam("of_lease"))
_POST = insert(VALUE_POSTINGS)
_NEW_SUM = upsert(VALUE_ACCOUNTS)
_ADD_UP = _NEW_SUM.on_conflict_do_update(
    index_elements=["owner", "unit", "kind", "lease"],
    set_={"amount": VALUE_ACCOUNTS.c.amount + _NEW_SUM.excluded.amount},
)


class SqlBooks:
    """What stands in HQ's ledger; implements `agent.core.loyalty.applying.Books`."""

    def __init__(self, conn: Connection) -> None:
        """Read and write in the caller's transaction."""
        self._conn = conn

    def lease(self, lease_id: str) -> Lease | None:
        """Give a lease HQ has signed."""
        row = self._conn.execute(_LEASE, {"of_lease": lease_id}).one_or_none()
        return None if row is None else msgspec.json.decode(row.body, type=Lease)

    def of(self, source: Source) -> Sequence[Posting]:
        """Give every posting with a source."""
        named = {"of_event": source.event, "of_line": source.line}
        return [posting_of(row) for row in self._conn.execute(_OF, named)]

    def caused_by(self, event: str) -> Sequence[Posting]:
        """Give every posting with a source of one event, whichever line of it."""
        return [posting_of(row) for row in self._conn.execute(_CAUSED_BY, {"of_event": event})]

    def releases(self, lease_id: str) -> Sequence[Posting]:
        """Give what was posted to the account of a lease."""
        row = self._conn.execute(_LEASE, {"of_lease": lease_id}).one_or_none()
        if row is None:
            return []
        named = {"of_owner": row.owner, "of_unit": row.unit, "of_lease": lease_id}
        return [posting_of(each) for each in self._conn.execute(_LEASED, named)]

    def at(self, keys: Iterable[Key]) -> Mapping[Key, Posting]:
        """Give the postings there are under these keys."""
        found = (self._at(key) for key in keys)
        return {posting.key: posting for posting in found if posting is not None}

    def write(self, postings: Sequence[Posting], at: str) -> None:
        """Post what was decided: none of it may stand there already.

        Args:
            postings: of whole bookings.
            at: when it happened, UTC, ISO 8601; only shown.
        """
        if not postings:
            return
        self._conn.execute(_POST, [_row(posting, at) for posting in postings])
        # In one order for all, so that two writers never wait for each other in a circle.
        for account, amount in sorted(_sums(postings).items(), key=lambda each: _order(each[0])):
            self._conn.execute(_ADD_UP, {**_account(account), "amount": amount})
        of_points = [each for each in postings if each.account.unit == POINTS]
        # Goods that came back may have taken what had ended; a lease may give back what has.
        wake_on = AT_ONCE if any(map(_gives_back, of_points)) else TONIGHT
        wake(self._conn, (each.account.owner for each in of_points), wake_on)

    def post(self, postings: Sequence[Posting], at: str) -> tuple[Posting, ...]:
        """Post what is missing of a booking; gives it.

        Raises:
            LedgerFault: `ledger-fork`: another posting stands in the place of one of them.
        """
        new = missing(self.at(posting.key for posting in postings), postings)
        self.write(new, at)
        return new

    def _at(self, key: Key) -> Posting | None:
        account, event, line = key
        named = {f"of_{name}": value for name, value in _account(account).items()}
        row = self._conn.execute(_AT, {**named, "at_event": event, "at_line": line}).one_or_none()
        return None if row is None else posting_of(row)


def posting_of(row: Row[tuple[object, ...]]) -> Posting:
    """Read a posting out of its row."""
    source = Source(row.source_event, row.source_line) if row.source_event else None
    account = Account(row.owner, row.unit, row.kind, row.lease)
    return Posting(account, row.event, row.line, row.amount, source, row.measure)


def _row(posting: Posting, at: str) -> dict[str, str | int]:
    source = posting.source
    return {
        **_account(posting.account),
        "event": posting.event,
        "line": posting.line,
        "amount": posting.amount,
        "source_event": "" if source is None else source.event,
        "source_line": "" if source is None else source.line,
        "measure": posting.measure,
        "at": at,
    }


def _account(account: Account) -> dict[str, str]:
    return {
        "owner": account.owner,
        "unit": account.unit,
        "kind": account.kind,
        "lease": account.lease,
    }


def _sums(postings: Iterable[Posting]) -> dict[Account, int]:
    sums: dict[Account, int] = {}
    for posting in postings:
        sums[posting.account] = sums.get(posting.account, 0) + posting.amount
    return {account: amount for account, amount in sums.items() if amount}


def _gives_back(posting: Posting) -> bool:
    is_return = posting.source is not None and posting.source.event != posting.event
    return is_return or posting.line == RELEASE_LINE


def _order(account: Account) -> tuple[str, str, str, str]:
    return account.owner, account.unit, account.kind, account.lease
