"""Suggestions at the till: at most three, each with its reason, none without the customer's yes.

Everything is here already: the profile and the open carts come on the card, what goes together
comes as a rule from HQ, this till's own newest sales are folded in. Without a line to HQ it works
the same, until what was bought elsewhere may be unknown here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from agent.core.consent import Asked, check
from agent.core.consent.purposes import PROFILING
from agent.core.entries.bodies import Body, SaleCompleted
from agent.core.entries.booked import booked
from agent.core.faults import StateFault
from agent.core.history import STORE_CHANNEL, Card
from agent.core.identifiers import ItemId, PartyId
from agent.core.leads import Booking
from agent.core.quantities import Minor
from agent.core.recognition import Item, ItemKey, Part, opens, price_on
from agent.core.sale.model import Line, Sale
from agent.core.suggest import (
    Pairing,
    Reason,
    Shop,
    SuggestionAnswered,
    Visit,
    bought_before,
    may,
    sentence,
    suggest,
)
from agent.journal import Connection, chains
from agent.till.cards import card_of
from agent.till.commands import AnswerSuggestion
from agent.till.desk import Desk
from agent.till.lead_replies import BoughtBefore, Suggested, Suggestions

PAIRINGS = "pairings"
"""Under this name HQ sets what is bought together."""
_NOBODY = "no customer is on the sale"
_CLOSED = "what the customer presented does not open this: ask for their card or phone number"
_NO_YES = "the customer has not agreed to their purchases being looked at"
_NOTHING_HELD = "nothing is held here of the customer's purchases"
_BLIND = "this till has not heard of purchases elsewhere for too long to suggest anything"
_NOTHING = "nothing is worth pointing out"
BLIND_DAYS = 1


async def suggestions(desk: Desk, sale: Sale, in_step: str) -> Suggestions:
    """Choose what to point out to the customer of a sale.

    Args:
        desk: the till's.
        sale: open or parked.
        in_step: the day on which HQ was last heard; empty where there is no HQ.
    """
    if sale.party_id is None:
        return Suggestions(why=_NOBODY)
    card = await card_of(desk, sale.party_id)
    if not opens(desk.meeting(sale.party_id).strength, Part.HINT):
        return Suggestions(sale.party_id, why=_CLOSED)
    if card is None:
        return Suggestions(sale.party_id, why=_NOTHING_HELD)
    return _chosen(desk, sale, card, await _own(desk, sale.party_id), in_step)


async def answer(desk: Desk, ask: AnswerSuggestion) -> Suggestions:
    """Keep what the customer said to a suggestion, and give what is left to point out.

    Raises:
        StateFault: `nobody-on-sale`: there is no customer who could have answered.
    """
    sale = await desk.basket(ask.sale_id)
    if sale.party_id is None:
        raise StateFault(
            f"no customer is on sale {ask.sale_id}",
            remedy="put the customer on the sale first",
            name="nobody-on-sale",
        )
    own = await _own(desk, sale.party_id)
    if not any(_is_same(each, ask) for each in own):
        fact = SuggestionAnswered(
            party_id=sale.party_id,
            item=ask.item,
            reason=ask.reason,
            taken=ask.taken,
            store=desk.store.id,
            till=desk.till.id,
            at=desk.clock.stamp(),
            sale_id=sale.sale_id,
            actor=desk.actor,
        )
        await desk.commit(lambda _conn: None, facts=[fact])
    return await suggestions(desk, sale, ask.in_step)


def _is_same(body: Body, ask: AnswerSuggestion) -> bool:
    return isinstance(body, SuggestionAnswered) and (body.sale_id, body.item, body.taken) == (
        ask.sale_id,
        ask.item,
        ask.taken,
    )


async def _own(desk: Desk, party_id: PartyId) -> list[Body]:
    """Read what this agent itself wrote of the customer lately."""
    references = desk.own.of(party_id)

    def read(conn: Connection) -> list[Body]:
        bodies = (chains.body_at(conn, *one) for one in references)
        return [body for body in bodies if body is not None]

    return await desk.journal.read(read) if references else []


def _chosen(desk: Desk, sale: Sale, card: Card, own: Sequence[Body], in_step: str) -> Suggestions:
    today = sale.business_date
    verdict = check(card.marks, Asked(PROFILING.purpose), today=today)
    party_id = card.party_id
    if not may(verdict):
        return Suggestions(party_id, why=f"{_NO_YES}: {verdict.why[0]}")
    insight = card.insight
    if insight is None:
        return Suggestions(party_id, why=_NOTHING_HELD)
    before = tuple(_before(card, sale, own))
    if _days(in_step or today, today) > BLIND_DAYS:
        return Suggestions(party_id, why=_BLIND, bought_before=before)
    visit = Visit(
        today=today,
        in_step=in_step or today,
        basket=tuple(item for line in sale.lines if (item := _item_of(line)) and not line.voided),
        since=tuple(_since(own, today, insight.profile.lately_days)),
        wished=insight.wished,
        declined=_declined(own, insight.declined),
    )
    shop = Shop(_pairings(desk), lambda item: _price(desk, item, today) is not None)
    found = suggest(verdict, insight.profile, visit, shop)
    return Suggestions(
        party_id,
        suggestions=tuple(_told(desk, each.item, each.reason, today) for each in found),
        why="" if found else _NOTHING,
        bought_before=before,
    )


def _item_of(line: Line) -> str | None:
    """Name what a line sells as HQ does."""
    return line.item_id or line.gtin


def _before(card: Card, sale: Sale, own: Sequence[Body]) -> Iterable[BoughtBefore]:
    """Mark the lines of the basket that the customer has bought before, and when last."""
    profile = card.insight.profile if card.insight else None
    bought = [(body.business_date, _items(body)) for body in own if isinstance(body, SaleCompleted)]
    for line in sale.lines:
        item = _item_of(line)
        if item and not line.voided and line.quantity > 0:
            days = [day for day, items in bought if item in items]
            last = max([bought_before(profile, item), *days])
            if last:
                yield BoughtBefore(line.line, last)


def _items(body: SaleCompleted) -> set[str | None]:
    return {_item_of(line) for line in body.lines if not line.voided and line.quantity > 0}


def _since(own: Sequence[Body], today: str, lately_days: int) -> Iterable[Booking]:
    """Give this agent's own sales to the customer: HQ may not have them in the profile yet."""
    for body in own:
        if isinstance(body, SaleCompleted) and _days(body.business_date, today) <= lately_days:
            yield booked(body, channel=STORE_CHANNEL, item_of=_item_of)


def _declined(own: Sequence[Body], held: Iterable[str]) -> frozenset[str]:
    """Join the noes HQ knows with this agent's own; a later yes lifts a no."""
    declined = set(held)
    for body in own:
        if isinstance(body, SuggestionAnswered):
            (declined.discard if body.taken else declined.add)(body.item)
    return frozenset(declined)


def _pairings(desk: Desk) -> dict[str, tuple[Pairing, ...]]:
    body = desk.directory.rule(PAIRINGS)
    return {} if body is None else _read(body)


def _read(body: bytes) -> dict[str, tuple[Pairing, ...]]:
    try:
        return msgspec.json.decode(body, type=dict[str, tuple[Pairing, ...]])
    except msgspec.DecodeError:
        return {}  # Of a newer HQ: what is not understood is not suggested from.


def _item(desk: Desk, item: str) -> Item | None:
    by_id = desk.directory.item(ItemKey(item_id=ItemId(item)))
    return by_id or desk.directory.item(ItemKey(gtin=item))


def _price(desk: Desk, item: str, today: str) -> Minor | None:
    held = _item(desk, item)
    return None if held is None else price_on(held, today)


def _told(desk: Desk, item: str, reason: Reason, today: str) -> Suggested:
    def name_of(key: str) -> str:
        held = _item(desk, key)
        return key if held is None else held.name

    held = _item(desk, item)
    return Suggested(
        item=item,
        name=name_of(item),
        unit_price=_price(desk, item, today),
        reason=reason.key,
        values=reason.values,
        said=sentence(reason, name_of),
        item_id=held.item_id if held else "",
        unit=held.unit if held else "each",
    )


def _days(since: str, today: str) -> int:
    """Count the days between two dates; of what is none, a day long gone."""
    try:
        return (date.fromisoformat(today) - date.fromisoformat(since)).days
    except ValueError:
        return date.max.toordinal()
