"""What the till answers: values for the API to send as they are."""

from __future__ import annotations

import msgspec

from agent.core.entries.bodies import ConsentGiven, DayTotals, TillClosed
from agent.core.history import Card, Interaction, Order
from agent.core.history.till_card import CardLine
from agent.core.identifiers import (
    ActorId,
    CustomerRef,
    DeviceId,
    PartyId,
    PrintId,
    ReceiptNo,
    SaleId,
    StoreId,
    TillId,
)
from agent.core.quantities import Minor
from agent.core.recognition import Strength
from agent.core.recognition.items import Item
from agent.core.sale.model import Sale, Totals


class LeftOut(msgspec.Struct, frozen=True):
    """Something of a request that could not be used; all else of it was done."""

    field: str
    """Where it stands in the request: `tenders[0].payment_account_reference`."""
    reason: str
    remedy: str


class Unspent(msgspec.Struct, frozen=True):
    """A payment with points or a gift card that stands in a sale, and spent nothing."""

    tender: int
    name: str
    """Of the reason: `more-than-leased`, `identify-better`, `gift-number` …"""
    detail: str
    remedy: str


class Uncharged(msgspec.Struct, frozen=True):
    """A gift card that stands in a sale as sold or taken back, and that the sale did not change."""

    line: int
    name: str
    """Of the reason: `gift-card-missing`, `no-gift-card`, `gift-number`, `gift-card-return`."""
    detail: str
    remedy: str


class SaleView(msgspec.Struct, frozen=True):
    """A sale, what it adds up to, and the print job of its receipt once there is one."""

    sale: Sale
    totals: Totals
    print_id: PrintId | None = None
    line: int | None = None
    """The line this request added or changed."""
    left_out: tuple[LeftOut, ...] = ()
    """Of this request."""


class ParkedSale(msgspec.Struct, frozen=True):
    """A basket put aside, as little of it as a list needs."""

    sale_id: SaleId
    opened_at: str
    """UTC, ISO 8601."""
    lines: int
    total: Minor
    party_id: PartyId | None = None


class Completed(msgspec.Struct, frozen=True):
    """A sale that is durable: the receipt number exists only because it is on disk."""

    sale_id: SaleId
    receipt_no: ReceiptNo
    total: Minor
    change: Minor
    print_id: PrintId | None = None
    """None where the till has no printer."""
    left_out: tuple[LeftOut, ...] = ()
    """Of a whole sale that was recorded."""
    unspent: tuple[Unspent, ...] = ()
    """Of a whole sale that was recorded: HQ lists them for a person."""
    uncharged: tuple[Uncharged, ...] = ()
    """Of a whole sale that was recorded."""


class Paper(msgspec.Struct, frozen=True):
    """What the signed code of a receipt says of its sale, where a key trusted here signed it."""

    sale_id: SaleId
    """Goods are taken back by it: `returns: {sale_id, line}`."""
    receipt_no: str
    business_date: str
    """ISO 8601."""
    currency: str
    total: int
    """Minor units."""


class Recognised(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a scan turned out to be, and what came of it. `kind` is never left out."""

    kind: str
    """`item`, `customer`, `order`, `receipt`, `coupon`, `lead`, `unknown` or `noise`."""
    why: tuple[str, ...] = ()
    """Sentences for a person: how it was recognised, or why every other reading was dropped."""
    answer: str | None = None
    """Of a customer: `found`, `known_elsewhere` or `unknown`."""
    means: str | None = None
    """Of a customer: by which type of identifier."""
    party_id: PartyId | None = None
    """Of a customer; of an order, who placed it: a proposal, since anybody may bring its number."""
    strength: Strength | None = None
    """Of a customer, an order or a receipt: how much what was presented opens."""
    ask: str | None = None
    """What to ask for where it did not open everything."""
    item: Item | None = None
    gtin: str | None = None
    order_no: str | None = None
    receipt_no: str | None = None
    sale_id: SaleId | None = None
    """The sale a line was added to, or the sale of a scanned receipt."""
    paper: Paper | None = None
    """Of a scanned receipt: that it is genuine, and of which sale, wherever it was sold."""
    line: int | None = None
    refused: str | None = None
    """Why nothing was done although it was recognised."""
    remedy: str | None = None
    """What to do about a refusal, or about something that is not held here."""
    pack: int | None = None
    """Of an item with a GTIN: the number of its pack, counted since the till was started."""
    merged: bool = False
    """Whether this was another symbol of a pack that is scanned already: nothing more is sold."""
    merged_into: int | None = None
    """The line of that pack, which now says what both symbols say."""
    expired: bool = False
    """The pack's use-by date is over (AI 17, 7003), by this till's clock."""
    best_before_passed: bool = False
    sell_by_passed: bool = False


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """The one question to ask a customer in this visit."""

    prompt_id: str
    text: str
    """In the store's language, or the nearest there is."""
    kind: str = "yes_no"
    """`yes_no`, `choice`, `text`, `number` or `day`."""
    choices: tuple[str, ...] = ()
    """Of `choice`: what an answer may be."""
    about: str = ""
    """Of a question that is asked once per order, sale …: which one."""


class PromptAnswered(msgspec.Struct, frozen=True):
    """What a customer said to a question is kept, and it is not asked again."""

    event_id: str
    prompt_id: str
    outcome: str
    """`answered` or `refused`."""
    consents: tuple[str, ...] = ()
    """Ids of the consent records that were made of the answer."""


class ConsentKept(msgspec.Struct, frozen=True):
    """An answer is kept, and holds from now on."""

    record_id: str
    state: str
    """`given`, `refused`, `withdrawn` or `objected`."""
    replaces: tuple[str, ...] = ()
    """Ids of earlier answers that it puts an end to."""
    consents: tuple[ConsentGiven, ...] = ()
    """Everything the customer allows and forbids now, where their card is open."""


class WalletPass(msgspec.Struct, frozen=True):
    """A pass for the customer's phone; whoever puts it into a wallet needs all of this."""

    pass_id: str
    pattern: str
    """What the wallet shows as QR code, with its placeholder for the one-time code."""
    secret: str
    """Of the one-time codes (RFC 6238: SHA-1, 8 digits, 30 seconds), base 32."""


class Identified(msgspec.Struct, frozen=True):
    """The answer about a presented identifier, and what of the card it opens."""

    answer: str
    """`found`, `known_elsewhere` (HQ knows; nothing is held or opened here) or `unknown`."""
    why: tuple[str, ...]
    party_id: PartyId | None = None
    """Of an order number, who placed it: a proposal."""
    card: Card | None = None
    """As far as the strength of what was presented opens it."""
    means: str | None = None
    order: Order | None = None
    """Of an order number that is held here."""
    receipt_no: str | None = None
    """Of a receipt, or its signed code."""
    sale_id: SaleId | None = None
    """Of a receipt of this agent: `GET /v1/sales/{sale_id}` has its lines."""
    paper: Paper | None = None
    """Of a receipt's signed code: that it is genuine, and of which sale, wherever it was sold."""
    strength: Strength | None = None
    """`proven`, `strong` (these open the whole card), `weak` (name and tier), `bearer` (the order
    or receipt alone)."""
    ask: str | None = None
    """What to ask for, where not everything is open."""
    lines: tuple[CardLine, ...] = ()
    """The card as a cashier reads it, at most six lines."""
    prompt: Question | None = None
    """What to ask them now, if anything."""


class PartyView(msgspec.Struct, frozen=True):
    """A customer as this till knows them: HQ's card with the till's own entries folded in."""

    party_id: PartyId
    card: Card
    """As far as it was opened here."""
    strength: Strength
    """Of the strongest means by which they presented themselves lately: see `Identified`."""
    ask: str | None = None
    lines: tuple[CardLine, ...] = ()
    """The card as a cashier reads it, at most six lines."""
    prompt: Question | None = None
    """What to ask them now, if anything."""


class TimelineView(msgspec.Struct, frozen=True):
    """What the till holds of a customer's history, newest first."""

    party_id: PartyId
    interactions: tuple[Interaction, ...]
    orders: tuple[Order, ...]
    complete: bool = False
    """Always false at a till: the whole history is at HQ."""


class Enrolled(msgspec.Struct, frozen=True):
    """A person who is known from now on, here at once and at HQ as soon as it hears of it."""

    party_id: PartyId
    card: str | None
    """The loyalty card number, as it goes into a bar code."""
    wallet: WalletPass | None = None
    """The pass that was asked for."""
    known_elsewhere: tuple[str, ...] = ()
    """Types of the identifiers that the chain knows somebody by whose card is not here: perhaps
    they have a card already. HQ brings the two together where that is proven."""


class DayView(msgspec.Struct, frozen=True):
    """Whether the till is opened, and the figures since: an X report."""

    till: TillId
    business_date: str
    opened: bool
    totals: DayTotals
    currency: str
    actor: ActorId | None = None


class ClosedDay(msgspec.Struct, frozen=True):
    """A Z report, and its print job."""

    report: TillClosed
    print_id: PrintId | None = None


class CashView(msgspec.Struct, frozen=True):
    """A pay-in or pay-out that is in the journal."""

    cash_id: str
    amount: Minor
    reason: str
    print_id: PrintId | None = None
    """The job of its voucher, where the till has a printer."""


class SignedOn(msgspec.Struct, frozen=True):
    """Who works at the till now."""

    actor: ActorId | None


class Printing(msgspec.Struct, frozen=True):
    """Where a print job stands; its payload is not shown."""

    print_id: PrintId
    till: TillId
    device: DeviceId
    kind: str
    state: str
    """`queued`, `sending`, `confirmed`, `held`, `uncertain`, `failed` or `expired`."""
    reason: str | None = None
    sale_id: SaleId | None = None
    copy: bool = False
    ask: bool = False
    """Somebody is to look, and to say what becomes of it: see `settle`."""


class Settled(msgspec.Struct, frozen=True):
    """A print job a person has decided about."""

    job: Printing
    copy: Printing | None = None
    """The new job that prints a marked copy."""


class DiskView(msgspec.Struct, frozen=True):
    """The room on the agent's disk, as far as a till is concerned."""

    level: str
    """`ok`, `low`, `shed`, `sales-only` or `full`; at `full` no sale is begun."""
    detail: str = ""
    """What is the matter; empty while nothing is."""
    remedy: str = ""


class TillView(msgspec.Struct, frozen=True):
    """Everything a till page needs to draw itself after a reload."""

    till: TillId
    store: StoreId
    store_name: str
    basket: str
    currency: str
    prices_include_tax: bool
    cash_rounding: int
    taxes: dict[str, int]
    """Name → basis points, to offer for an open-price line."""
    language: str
    business_date: str
    opened: bool
    require_sign_on: bool
    cursor: int
    """Newest event; follow the events after it."""
    actor: ActorId | None = None
    sale: SaleView | None = None
    parked: tuple[ParkedSale, ...] = ()
    party_id: PartyId | None = None
    """The customer on the open sale, or recognised and waiting for the next one."""
    last: Completed | None = None
    """The newest completed sale, for its receipt."""
    printer: DeviceId | None = None
    drawer: DeviceId | None = None
    display: DeviceId | None = None
    scale: DeviceId | None = None
    scanners: tuple[DeviceId, ...] = ()
    disk: DiskView = DiskView("ok")
    takes: tuple[str, ...] = ()
    """Kinds of tender beside money that the loyalty programme lets people pay with: `points`,
    `gift_card`."""
    gift_items: tuple[str, ...] = ()
    """Item ids or GTINs that are gift cards: a line of one asks for the card's number."""


class CustomerOf(msgspec.Struct, frozen=True):
    """Who is on a sale, and the pseudonym the sale will carry for them."""

    party_id: PartyId
    customer_ref: CustomerRef


class Noted(msgspec.Struct, frozen=True):
    """The event a notice became."""

    cursor: int
