"""Identifiers become edges of the identity graph: whoever is told of one is met with it.

Every caller that learns an identifier of a person comes through here, so that who is one person
is settled in the same transaction: two ids that hold one card are one person when it commits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, or_

from agent.core.history.canonical import canonical_of
from agent.core.history.graph_found import Said, claimed, fitting, goes_by
from agent.core.history.graph_near import Near
from agent.core.identifiers import PartyId
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.recognition.strength import Evidence
from central.identity.graph import met
from central.identity.graph_facts import HeldFacts, book_of
from central.identity.parties import (
    ACCOUNTS,
    EVIDENCE,
    Origin,
    canonicals,
    holders_of,
    members_of,
)
from central.ledger.customer_tables import IDENTIFIERS
from central.ledger.upserts import upsert

UNSAID = Said()
_NEW = upsert(IDENTIFIERS)
_STRONGER = IDENTIFIERS.c.evidence < _NEW.excluded.evidence
_SOONER = (IDENTIFIERS.c.evidence == _NEW.excluded.evidence) & (
    IDENTIFIERS.c.event > _NEW.excluded.event
)
_HOLD = _NEW.on_conflict_do_update(
    index_elements=["party_id", "type", "value"],
    set_={"evidence": _NEW.excluded.evidence, "event": _NEW.excluded.event},
    where=or_(_STRONGER, _SOONER),
)
"""Who named one first stays; as evidence counts the most that was shown, wherever it came first."""


def hold(
    conn: Connection,
    party_id: str,
    identifiers: Iterable[Identifier],
    origin: Origin,
    evidence: Evidence = Evidence.OBSERVED,
) -> None:
    """Write down that these identifiers name the party, and who is one person by it.

    Call it after what else was told of the person: names and birth dates have a say.
    """
    hold_all(conn, [(party_id, identifiers)], origin, evidence)


def hold_all(
    conn: Connection,
    named: Iterable[tuple[str, Iterable[Identifier]]],
    origin: Origin,
    evidence: Evidence = Evidence.OBSERVED,
) -> None:
    """Do for many parties what `hold` does for one."""
    told = [(party_id, tuple(identifiers)) for party_id, identifiers in named]
    rows = [
        _edge(party_id, identifier, origin, evidence)
        for party_id, identifiers in told
        for identifier in identifiers
    ]
    _write(conn, rows)
    met(conn, [PartyId(party_id) for party_id, _ in told])


def hold_told(
    conn: Connection,
    party_id: str,
    identifiers: Iterable[Identifier],
    origin: Origin,
    *,
    trusted: Collection[IdentifierType] = (),
    proved: Collection[IdentifierType] = (),
    claimed: Collection[IdentifierType] = (),
) -> list[Identifier]:
    """Hold identifiers that somebody wrote down and nobody saw: a web form, another system.

    One that others were met with and this id never stays theirs: it finds them as before, and here
    it is only a candidate, so that a person is asked. A typing error must not make one customer of
    two; nor may it hold two together who were merged by mistake, once that is undone.

    The number of an account (`ACCOUNTS`) joins two by a rule as soon as both were seen with
    it. Written down it proves nothing, so it is a candidate, whoever has it or will have it: the
    card may be shown first or typed first, a person is asked.

    Args:
        conn: of a writing transaction.
        party_id: who is said to have them.
        identifiers: normalised.
        origin: who says so.
        trusted: types that the source gives out itself: those are observed.
        proved: types that the source has checked: those are verified, whoever else has them.
        claimed: types that may well be somebody else's: those are candidates.

    Returns:
        What is somebody else's at present.
    """
    doubtful: list[Identifier] = []
    rows = []
    for each in identifiers:
        shown = Evidence.VERIFIED if each.type in proved else Evidence.OBSERVED
        is_known = each.type in {*trusted, *proved}
        others = set() if is_known else _others(conn, party_id, each)
        is_claimed = each.type in claimed and each.type not in proved
        if others or is_claimed or (each.type in ACCOUNTS and not is_known):
            shown = Evidence.CANDIDATE
        if others and others.isdisjoint(_members(conn, party_id)):
            doubtful.append(each)
        rows.append(_edge(party_id, each, origin, shown))
    _write(conn, rows)
    met(conn, [PartyId(party_id)])
    return doubtful


def find(
    conn: Connection, identifiers: Sequence[Identifier], said: Said = UNSAID
) -> PartyId | None:
    """Find the party that one of these identifiers names; the first that names any decides.

    Whoever was met with an identifier and cannot be who is told of is passed over: the name or the
    date of birth speaks against it. Nothing told speaks against nobody. A card that nobody was met
    with finds who wrote its number down.

    Of several it is the one with the smallest SHA-256 of its id: the same one on every machine and
    after every rebuild. It is the id that is presented, so that what is written under it stays
    theirs when a merge is undone.
    """
    near = Near(HeldFacts(conn), book_of(conn))
    for identifier in identifiers:
        for shown in (Evidence.VERIFIED, Evidence.OBSERVED):
            holders = near.holders(identifier, shown)
            if found := [each for each in holders if _can_be(conn, near, identifier, said, each)]:
                return canonical_of(found)
        if claiming := claimed(near, identifier, said) or _written(conn, near, identifier, said):
            return canonical_of(claiming)
    return None


def is_called(conn: Connection, party_id: str, name: str) -> bool:
    """Tell whether a name can be this party's, or that of whoever it is one person with."""
    return goes_by(Near(HeldFacts(conn), book_of(conn)), _members(conn, party_id), name)


def find_all(conn: Connection, identifiers: Sequence[Identifier]) -> frozenset[PartyId]:
    """Find all parties that the first of these identifiers names which names any.

    Where some have proved it, only those; else who was seen with it, and only where nobody was,
    who wrote it down. An identifier that so many hold that it names nobody finds nobody.
    """
    near = Near(HeldFacts(conn), book_of(conn))
    for identifier in identifiers:
        for shown in reversed(Evidence):
            if holders := near.holders(identifier, shown):
                return holders
    return frozenset()


def _written(
    conn: Connection, near: Near, identifier: Identifier, said: Said
) -> frozenset[PartyId]:
    """Give who wrote down the number of an account that nobody was met with, and can be meant."""
    if identifier.type not in ACCOUNTS or near.holders(identifier, Evidence.OBSERVED):
        return frozenset()
    holders = near.holders(identifier, Evidence.CANDIDATE)
    return frozenset(each for each in holders if _can_be(conn, near, identifier, said, each))


def _can_be(
    conn: Connection, near: Near, identifier: Identifier, said: Said, party_id: PartyId
) -> bool:
    """Tell whether who is told of can be this party, or whoever it is one person with."""
    return said == UNSAID or fitting(near, identifier, said, _members(conn, party_id))


def _others(conn: Connection, party_id: str, identifier: Identifier) -> set[PartyId]:
    """Give who was met with an identifier this very id was never met with."""
    met_with = set(holders_of(conn, identifier, Evidence.OBSERVED))
    return set() if PartyId(party_id) in met_with else met_with


def _members(conn: Connection, party_id: str) -> tuple[PartyId, ...]:
    return members_of(conn, canonicals(conn, [party_id])[PartyId(party_id)])


def _write(conn: Connection, rows: Sequence[dict[str, str | int]]) -> None:
    if rows:
        conn.execute(_HOLD, rows)


def _edge(
    party_id: str, identifier: Identifier, origin: Origin, evidence: Evidence
) -> dict[str, str | int]:
    return {
        "party_id": party_id,
        "type": identifier.type.value,
        "value": identifier.value,
        "evidence": EVIDENCE.index(evidence),
        "event": origin.event or origin.source,
        "source": origin.source,
        "observed_at": origin.at,
    }
