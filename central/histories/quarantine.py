"""Entries that could not be applied: kept with name and reason, never in another's way.

A person replays what can be applied by now, or voids what must never count; each decision stays
in the audit, and a voided entry can be taken back.
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import msgspec
from litestar.params import PathParameter
from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, insert, select, update
from uuid_utils import uuid7

from agent.core.faults import Fault, InputFault, NotFoundFault, StateFault
from central.histories.pending import Received
from central.ledger.report_tables import QUARANTINE_AUDIT
from central.ledger.tables import CHAIN, JOURNALS, QUARANTINE
from central.ledger.texts import without_nul
from central.ledger.upserts import upsert

REASON_CHARACTERS = 500
"""Enough to say what is wrong; a body never gets into it."""
PAGE = 200
TOO_LARGE = "number-too-large"
_LARGEST = 2**63 - 1
_SEQ_DIGITS = len(str(_LARGEST))
_OUT_OF_RANGE = "22003"
"""SQLSTATE numeric_value_out_of_range (ISO/IEC 9075; PostgreSQL, appendix A)."""
Seq = Annotated[int, PathParameter(ge=0, le=_LARGEST)]
"""Of an entry, in an address."""
Action = Literal["replay", "void", "un-void"]


class BodyMissing(Fault):
    """The chain has the entry, but its body is neither here nor erased by an order."""

    name = "body-missing"
    title = "An entry's body is missing"

    def __init__(self, received: Received) -> None:
        """Name the entry."""
        super().__init__(
            f"the body of entry {received.seq} of journal {received.journal_id} is missing",
            remedy="run `till-central ledger verify`, then restore the body from a backup",
        )


class Aside(msgspec.Struct, frozen=True):
    """One entry that was set aside."""

    journal_id: str
    seq: int
    store: str | None
    till: str | None
    lane: str | None
    kind: int
    name: str
    """What is wrong, as one word."""
    reason: str
    tries: int
    since: str
    received_at: str
    voided_at: str | None = None
    voided_by: str | None = None
    void_reason: str | None = None


class Decision(msgspec.Struct, frozen=True):
    """What a person once decided about an entry that was set aside."""

    at: str
    action: Action
    actor: str
    reason: str
    name: str
    """What was wrong with the entry then."""
    outcome: str
    journal_id: str
    seq: int


class Person(NamedTuple):
    """Who decides, when and why."""

    actor: str
    reason: str
    now: str

    def checked(self) -> Person:
        """Give it without space around.

        Raises:
            InputFault: nobody is named, or no reason is given.
        """
        actor, reason = self.actor.strip(), self.reason.strip()
        if not actor or not reason:
            raise InputFault(
                "the audit needs to know who decided and why",
                remedy="name the person (actor) and give a reason in a few words",
            )
        return Person(actor[:REASON_CHARACTERS], reason[:REASON_CHARACTERS], self.now)


def place_of(text: str) -> tuple[str, int] | None:
    """Read JOURNAL:SEQ, the place of an entry; None: it is something else.

    >>> place_of("0123:7"), place_of("0123:"), place_of("0123:" + "9" * 19)
    (('0123', 7), None, None)
    """
    journal_id, _, seq = text.strip().partition(":")
    # Python reads no more than 4,300 digits, and a database's integer has 19.
    if not (journal_id and seq.isascii() and seq.isdigit() and len(seq) <= _SEQ_DIGITS):
        return None
    return (journal_id, int(seq)) if int(seq) <= _LARGEST else None


def put(conn: Connection, received: Received, error: Exception, now: str) -> None:
    """Set an entry aside, or count another failed try."""
    new = upsert(QUARANTINE).values(
        journal_id=received.journal_id,
        seq=received.seq,
        name=_name(error),
        reason=_reason(error),
        tries=1,
        since=now,
    )
    changed = {
        "name": new.excluded.name,
        "reason": new.excluded.reason,
        "tries": QUARANTINE.c.tries + 1,
    }
    conn.execute(new.on_conflict_do_update(index_elements=["journal_id", "seq"], set_=changed))


def release(conn: Connection, journal_id: str, seq: int) -> None:
    """Take an entry out; whoever does so applies it in the same transaction."""
    conn.execute(delete(QUARANTINE).where(_at(journal_id, seq)))


def held(conn: Connection, name: str | None = None) -> list[tuple[str, int]]:
    """List what waits for another try, per journal in order; voided entries do not."""
    query = select(QUARANTINE.c.journal_id, QUARANTINE.c.seq).where(
        QUARANTINE.c.voided_at.is_(None)
    )
    if name is not None:
        query = query.where(QUARANTINE.c.name == name)
    ordered = query.order_by(QUARANTINE.c.journal_id, QUARANTINE.c.seq)
    return [(row.journal_id, row.seq) for row in conn.execute(ordered)]


def count(conn: Connection) -> int:
    """Count what waits for a decision."""
    query = select(func.count()).select_from(QUARANTINE).where(QUARANTINE.c.voided_at.is_(None))
    return int(conn.execute(query).scalar_one())


def listed(
    conn: Connection,
    *,
    name: str | None = None,
    store: str | None = None,
    after: tuple[str, int] | None = None,
    limit: int = PAGE,
) -> list[Aside]:
    """List what was set aside, voided entries included, by journal and seq.

    Args:
        conn: any open connection.
        name: only those with this fault.
        store: only those of this store.
        after: journal and seq of the last one read.
        limit: how many at most.
    """
    query = _aside()
    if name is not None:
        query = query.where(QUARANTINE.c.name == name)
    if store is not None:
        query = query.where(JOURNALS.c.store == store)
    if after is not None:
        journal_id, seq = after
        behind = QUARANTINE.c.journal_id > journal_id
        same = (QUARANTINE.c.journal_id == journal_id) & (QUARANTINE.c.seq > seq)
        query = query.where(behind | same)
    ordered = query.order_by(QUARANTINE.c.journal_id, QUARANTINE.c.seq).limit(limit)
    return [_listed(row) for row in conn.execute(ordered)]


def names(conn: Connection) -> dict[str, int]:
    """Count what waits for a decision by what is wrong with it, the most frequent first."""
    query = (
        select(QUARANTINE.c.name, func.count().label("entries"))
        .where(QUARANTINE.c.voided_at.is_(None))
        .group_by(QUARANTINE.c.name)
    )
    found = {row.name: row.entries for row in conn.execute(query)}
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def entry(conn: Connection, journal_id: str, seq: int, *, to_decide: bool = False) -> Aside:
    """Read one entry that was set aside.

    Args:
        conn: of `writing` where something is decided, so that nobody else decides meanwhile.
        journal_id: its journal.
        seq: its number there.
        to_decide: hold the row until the transaction ends.

    Raises:
        NotFoundFault: it is not in quarantine.
    """
    query = _aside().where(_at(journal_id, seq))
    if to_decide:
        query = query.with_for_update(of=QUARANTINE)
    row = conn.execute(query).one_or_none()
    if row is None:
        raise NotFoundFault(
            f"entry {seq} of journal {journal_id[:40]!r} is not in quarantine",
            remedy="list what is: till-central quarantine list; what was replayed is out of it",
        )
    return _listed(row)


def void(conn: Connection, journal_id: str, seq: int, person: Person) -> Aside:
    """Decide that an entry must never count; it is kept, and can be taken back.

    Raises:
        NotFoundFault: it is not in quarantine.
        StateFault: it is void already.
        InputFault: nobody is named, or no reason is given.
    """
    person = person.checked()
    found = entry(conn, journal_id, seq, to_decide=True)
    require_not_void(found)
    _mark(conn, found, person.now, person.actor, person.reason)
    note(conn, found, "void", person, "voided")
    return entry(conn, journal_id, seq)


def unvoid(conn: Connection, journal_id: str, seq: int, person: Person) -> Aside:
    """Take a void back: the entry waits again, and is tried at the next replay.

    Raises:
        NotFoundFault: it is not in quarantine.
        StateFault: it is not void.
        InputFault: nobody is named, or no reason is given.
    """
    person = person.checked()
    found = entry(conn, journal_id, seq, to_decide=True)
    if found.voided_at is None:
        raise StateFault(
            f"entry {seq} of journal {journal_id} is not void",
            remedy="nothing is to be taken back",
            name="not-void",
        )
    _mark(conn, found, None, None, None)
    note(conn, found, "un-void", person, "waits again")
    return entry(conn, journal_id, seq)


def require_not_void(found: Aside) -> None:
    """Refuse to decide again about what was voided.

    Raises:
        StateFault: it is void.
    """
    if found.voided_at is not None:
        raise StateFault(
            f"entry {found.seq} of journal {found.journal_id} was voided at {found.voided_at} by "
            f"{found.voided_by}",
            remedy="take the void back first (till-central quarantine void --undo), to decide anew",
            name="already-void",
        )


def note(conn: Connection, of: Aside, action: Action, person: Person, outcome: str) -> Decision:
    """Write into the audit what was decided, and what came of it."""
    decision = Decision(
        at=person.now,
        action=action,
        actor=person.actor,
        reason=person.reason,
        name=of.name,
        outcome=outcome[:REASON_CHARACTERS],
        journal_id=of.journal_id,
        seq=of.seq,
    )
    row = msgspec.structs.asdict(decision) | {"audit_id": str(uuid7())}
    conn.execute(insert(QUARANTINE_AUDIT), row)
    return decision


def decisions(
    conn: Connection, *, journal_id: str | None = None, seq: int | None = None, limit: int = PAGE
) -> list[Decision]:
    """Read the audit, newest first."""
    held_ = QUARANTINE_AUDIT.c
    query = select(QUARANTINE_AUDIT)
    if journal_id is not None:
        query = query.where(held_.journal_id == journal_id)
    if seq is not None:
        query = query.where(held_.seq == seq)
    newest = query.order_by(held_.at.desc(), held_.audit_id.desc())
    fields = Decision.__struct_fields__
    return [
        Decision(**{name: getattr(row, name) for name in fields})
        for row in conn.execute(newest.limit(limit))
    ]


def _at(journal_id: str, seq: int) -> ColumnElement[bool]:
    return (QUARANTINE.c.journal_id == journal_id) & (QUARANTINE.c.seq == seq)


def _mark(
    conn: Connection, found: Aside, at: str | None, by: str | None, reason: str | None
) -> None:
    changed = {"voided_at": at, "voided_by": by, "void_reason": reason}
    conn.execute(update(QUARANTINE).where(_at(found.journal_id, found.seq)).values(changed))


def _aside() -> Select[tuple[object, ...]]:
    same = (CHAIN.c.journal_id == QUARANTINE.c.journal_id) & (CHAIN.c.seq == QUARANTINE.c.seq)
    return (
        select(
            QUARANTINE,
            CHAIN.c.kind,
            CHAIN.c.received_at,
            JOURNALS.c.store,
            JOURNALS.c.till,
            JOURNALS.c.lane,
        )
        .select_from(QUARANTINE)
        .join(CHAIN, same)
        .outerjoin(JOURNALS, JOURNALS.c.journal_id == QUARANTINE.c.journal_id)
    )


def _listed(row: Row[tuple[object, ...]]) -> Aside:
    return Aside(**{name: getattr(row, name) for name in Aside.__struct_fields__})


def _name(error: Exception) -> str:
    if isinstance(error, Fault):
        return error.name
    return TOO_LARGE if _is_too_large(error) else type(error).__name__


def _is_too_large(error: Exception) -> bool:
    """Tell a number that no column holds: Python's driver of SQLite says so, or PostgreSQL does."""
    cause = getattr(error, "orig", None) or error
    return isinstance(cause, OverflowError) or getattr(cause, "sqlstate", "") == _OUT_OF_RANGE


def _reason(error: Exception) -> str:
    """Say what went wrong, in one line, without the values of a failed statement."""
    if isinstance(error, Fault):
        return without_nul(error.detail)[:REASON_CHARACTERS]
    if _is_too_large(error):
        return (
            f"an amount or another number in it is larger than can be stored ({_LARGEST}): no till "
            "sells that, so look at the entry, and void it if it is a mistake"
        )
    cause = getattr(error, "orig", None) or error
    return without_nul(f"{type(cause).__name__}: {cause}")[:REASON_CHARACTERS]
