"""A customer's card as this till shows it: HQ's word, the till's own entries, and what is open.

`known` folds what this agent wrote itself into what HQ says; `shown` closes what the way in which
the customer presented themselves does not open, and writes the six lines a cashier reads.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from agent.core.entries.bodies import Body
from agent.core.history import OPEN, Card, Entry, Order, advance, fold, shown_answers
from agent.core.history.till_card import CardLine, Cue, opened, till_card
from agent.core.identifiers import PartyId
from agent.core.prompts import PromptEvent, Silence, joined, silences
from agent.core.recognition import Strength
from agent.journal import Connection, chains
from agent.till.desk import Desk
from agent.till.meeting import Met
from agent.till.orders import shown as shown_order
from agent.till.replies import Question


class KnownCard(msgspec.Struct, frozen=True):
    """Everything this till knows of a customer: for deciding, not for showing."""

    card: Card
    asked: tuple[PromptEvent, ...] = ()
    """What this agent itself asked them, and what they said to it."""


class ShownCard(msgspec.Struct, frozen=True):
    """What of a card is open at this till now."""

    card: Card
    lines: tuple[CardLine, ...]
    strength: Strength
    ask: str | None = None
    prompt: Question | None = None


async def shown(desk: Desk, party_id: PartyId) -> ShownCard | None:
    """Show a customer's card, as far as they opened it here; None where nothing is held of them."""
    held = await known(desk, party_id)
    return None if held is None else shown_of(desk, held.card, desk.meeting(party_id))


def shown_of(desk: Desk, card: Card, met: Met) -> ShownCard:
    """Show of a card what a meeting opens."""
    question = met.question
    cue = Cue(question.text, question.prompt_id) if question else None
    made = till_card(card, (), strength=met.strength, store=desk.store.id, ask=met.ask, prompt=cue)
    return ShownCard(opened(card, met.strength), made.lines, met.strength, met.ask, question)


def closed(desk: Desk, ask: str | None) -> tuple[CardLine, ...]:
    """Write the lines where nothing of a card is open: what to ask for, if anything."""
    nobody = Card(party_id=PartyId(""), name="")
    return till_card(nobody, (), strength=Strength.ASKS, store=desk.store.id, ask=ask).lines


async def card_of(desk: Desk, party_id: PartyId) -> Card | None:
    """Give all that is known of a customer, open or not."""
    held = await known(desk, party_id)
    return held.card if held else None


async def known(desk: Desk, party_id: PartyId) -> KnownCard | None:
    """Fold the agent's own newest entries and orders into what HQ says of a customer."""
    card = desk.directory.card(party_id)
    if card is None:
        return None
    ids = {party_id, card.party_id, *card.members}
    entries = await own_entries(desk, ids)
    today = desk.business_date(desk.clock.stamp())
    found = (each for one in sorted(ids) for each in desk.directory.orders_for(one))
    held = (shown_order(desk, each) for each in found)
    card = replace(card, orders=_open_orders(card, held))
    folded = fold(card, entries)
    asked = [entry for entry in entries if isinstance(entry[2], PromptEvent)]
    return KnownCard(
        replace(
            folded,
            consents=shown_answers(folded.consents, folded.marks, today=today),
            silences=joined(card.silences, _silences(desk, card, asked, today)),
        ),
        tuple(body for _, _, body in asked if isinstance(body, PromptEvent)),
    )


async def own_entries(desk: Desk, party_ids: Iterable[PartyId]) -> list[Entry]:
    """Read what this agent itself wrote of somebody lately, by all their ids."""
    references = desk.own.of(*sorted(party_ids))
    if not references:
        return []

    def read(conn: Connection) -> list[Entry]:
        bodies = ((one, chains.body_at(conn, *one)) for one in references)
        return [(journal, seq, body) for (journal, seq), body in bodies if body is not None]

    return await desk.journal.read(read)


async def own_bodies(desk: Desk, party_id: PartyId) -> list[Body]:
    """Read the facts alone of what `own_entries` gives."""
    return [body for _, _, body in await own_entries(desk, [party_id])]


def _silences(desk: Desk, card: Card, asked: Iterable[Entry], today: str) -> Iterable[Silence]:
    """Tell what must not be asked again for what HQ has not heard yet."""
    new = (
        body
        for journal, seq, body in asked
        if isinstance(body, PromptEvent) and seq > card.through.get(journal, 0)
    )
    return silences(new, desk.prompts.all(), today=today)


def _open_orders(card: Card, held: Iterable[Order]) -> tuple[Order, ...]:
    """Join the orders of card and directory: either may be the newer."""
    orders = {order.order_no: order for order in card.orders}
    for order in held:
        orders[order.order_no] = advance(orders.get(order.order_no), order)
    return tuple(order for order in orders.values() if order.state in OPEN)
