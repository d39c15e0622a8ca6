"""When HQ has lost time: what it lost, who has sent it again, and when all is back.

A rewind begins with its own epoch, so that every till says anew where it is. What a till shows of
the time before (its last ack, how far it had read the feeds) tells what this HQ had once signed
and published. The incident is kept readable for a person all the while, and closes itself.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from agent.core.exchange.cursors import parse
from agent.core.exchange.wire import LastAck
from agent.core.faults import InputFault
from central.intake.incidents import keep_incident, rewrite_incident
from central.ledger.authority_tables import REWIND_JOURNALS, REWIND_SCOPES, REWINDS, SIGNED_ORDERS
from central.ledger.epoch import bump_epoch, current_epoch
from central.ledger.sums import whole_sum
from central.ledger.tables import CREDENTIALS, CURSORS, FACTS, FEED_MARKS, FEED_SCOPES, JOURNALS
from central.ledger.upserts import upsert

OPEN = "rewind"
"""Key of the installation fact that names the rewind under way, by its epoch."""
_NAMED_MAX = 12
_FSEQ_MAX = 2**40
_REMEDY = (
    "nothing to make the sales come back: that happens by itself. Publish again what is listed as "
    "lost (items and customers imported, prices); where a till stays awaited, look at it there"
)
_UNEXPECTED = "; if nobody restored this database on purpose, find out who replaced it"


class Heard(msgspec.Struct, frozen=True):
    """What one batch shows of the time before a rewind."""

    journal_id: str
    have_seq: int
    """What HQ holds of it after the batch."""
    last_ack: LastAck | None
    """Genuine, if there is one."""
    feed_cursors: Mapping[str, str]
    bodies_lost: int = 0
    """Records of the batch whose bodies the till itself no longer has."""


def begin(
    conn: Connection, now: str, *, seen: str, why: str, restored_from: str | None = None
) -> str:
    """Begin the epoch after a rewind, and its incident; gives the epoch.

    Args:
        conn: of the transaction that noticed it.
        now: HQ's time, for show.
        seen: the epoch HQ is known to have lived in, as far as anybody knows.
        why: what was found, for a person.
        restored_from: id of the backup, where HQ was restored by command.
    """
    lost = current_epoch(conn)
    epoch = bump_epoch(conn, seen)
    _supersede(conn, now)
    conn.execute(
        insert(REWINDS).values(
            epoch=epoch, at=now, lost_epoch=lost, why=why, restored_from=restored_from
        )
    )
    held = select(FEED_SCOPES.c.scope, FEED_SCOPES.c.fseq)
    for scope, fseq in conn.execute(held).all():
        _keep_scope(conn, epoch, scope, fseq, 0)
    new = upsert(FACTS).values(key=OPEN, value=epoch)
    conn.execute(new.on_conflict_do_update(index_elements=["key"], set_={"value": epoch}))
    remedy = _REMEDY if restored_from else _REMEDY + _UNEXPECTED
    keep_incident(conn, _key(epoch), at=now, detail=_progress(conn, epoch), remedy=remedy)
    return epoch


def _supersede(conn: Connection, now: str) -> None:
    """Close the rewinds that are still open: the next one asks every till anew."""
    query = select(REWINDS.c.epoch).where(REWINDS.c.closed_at.is_(None))
    for earlier in conn.execute(query).scalars().all():
        detail = f"{_progress(conn, earlier)}; then HQ lost time once more"
        rewrite_incident(conn, _key(earlier), detail, closed_at=now)
    conn.execute(update(REWINDS).where(REWINDS.c.closed_at.is_(None)).values(closed_at=now))


def open_rewind(conn: Connection) -> str:
    """Name the epoch of the rewind that is not over yet; empty if there is none."""
    query = select(FACTS.c.value).where(FACTS.c.key == OPEN)
    return conn.execute(query).scalar_one_or_none() or ""


def heard(conn: Connection, epoch: str, said: Heard, now: str) -> None:
    """Take in what a till shows while a rewind is open; closes it with the last one."""
    held = REWIND_JOURNALS.c
    query = select(REWIND_JOURNALS).where(held.journal_id == said.journal_id, held.epoch == epoch)
    before = conn.execute(query).one_or_none()
    known = said.last_ack.seq if said.last_ack else 0
    lost = _note_scopes(conn, epoch, said.feed_cursors)
    is_news = before is None or known > before.known_seq or said.bodies_lost > 0
    if before is not None:
        known = max(known, before.known_seq)
    if is_news:
        bodies = max(said.bodies_lost, before.bodies_lost if before else 0)
        _keep_journal(conn, epoch, said.journal_id, known, bodies, now)
    if is_news or lost or said.have_seq >= known:
        _tell(conn, epoch, now)


def place_lost(conn: Connection, scope: str, cursor: str) -> None:
    """Take in that a till asked for the feed from a position this HQ has not, as it once had it.

    A till may ask before it reports, and takes the feed anew: this may be the only word of it.
    """
    epoch = current_epoch(conn)
    query = select(REWINDS.c.closed_at).where(REWINDS.c.epoch == epoch)
    rewind = conn.execute(query).one_or_none()
    if rewind is not None and _note_scope(conn, epoch, scope, cursor):
        rewrite_incident(conn, _key(epoch), _progress(conn, epoch), closed_at=rewind.closed_at)


def order_back(conn: Connection) -> None:
    """Say in the incident that one of HQ's own orders came back: it is not lost any more."""
    epoch = current_epoch(conn)
    query = select(REWINDS.c.closed_at).where(REWINDS.c.epoch == epoch)
    rewind = conn.execute(query).one_or_none()
    if rewind is not None:
        rewrite_incident(conn, _key(epoch), _progress(conn, epoch), closed_at=rewind.closed_at)


def _tell(conn: Connection, epoch: str, now: str) -> None:
    """Write the progress into the incident, and close it when everything is back."""
    awaited, behind, done = _standing(conn, epoch)
    progress = _progress(conn, epoch)
    is_over = done > 0 and not awaited and not behind
    rewrite_incident(conn, _key(epoch), progress, closed_at=now if is_over else None)
    if is_over:
        conn.execute(update(REWINDS).where(REWINDS.c.epoch == epoch).values(closed_at=now))
        conn.execute(delete(FACTS).where(FACTS.c.key == OPEN, FACTS.c.value == epoch))


def _progress(conn: Connection, epoch: str) -> str:
    """Say how far it is: who has reported, who is awaited, what cannot come back."""
    awaited, behind, done = _standing(conn, epoch)
    total = len(awaited) + len(behind) + done
    parts = [
        conn.execute(select(REWINDS.c.why).where(REWINDS.c.epoch == epoch)).scalar_one(),
        f"epoch {epoch} has begun: {done} of {total} journals of live tills are back",
    ]
    if behind:
        parts.append(f"still sending: {_named(behind)}")
    if awaited:
        parts.append(f"awaited: {_named(awaited)}")
    parts += _lost_feeds(conn, epoch)
    parts += _lost_bodies(conn, epoch)
    parts += _returned_orders(conn, epoch)
    return "; ".join(parts)


def _standing(conn: Connection, epoch: str) -> tuple[list[str], list[str], int]:
    """Tell of the live journals which are awaited, which behind, and how many are back."""
    heard_of = (REWIND_JOURNALS.c.journal_id == JOURNALS.c.journal_id) & (
        REWIND_JOURNALS.c.epoch == epoch
    )
    query = (
        select(JOURNALS.c.store, JOURNALS.c.till, CURSORS.c.have_seq, REWIND_JOURNALS.c.known_seq)
        .join(CURSORS, CURSORS.c.journal_id == JOURNALS.c.journal_id)
        .join(CREDENTIALS, CREDENTIALS.c.keyid == JOURNALS.c.keyid)
        .outerjoin(REWIND_JOURNALS, heard_of)
        .where(JOURNALS.c.ended_at.is_(None), CREDENTIALS.c.revoked_at.is_(None))
        .order_by(JOURNALS.c.store, JOURNALS.c.till, JOURNALS.c.lane)
    )
    awaited, behind, done = [], [], 0
    for row in conn.execute(query):
        if row.known_seq is None:
            awaited.append(f"{row.store}/{row.till}")
        elif row.have_seq < row.known_seq:
            behind.append(f"{row.store}/{row.till}")
        else:
            done += 1
    return awaited, behind, done


def _note_scopes(conn: Connection, epoch: str, cursors: Mapping[str, str]) -> bool:
    """Note how far a till had read feeds that this HQ no longer has; tells if that was news."""
    told = [_note_scope(conn, epoch, scope, text) for scope, text in cursors.items()]
    return any(told)


def _note_scope(conn: Connection, epoch: str, scope: str, text: str) -> bool:
    try:
        cursor = parse(text)
    except InputFault:
        return False
    if cursor.epoch == epoch or not 0 < cursor.fseq < _FSEQ_MAX:
        return False
    kept = REWIND_SCOPES.c
    query = select(kept.held_fseq, kept.seen_fseq).where(kept.scope == scope, kept.epoch == epoch)
    held, seen = conn.execute(query).one_or_none() or (0, 0)
    if cursor.fseq <= max(held, seen) and _mark(conn, scope, cursor.fseq) in {cursor.fh, None}:
        return False
    if cursor.fseq <= seen:
        return False
    _keep_scope(conn, epoch, scope, held, cursor.fseq)
    return True


def _mark(conn: Connection, scope: str, fseq: int) -> str | None:
    mark: str | None = conn.execute(
        select(FEED_MARKS.c.running_hash).where(
            FEED_MARKS.c.scope == scope, FEED_MARKS.c.fseq == fseq
        )
    ).scalar_one_or_none()
    return mark


def _keep_scope(conn: Connection, epoch: str, scope: str, held: int, seen: int) -> None:
    new = upsert(REWIND_SCOPES).values(scope=scope, epoch=epoch, held_fseq=held, seen_fseq=seen)
    taken = {"seen_fseq": new.excluded.seen_fseq}
    conn.execute(new.on_conflict_do_update(index_elements=["scope", "epoch"], set_=taken))


def _keep_journal(
    conn: Connection, epoch: str, journal_id: str, known: int, bodies: int, now: str
) -> None:
    said = {"known_seq": known, "bodies_lost": bodies}
    new = upsert(REWIND_JOURNALS).values(
        journal_id=journal_id, epoch=epoch, reported_at=now, **said
    )
    conn.execute(new.on_conflict_do_update(index_elements=["journal_id", "epoch"], set_=said))


def _lost_feeds(conn: Connection, epoch: str) -> list[str]:
    kept = REWIND_SCOPES.c
    query = select(REWIND_SCOPES).where(kept.epoch == epoch, kept.seen_fseq > 0)
    back = _orders_back(conn, epoch)
    told = (
        _lost_of(row.scope, row.held_fseq, row.seen_fseq, back.get(row.scope, 0))
        for row in conn.execute(query.order_by(kept.scope)).all()
    )
    ranges = [each for each in told if each]
    if not ranges:
        return []
    what_to_do = (
        "import the items and customers of that time again; web stores send their events again"
    )
    return [f"published and lost here: changes {_named(ranges)} ({what_to_do})"]


def _lost_of(scope: str, held: int, seen: int, back: int) -> str:
    """Name what a scope has lost; nothing where all of it were orders that came back."""
    if 0 < seen - held <= back:
        return ""
    came = f", of which {back} came back as orders" if back else ""
    return f"{scope} {min(held + 1, seen)} to {seen}{came}"


def _orders_back(conn: Connection, epoch: str) -> dict[str, int]:
    """Count the orders that came back, by scope: each had been published there once."""
    since = select(REWINDS.c.at).where(REWINDS.c.epoch == epoch).scalar_subquery()
    query = (
        select(SIGNED_ORDERS.c.scope, func.count())
        .where(SIGNED_ORDERS.c.taken_back_at >= since)
        .group_by(SIGNED_ORDERS.c.scope)
    )
    return {row[0]: row[1] for row in conn.execute(query)}


def _lost_bodies(conn: Connection, epoch: str) -> list[str]:
    lost = REWIND_JOURNALS.c
    query = (
        select(JOURNALS.c.store, JOURNALS.c.till, JOURNALS.c.lane, whole_sum(lost.bodies_lost))
        .join(JOURNALS, JOURNALS.c.journal_id == lost.journal_id)
        .where(lost.epoch == epoch, lost.bodies_lost > 0)
        .group_by(JOURNALS.c.store, JOURNALS.c.till, JOURNALS.c.lane)
    )
    rows = [f"{n} of {store}/{till} {lane}" for store, till, lane, n in conn.execute(query)]
    return [f"entries whose text no till has any more: {_named(rows)}"] if rows else []


def _returned_orders(conn: Connection, epoch: str) -> list[str]:
    since = select(REWINDS.c.at).where(REWINDS.c.epoch == epoch).scalar_subquery()
    query = (
        select(SIGNED_ORDERS.c.kind, func.count())
        .where(SIGNED_ORDERS.c.taken_back_at >= since)
        .group_by(SIGNED_ORDERS.c.kind)
        .order_by(SIGNED_ORDERS.c.kind)
    )
    rows = [f"{count} {kind}" for kind, count in conn.execute(query)]
    return [f"HQ's own orders that came back: {', '.join(rows)}"] if rows else []


def _named(names: list[str]) -> str:
    distinct = list(dict.fromkeys(names))
    more = len(distinct) - _NAMED_MAX
    return ", ".join(distinct[:_NAMED_MAX]) + (f" and {more} more" if more > 0 else "")


def _key(epoch: str) -> tuple[str, str]:
    return "rewind", epoch
