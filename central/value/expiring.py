"""Points that end at HQ: booked as ended what should have, and shown what ends next.

What should have ended is reckoned by `agent.core.loyalty.expiring` from the books of a person, all
ids together; here the difference is posted. Looked at is whoever something was booked for or was
merged or taken apart since (`wake`), and whoever has points whose last day is over. What goods that
came back or a closed lease may change is looked at within seconds, all else once a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from agent.core.days import FOREVER, plus_days
from agent.core.history.interactions import Occasion, interaction_of_expiry
from agent.core.loyalty import (
    FORFEITED,
    HELD,
    LEASED,
    POINTS,
    Dated,
    Expiring,
    Left,
    Posting,
    Term,
    at_of,
    corrections,
    ended,
    left_of,
    schedule,
)
from central.identity.cards import publish_card
from central.identity.interactions import record
from central.identity.parties import ERASED, canonical, members_of
from central.ledger.bulk import among
from central.ledger.customer_tables import PARTIES
from central.ledger.upserts import upsert
from central.ledger.value_tables import VALUE_EXPIRIES, VALUE_LEASES, VALUE_POSTINGS
from central.value.books import SqlBooks, posting_of
from central.value.opening import open_books, openings
from central.value.programme import terms_of

NEAR_DAYS = 60
"""So long before its last day a card says that something ends."""
HQ = "hq"
_KINDS = (HELD, LEASED, FORFEITED)
"""Of what was issued and redeemed the other side says as much."""
_E, _L, _P = VALUE_EXPIRIES.c, VALUE_LEASES.c, VALUE_POSTINGS.c
_NEW = upsert(VALUE_EXPIRIES)
_KEEP = _NEW.on_conflict_do_update(
    index_elements=["owner"],
    set_={name: _NEW.excluded[name] for name in ("wake_on", "last_day", "points")},
)


def settle(conn: Connection, party_id: str, now: str, terms: Sequence[Term] | None = None) -> None:
    """Book what of a person's points has ended by now, and tell their card where it changes.

    Args:
        conn: of `writing`.
        party_id: any id of theirs.
        now: HQ's time; its date is the day.
        terms: of `terms_of`, where they were read before.

    Raises:
        NotFoundFault: no party ever had this id.
    """
    terms = terms_of(conn) if terms is None else terms
    if not terms:
        return
    chosen = canonical(conn, party_id)
    owners = members_of(conn, chosen)
    if _is_erased(conn, chosen):
        _keep(conn, owners, chosen, None, FOREVER)
        return
    books = _books(conn, owners, terms)
    changed = _end(conn, books, owners, now)
    if _keep_next(conn, owners, chosen, books.upcoming(now[:10]), now[:10]) or changed:
        publish_card(conn, chosen)


def upcoming(conn: Connection, owners: Sequence[str], today: str) -> tuple[Expiring, ...]:
    """Tell what of a person's points ends when, the next in front; what tills may spend included.

    Args:
        conn: any open connection.
        owners: every id of the person.
        today: HQ's date.
    """
    terms = terms_of(conn)
    if not terms:
        return ()
    return _books(conn, owners, terms).upcoming(today)


def postpone(conn: Connection, owner: str, today: str) -> None:
    """Look at somebody tomorrow: today it failed, and it must hold up nobody else."""
    wake_on = plus_days(today, 1)
    conn.execute(update(VALUE_EXPIRIES).where(_E.owner == owner).values(wake_on=wake_on))


class _Books(NamedTuple):
    """What decides of a person's points."""

    booked: Sequence[Dated]
    lease_days: Mapping[str, str]
    terms: Sequence[Term]

    def left(self) -> tuple[Left, ...]:
        """Tell what is left once tills have spent all they may."""
        return left_of(self.booked, self.lease_days, self.terms)

    def upcoming(self, today: str) -> tuple[Expiring, ...]:
        """Tell what ends when, as a customer is told it."""
        return schedule(left_of(self.booked, self.lease_days, self.terms, lent=False), today)


def _books(conn: Connection, owners: Sequence[str], terms: Sequence[Term]) -> _Books:
    """Read what is booked, and what records told of whom nothing was booked for as if it were."""
    told = [Dated(each, at) for postings, at in openings(conn, owners) for each in postings]
    return _Books([*_booked(conn, owners), *told], _lease_days(conn, owners), terms)


def _end(conn: Connection, books: _Books, owners: Sequence[str], now: str) -> bool:
    """Post the difference, each lot with its line in the history; tells whether there was any."""
    left = books.left()
    last_days = {(lot.owner, lot.day): lot.last_day for lot in left if lot.last_day < now[:10]}
    found = list(corrections(ended(left, now[:10]), books.booked, POINTS))
    if found:
        open_books(conn, owners)
    for postings in found:
        _post(conn, postings, last_days, now)
    return bool(found)


def _post(
    conn: Connection,
    postings: Sequence[Posting],
    last_days: Mapping[tuple[str, str], str],
    now: str,
) -> None:
    [to] = [each for each in postings if each.account.kind == FORFEITED]
    owner, day = to.account.owner, to.event.rpartition("/")[2]
    # It ended when its last day did, whenever somebody looks; what is there again is from now on.
    at = at_of(last_days[owner, day]) if to.amount > 0 else now
    SqlBooks(conn).write(postings, at)
    occasion = Occasion(f"{HQ}/{to.event}/{to.line}/{owner}", HQ, HQ, at)
    record(conn, owner, interaction_of_expiry(occasion, points=to.amount), now)


def _keep_next(
    conn: Connection, owners: Sequence[str], chosen: str, ends: Sequence[Expiring], today: str
) -> bool:
    """Note what a card says and when to look again; tells whether the card says something else."""
    if not ends:
        return _keep(conn, owners, chosen, None, FOREVER)
    near_on = plus_days(ends[0].last_day, -NEAR_DAYS)
    if today < near_on:
        return _keep(conn, owners, chosen, None, near_on)
    return _keep(conn, owners, chosen, ends[0], plus_days(ends[0].last_day, 1))


def _keep(
    conn: Connection, owners: Sequence[str], chosen: str, shown: Expiring | None, wake_on: str
) -> bool:
    """Write the row of a person under the id they are shown by, and empty those of the others."""
    theirs = among(conn, _E.owner, owners)
    query = select(_E.last_day, _E.points).where(theirs, _E.last_day != "")
    before = {Expiring(row.points, row.last_day) for row in conn.execute(query)}
    for owner in sorted({*owners, chosen}):
        is_here = owner == chosen
        said = shown if is_here and shown else Expiring(0, "")
        row = {"owner": owner, "last_day": said.last_day, "points": said.points}
        conn.execute(_KEEP, row | {"wake_on": wake_on if is_here else FOREVER})
    return before != ({shown} if shown else set())


def _booked(conn: Connection, owners: Sequence[str]) -> list[Dated]:
    query = select(VALUE_POSTINGS).where(
        among(conn, _P.owner, owners), _P.unit == POINTS, _P.kind.in_(_KINDS)
    )
    return [Dated(posting_of(row), row.at) for row in conn.execute(query)]


def _lease_days(conn: Connection, owners: Sequence[str]) -> dict[str, str]:
    query = select(_L.lease_id, _L.day).where(among(conn, _L.owner, owners), _L.unit == POINTS)
    return {row.lease_id: row.day for row in conn.execute(query)}


def _is_erased(conn: Connection, party_id: str) -> bool:
    query = select(PARTIES.c.party_id).where(
        PARTIES.c.party_id == party_id, PARTIES.c.state == ERASED
    )
    return conn.execute(query).first() is not None
