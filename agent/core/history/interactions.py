"""One interaction from one fact: what a sale, a return or an order looks like in a history.

Every line says where it was (channel and touch point), who did it (actor), what it was (a title to
be read out), and to which order or sale it belongs: a conversation begun on one channel goes on in
another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from agent.core.consent.purposes import ANY
from agent.core.entries.bodies import SaleCompleted
from agent.core.history.model import Interaction, Order
from agent.core.history.times import shown_at
from agent.core.identifiers import ActorId
from agent.core.quantities import ONE, Minor, Thousandths, decimal_text, exponent

STORE_CHANNEL = "store"
"""The channel id of everything sold over a counter."""
NAMES_SHOWN = 3
"""Names in a title: more than a cashier reads out is no help."""

EMPLOYEE, PARTNER, SELF = "employee", "partner", "self"
"""The kinds of actor: staff, somebody of another firm, the customer alone (web, kiosk)."""
SALE = "sale"
"""The family of purchases over a counter."""
_QUIET = frozenset({"consent", "identity", "inventory", "loyalty", "party", "prompt", "subject"})
_BEHIND_THE_COUNTER = ("accepted", "arrived", "paid", "picked", "released", "reserved", "sent")
_QUIET_TYPES = frozenset(f"order.{each}" for each in _BEHIND_THE_COUNTER)
"""Steps behind the counter: of an order a card shows what the customer has met."""


class Goods(Protocol):
    """A line of a sale or of an order, as far as a title needs it."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def quantity(self) -> Thousandths:
        """In thousandths of the unit; negative came back."""

    @property
    def unit(self) -> str:
        """In what it is counted: `each`, `kg` …."""


class Occasion(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which event it was, where, when and by whom."""

    event_id: str
    """Unique over all channels: `channel/event`, or `journal/seq`."""
    channel: str
    touch_point: str
    """`store-0001/till-1`, `webshop` …"""
    occurred_at: str
    """UTC, ISO 8601 with milliseconds and `Z`."""
    actor: str | None = None
    """The kind first: `employee/eva`, `partner/acme`, `self`."""


def interaction_of(body: SaleCompleted) -> Interaction:
    """Tell a completed sale as one line of a history; a sale of returns only is a return.

    The event id is the sale id, so that the same sale is the same interaction wherever it is met.
    """
    rows = [line for line in body.lines if not line.voided]
    back = [line for line in rows if line.quantity < 0]
    returned = bool(rows) and len(back) == len(rows)
    originals = {line.returns.sale_id for line in back if line.returns}
    return Interaction(
        event_id=body.sale_id,
        type="return.received" if returned else "sale.completed",
        channel=STORE_CHANNEL,
        touch_point=f"{body.store}/{body.till}",
        occurred_at=shown_at(body.completed),
        title=_sale_title([line for line in rows if line.quantity >= 0], back),
        ref=body.receipt_no,
        total=body.total,
        currency=body.currency,
        actor=employee(body.actor) if body.actor else None,
        about=originals.pop() if returned and len(originals) == 1 else None,
    )


def interaction_of_order(
    order: Order,
    *,
    event_id: str,
    event_type: str,
    touch_point: str,
    occurred_at: str,
    actor: str | None = None,
) -> Interaction:
    """Tell one event of an order as one line of a history, with the state it brought.

    Args:
        order: the order as it stood at this event.
        event_id: unique over all channels: `channel/event`.
        event_type: `order.placed`, `order.shipped` …
        touch_point: where it happened, for example `webshop`.
        occurred_at: UTC, ISO 8601.
        actor: who did it, the kind first.
    """
    pieces = sum(line.quantity for line in order.lines)
    return Interaction(
        event_id=event_id,
        type=event_type,
        channel=order.channel,
        touch_point=touch_point,
        occurred_at=occurred_at,
        title=_title(pieces, [line.name for line in order.lines]),
        ref=order.order_no,
        total=order.total,
        currency=order.currency,
        state=order.state,
        actor=actor,
        about=f"{order.channel}/{order.order_no}",
    )


def interaction_of_refund(
    occasion: Occasion, *, ref: str, amount: Minor, currency: str, about: str | None = None
) -> Interaction:
    """Tell money that went back, by whichever way; what came back for it is another line.

    Args:
        occasion: which event.
        ref: the number of the refund, as the customer may quote it.
        amount: what went back, positive.
        currency: ISO 4217.
        about: the order or sale it was paid for.
    """
    title = f"Refund of {decimal_text(amount, exponent(currency))} {currency}"
    line = _line(occasion, "refund.settled", title, ref, about)
    return msgspec.structs.replace(line, total=Minor(-amount), currency=currency)


def interaction_of_contact(
    occasion: Occasion, *, title: str, ref: str, about: str | None = None
) -> Interaction:
    """Tell that the customer spoke with somebody: a call, a chat, a complaint, a visit."""
    return _line(occasion, "service.contact", title, ref, about)


def interaction_of_points(
    occasion: Occasion, *, points: int, reverses: bool = False, about: str | None = None
) -> Interaction:
    """Tell a booking of points.

    Args:
        occasion: which event.
        points: added to the account; negative was taken off.
        reverses: whether it takes an earlier booking back, as a return does.
        about: the order or sale it was for.
    """
    kind = "loyalty.earned" if points > 0 else "loyalty.burned"
    what = "earned" if points > 0 else "spent"
    if reverses:
        kind, what = "loyalty.reversed", "given back" if points > 0 else "taken back"
    count = "1 point" if abs(points) == 1 else f"{abs(points)} points"
    return _line(occasion, kind, f"{count} {what}", occasion.event_id, about)


def interaction_of_expiry(occasion: Occasion, *, points: int) -> Interaction:
    """Tell that points have ended; negative: that some had ended too early, and are there again."""
    count = "1 point" if abs(points) == 1 else f"{abs(points)} points"
    what = "expired" if points > 0 else "are valid after all"
    return _line(occasion, "loyalty.expired", f"{count} {what}", occasion.event_id, None)


def interaction_of_answer(
    occasion: Occasion, *, said: str, purpose: str, contact: str
) -> Interaction:
    """Tell what the customer allowed, or did not.

    Args:
        occasion: which event.
        said: `Said yes to`, `Objected to` …
        purpose: what for; `any`: everything.
        contact: by which kind of contact; `any`: however.
    """
    what = "everything" if purpose == ANY else purpose
    title = f"{said} {what}" if contact == ANY else f"{said} {what} by {contact}"
    return _line(occasion, "consent.recorded", title, occasion.event_id, None)


def title_of(goods: Sequence[Goods]) -> str:
    """Say how many pieces of what."""
    return _title(sum(pieces_of(row) for row in goods), [row.name for row in goods])


def pieces_of(goods: Goods) -> int:
    """Count what is carried over the counter: a weighed line is one piece."""
    return abs(goods.quantity) // ONE if goods.unit == "each" else 1


def timeline(interactions: Iterable[Interaction]) -> tuple[Interaction, ...]:
    """Put interactions newest first, each event once; equal times stand by event id.

    Only the eye is served by this order: nothing is decided by it (P11).
    """
    once = {interaction.event_id: interaction for interaction in interactions}
    return tuple(
        sorted(once.values(), key=lambda each: (each.occurred_at, each.event_id), reverse=True)
    )


def thread(interaction: Interaction) -> str:
    """Name the order, sale or matter a line belongs to; lines of one thread go over all channels.

    A sale is known by its id, an order by `channel/number` or the id a till gave it: returns,
    refunds, points and calls name it in `about`.
    """
    own = interaction.event_id if family(interaction.type) == SALE else interaction.ref
    return interaction.about or own


def family(event_type: str) -> str:
    """Give the first word of a type.

    >>> family("order.ready")
    'order'
    """
    return event_type.partition(".")[0]


def is_quiet(interaction: Interaction) -> bool:
    """Tell whether a line is bookkeeping: on the whole timeline, but not on a till's card."""
    return family(interaction.type) in _QUIET or interaction.type in _QUIET_TYPES


def employee(actor: ActorId) -> str:
    """Write a signed-on cashier as the actor of an interaction.

    >>> employee(ActorId("eva"))
    'employee/eva'
    """
    return f"{EMPLOYEE}/{actor}"


def actor_kind(interaction: Interaction) -> str | None:
    """Tell what kind of actor it was: `employee`, `partner`, `self`; None where nobody said."""
    return interaction.actor.partition("/")[0] if interaction.actor else None


def _line(
    occasion: Occasion, event_type: str, title: str, ref: str, about: str | None
) -> Interaction:
    return Interaction(
        event_id=occasion.event_id,
        type=event_type,
        channel=occasion.channel,
        touch_point=occasion.touch_point,
        occurred_at=occasion.occurred_at,
        title=title,
        ref=ref,
        actor=occasion.actor,
        about=about,
    )


def _sale_title(sold: Sequence[Goods], back: Sequence[Goods]) -> str:
    """Write what was bought, and what came back: an exchange is both."""
    if back and not sold:
        return f"Returned {title_of(back)}"
    return f"{title_of(sold)}; returned {title_of(back)}" if back else title_of(sold)


def _title(pieces: int, names: list[str]) -> str:
    """Write `3 items: Coffee 250 g, Milk, …`: each name once, the first few of them."""
    names = list(dict.fromkeys(names))
    count = "1 item" if pieces == 1 else f"{pieces} items"
    shown = names[:NAMES_SHOWN] + (["…"] if len(names) > NAMES_SHOWN else [])
    return f"{count}: {', '.join(shown)}" if shown else count
