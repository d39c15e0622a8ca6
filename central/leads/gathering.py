"""What hangs together: a person's leads, the codes they showed, what they bought and gave back.

Credit derived of one group changes nothing outside it (`core.leads.grouping`). The group is found
in SQL from where something happened, step by step until nothing new turns up; only ids are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Column, Connection, Select, select

from central.leads.persons import members
from central.ledger.bulk import Keyed
from central.ledger.customer_tables import PSEUDONYMS, SALE_LINES, SALES
from central.ledger.due import EVENT, LEAD, PARTY
from central.ledger.lead_tables import CHANNEL_BOOKINGS, LEADS, LEADS_SHOWN

Node = tuple[str, str]
"""`party`, `lead` or `event`, and its id; a party by its canonical one."""


class Group(NamedTuple):
    """Ids of what hangs together."""

    parties: dict[str, str]
    """Every id of everybody in it → the canonical one."""
    leads: frozenset[str]
    events: frozenset[str]
    """Sale ids, and `channel/order`."""


def group_of(conn: Connection, start: Iterable[Node]) -> Group:
    """Find everything that hangs on these, and on one another."""
    search = _Search(conn)
    wave = search.new(start)
    while wave:
        wave = search.new(search.around(wave))
    ids = search.ids
    return Group(search.canonical, frozenset(ids(LEAD)), frozenset(ids(EVENT)))


class _Search:
    """The nodes found so far."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._found: set[Node] = set()
        self.canonical: dict[str, str] = {}

    def ids(self, kind: str) -> list[str]:
        """List what was found of one kind."""
        return sorted(each for of, each in self._found if of == kind)

    def new(self, nodes: Iterable[Node]) -> dict[str, list[str]]:
        """Keep those that were not found before; gives them by kind."""
        wave: dict[str, list[str]] = {}
        for kind, each in sorted(set(nodes)):
            node = (kind, self._person(each)) if kind == PARTY else (kind, each)
            if node not in self._found:
                self._found.add(node)
                wave.setdefault(kind, []).append(node[1])
        return wave

    def around(self, wave: dict[str, list[str]]) -> Iterable[Node]:
        """Name what is tied to these by one step."""
        yield from self._around_parties(wave.get(PARTY, []))
        yield from self._around_leads(wave.get(LEAD, []))
        yield from self._around_events(wave.get(EVENT, []))

    def _person(self, party_id: str) -> str:
        if party_id not in self.canonical:
            ids = members(self._conn, party_id)
            self.canonical |= dict.fromkeys(ids, ids[0]) | {party_id: ids[0]}
        return self.canonical[party_id]

    def _around_parties(self, persons: list[str]) -> Iterable[Node]:
        theirs = [each for each, person in self.canonical.items() if person in persons]
        yield from self._ask(LEAD, _LEADS_OF, theirs)
        yield from self._ask(EVENT, _SALES_OF, theirs)
        yield from self._ask(EVENT, _ORDERS_OF, theirs)

    def _around_leads(self, leads: list[str]) -> Iterable[Node]:
        yield from self._ask(PARTY, _TOLD_OF, leads)
        yield from self._ask(EVENT, _SHOWN_AT, leads)

    def _around_events(self, events: list[str]) -> Iterable[Node]:
        yield from self._ask(PARTY, _BUYERS, events)
        yield from self._ask(PARTY, _ORDERERS, events)
        yield from self._ask(LEAD, _SHOWN, events)
        yield from self._ask(EVENT, _ORIGINALS, events)
        yield from self._ask(EVENT, _RETURNS, events)

    def _ask(self, kind: str, query: Keyed, keys: list[str]) -> Iterable[Node]:
        if keys:
            yield from ((kind, each) for (each,) in query.rows(self._conn, keys))


def _column(column: Column[str]) -> Select[str]:
    return select(column).distinct()


_BRIDGE = PSEUDONYMS.join(SALES, SALES.c.customer_ref == PSEUDONYMS.c.customer_ref)
_SALES_OF = Keyed(select(SALES.c.sale_id).select_from(_BRIDGE), PSEUDONYMS.c.party_id)
_BUYERS = Keyed(select(PSEUDONYMS.c.party_id).select_from(_BRIDGE), SALES.c.sale_id)
_B = CHANNEL_BOOKINGS.c
_ORDERS_OF = Keyed(_column(_B.event), _B.party_id)
_ORDERERS = Keyed(_column(_B.party_id).where(_B.party_id.is_not(None)), _B.event)
_LEADS_OF = Keyed(_column(LEADS.c.lead_id), LEADS.c.party_id)
_TOLD_OF = Keyed(_column(LEADS.c.party_id).where(LEADS.c.party_id.is_not(None)), LEADS.c.lead_id)
_SHOWN_AT = Keyed(_column(LEADS_SHOWN.c.sale_id).where(LEADS_SHOWN.c.booked), LEADS_SHOWN.c.lead_id)
_SHOWN = Keyed(_column(LEADS_SHOWN.c.lead_id), LEADS_SHOWN.c.sale_id)
_IS_RETURN = SALE_LINES.c.returns_sale.is_not(None) & SALE_LINES.c.voided.is_(False)
_ORIGINALS = Keyed(_column(SALE_LINES.c.returns_sale).where(_IS_RETURN), SALE_LINES.c.sale_id)
_RETURNS = Keyed(_column(SALE_LINES.c.sale_id).where(_IS_RETURN), SALE_LINES.c.returns_sale)
