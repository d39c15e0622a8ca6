"""Decisions of people about who is who: merge, separate, say that two are not one; and undo it.

A decision is a few edges under one id, made by whoever asks: the same again is the same decision.
Its undo takes exactly these back, whenever it comes and whatever was decided in between (P10).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, false, or_, select
from uuid_utils import uuid7

from agent.core.exchange.orders import IDENTITY
from agent.core.faults import InputFault, NotFoundFault, StateFault
from agent.core.history import graph_merge
from agent.core.history.graph import PartyEdge, Tie
from agent.core.history.graph_links import STEWARD
from agent.core.history.graph_merge import By
from agent.core.identifiers import PartyId
from central.identity.graph_facts import HeldFacts, book_of, edges_said_in
from central.identity.graph_orders import Decided, take_up, witnesses
from central.identity.parties import canonical, require_living
from central.ledger.customer_tables import INTERACTIONS, PARTIES
from central.ledger.graph_tables import DECISIONS, MERGE, REJECTION, SEPARATION
from central.ledger.hq import GiveOrder
from central.ledger.outbox import store_scope

REASON_CHARACTERS = 300
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:~-]{0,119}")
"""Of a decision: it stands in an address, by which it is undone (RFC 3986, 2.3)."""
PARTIES_MAX = 50
"""Ids of one merge: whoever needs more has found a mistake of another kind."""
SHOWN = 100
"""Decisions of one list."""


class Decision(msgspec.Struct, frozen=True):
    """A decision as it stands."""

    merge_id: str
    kind: str
    """`merge`; `separation` of what rules have joined; `rejection`: two are not one person."""
    party_ids: tuple[PartyId, ...]
    """As they were named."""
    actor: str
    at: str
    reason: str
    undo_id: str | None
    """None while it stands."""
    undone_by: str | None
    undone_at: str | None
    undo_reason: str | None


class Meanwhile(msgspec.Struct, frozen=True):
    """Something that was written down under the common id while a merge stood."""

    party_id: str
    event_id: str
    type: str
    occurred_at: str
    ref: str


class Undone(msgspec.Struct, frozen=True):
    """A decision that was taken back, and what a person may want to look at."""

    merge: Decision
    meanwhile: tuple[Meanwhile, ...]
    """What was written down under the common id while the merge stood: it stays with that id, and
    whose it really was a person may know. Empty where it was undone before."""


class Asked(msgspec.Struct, frozen=True):
    """Who asks for a decision, why, and under which id."""

    actor: str
    reason: str
    decision_id: str = ""
    """Made by whoever asks; empty: made here."""

    def checked(self) -> Asked:
        """Give it without space around, with an id.

        Raises:
            InputFault: nobody is named, or no reason is given; or the id is none.
        """
        actor, reason = self.actor.strip(), self.reason.strip()
        if not actor or not reason:
            raise InputFault(
                "whoever looks at this merge later needs to know who decided it and why",
                remedy="name the person (actor) and give a reason in a few words",
                name="nobody-decides",
            )
        decision_id = self.decision_id.strip() or str(uuid7())
        if not _ID.fullmatch(decision_id):
            raise InputFault(
                f"{decision_id[:40]!r} cannot be the id of a merge",
                remedy="send a UUID, or leave it out",
                name="bad-merge-id",
            )
        return Asked(actor[:REASON_CHARACTERS], reason[:REASON_CHARACTERS], decision_id)


class Desk:
    """Decides within one transaction."""

    def __init__(self, conn: Connection, now: str, give_order: GiveOrder) -> None:
        """Keep what deciding needs.

        Args:
            conn: of a writing transaction: all of a decision happens, or nothing.
            now: HQ's time, for show.
            give_order: signs an order to tills.
        """
        self._conn, self._now, self._give_order = conn, now, give_order

    def merge(self, party_ids: Sequence[str], asked: Asked) -> Decision:
        """Make some parties one person.

        Raises:
            InputFault: fewer than two or far too many, or nobody decides.
            NotFoundFault: one of the ids nobody ever had.
            StateFault: they were said to be different; merges contradict; one was erased; or the
                merge id is another decision's.
        """
        return self._decide(MERGE, party_ids, asked)

    def separate(self, party_ids: Sequence[str], asked: Asked) -> Decision:
        """Part some ids from the others of their person, whatever rules say; see `merge`.

        Raises:
            InputFault: nobody would be left on the other side.
            StateFault: a merge holds them together.
        """
        return self._decide(SEPARATION, party_ids, asked)

    def reject(self, party_ids: Sequence[str], asked: Asked) -> Decision:
        """Say that two parties are different persons; nobody is asked about them again.

        Raises:
            InputFault: not two.
            StateFault: they are one person.
        """
        return self._decide(REJECTION, party_ids, asked)

    def undo(self, decision_id: str, asked: Asked) -> Undone:
        """Take a decision back: what is true then is what would be had it never been made.

        One that was taken back before stays so.

        Raises:
            NotFoundFault: no decision has this id.
        """
        asked, held = asked.checked(), decision(self._conn, decision_id)
        if held.undo_id is not None:
            return Undone(held, ())
        shown_under = canonical(self._conn, held.party_ids[0])
        decided = Decided(
            decision_id=held.merge_id,
            kind=held.kind,
            party_ids=held.party_ids,
            actor=held.actor,
            at=held.at,
            edges=tuple(edges_said_in(self._conn, decision_id)),
            undo_id=asked.decision_id,
            undone_by=asked.actor,
            undone_at=self._now,
        )
        undone = self._carry_out(decided, asked.reason)
        return Undone(undone, tuple(_meanwhile(self._conn, shown_under, undone)))

    def _decide(self, kind: str, party_ids: Sequence[str], asked: Asked) -> Decision:
        asked, ids = asked.checked(), self._known(party_ids)
        held = _held(self._conn, asked.decision_id)
        if held is not None:
            return _same(held, kind, ids)
        edges = self._edges(kind, ids, asked.decision_id, By(asked.actor, self._now))
        decided = Decided(asked.decision_id, kind, ids, asked.actor, self._now, edges)
        return self._carry_out(decided, asked.reason)

    def _carry_out(self, decided: Decided, reason: str) -> Decision:
        take_up(self._conn, decided, reason)
        for store in witnesses(self._conn, decided.decision_id, decided.party_ids):
            self._give_order(self._conn, IDENTITY, store_scope(store), decided, decided.kind)
        return decision(self._conn, decided.decision_id)

    def _edges(
        self, kind: str, ids: tuple[PartyId, ...], decision_id: str, by: By
    ) -> tuple[PartyEdge, ...]:
        facts, book = HeldFacts(self._conn), book_of(self._conn)
        if kind == REJECTION:
            return self._apart(ids, decision_id, by)
        decide = graph_merge.merge if kind == MERGE else graph_merge.separate
        return decide(facts, decision_id, ids, by, book)

    def _apart(self, ids: tuple[PartyId, ...], decision_id: str, by: By) -> tuple[PartyEdge, ...]:
        if len(ids) != 2:
            raise InputFault(
                f"{len(ids)} parties cannot be told apart by one answer",
                remedy="name exactly two different party ids",
                name="nothing-to-reject",
            )
        one, other = ids
        if canonical(self._conn, one) == canonical(self._conn, other):
            raise StateFault(
                f"{one} and {other} are one person at present",
                remedy="undo the merge, or separate what a rule has joined",
                name="are-one-person",
            )
        edge = PartyEdge(
            Tie.DIFFERENT, one, other, STEWARD, event=decision_id, actor=by.actor, at=by.at
        )
        return (edge,)

    def _known(self, party_ids: Sequence[str]) -> tuple[PartyId, ...]:
        ids, kinds = tuple(sorted(set(bounded(party_ids)))), set()
        for each in ids:
            canonical(self._conn, each)
            query = select(PARTIES.c.kind).where(PARTIES.c.party_id == each)
            kinds.add(self._conn.execute(query).scalar_one())
        require_living(self._conn, ids)
        if len(kinds) > 1:
            raise StateFault(
                "a household is nobody who lives in it",
                remedy="have the person belong to it: POST /v1/households/{household_id}/members",
                name="household-and-person",
            )
        return ids


def bounded(party_ids: Sequence[str]) -> list[PartyId]:
    """Give ids as they were named, without space around.

    Raises:
        InputFault: `too-many-parties`.
    """
    if len(party_ids) > PARTIES_MAX:
        raise InputFault(
            f"{len(party_ids)} parties are too many to be looked at as one person",
            remedy=f"name at most {PARTIES_MAX} ids",
            name="too-many-parties",
        )
    return [PartyId(each.strip()) for each in party_ids]


def decision(conn: Connection, decision_id: str) -> Decision:
    """Give a decision.

    Raises:
        NotFoundFault: no decision has this id.
    """
    held = _held(conn, decision_id)
    if held is None:
        raise NotFoundFault(
            f"no merge has the id {decision_id[:80]!r}",
            remedy="take an id of GET /v1/merges",
            name="unknown-merge",
        )
    return held


def decisions(conn: Connection, *, before: str = "", limit: int = SHOWN) -> list[Decision]:
    """List decisions, the newest first.

    Args:
        conn: any open connection.
        before: only those behind the `place` of one, or made before a time; empty: all.
        limit: how many at most.
    """
    query = select(DECISIONS).order_by(DECISIONS.c.at.desc(), DECISIONS.c.decision_id).limit(limit)
    at, _, decision_id = before.partition("/")
    if before:
        # Several can be of one millisecond: a restored HQ takes up many at once.
        later = and_(DECISIONS.c.at == at, DECISIONS.c.decision_id > decision_id)
        query = query.where(or_(DECISIONS.c.at < at, later if decision_id else false()))
    return [_decision(row) for row in conn.execute(query)]


def place(of: Decision) -> str:
    """Say where a decision stands in the list."""
    return f"{of.at}/{of.merge_id}"


def _meanwhile(conn: Connection, shown_under: PartyId, undone: Decision) -> list[Meanwhile]:
    if undone.kind != MERGE:
        return []
    query = (
        select(INTERACTIONS)
        .where(INTERACTIONS.c.party_id == shown_under, INTERACTIONS.c.recorded_at >= undone.at)
        .order_by(INTERACTIONS.c.occurred_at.desc())
        .limit(SHOWN)
    )
    return [
        Meanwhile(row.party_id, row.event_id, row.type, row.occurred_at, row.ref)
        for row in conn.execute(query)
    ]


def _held(conn: Connection, decision_id: str) -> Decision | None:
    query = select(DECISIONS).where(DECISIONS.c.decision_id == decision_id)
    row = conn.execute(query).one_or_none()
    return None if row is None else _decision(row)


def _same(held: Decision, kind: str, ids: tuple[PartyId, ...]) -> Decision:
    if (held.kind, held.party_ids) != (kind, ids):
        raise StateFault(
            f"{held.merge_id} is the id of a {held.kind} of other parties",
            remedy="make a new id for each decision, and send it again only to repeat it",
            name="merge-id-taken",
        )
    return held


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        merge_id=row.decision_id,
        kind=row.kind,
        party_ids=msgspec.json.decode(row.parties, type=tuple[PartyId, ...]),
        actor=row.actor,
        at=row.at,
        reason=row.reason,
        undo_id=row.undo_id,
        undone_by=row.undone_by,
        undone_at=row.undone_at,
        undo_reason=row.undo_reason,
    )
