"""The bodies of sealed facts: what each kind of entry says, per version.

Bodies are canonical bytes (deterministic JSON) kept verbatim once written. Those of the `sales`
journal never hold personal data: a customer appears there as a random `customer_ref`, and only a
`side` entry, whose body can be erased, ties it to a party.
"""

from __future__ import annotations

import msgspec

from agent.core.card_numbers.noted import CardNumbersMasked
from agent.core.consent.record import ConsentRecord
from agent.core.consent.rights import SubjectRequest
from agent.core.entries.notes import NoteWritten, TaskClosed, TaskOpened
from agent.core.entries.payments import AccountSeen
from agent.core.identifiers import (
    ActorId,
    CustomerRef,
    JournalId,
    PartyId,
    ReceiptNo,
    SaleId,
    StoreId,
    TillId,
)
from agent.core.leads.bodies import LeadRedeemed, LeadTold
from agent.core.loyalty.facts import (
    LeaseClosed,
    ValueEarned,
    ValueLoaded,
    ValueRestored,
    ValueSpent,
    ValueUnspent,
)
from agent.core.orders.model import OrderNoted
from agent.core.prompts.ledger import PromptEvent
from agent.core.quantities import Minor
from agent.core.sale.model import Line, Stamp, TaxAmount, Tender
from agent.core.stock.booking import StockMoved
from agent.core.suggest.model import SuggestionAnswered


class SaleCompleted(msgspec.Struct, frozen=True, omit_defaults=True, tag="sale.completed"):
    """A sale that was paid; returns are negative lines in it. Journal `sales`."""

    sale_id: SaleId
    receipt_no: ReceiptNo
    store: StoreId
    till: TillId
    business_date: str
    currency: str
    prices_include_tax: bool
    opened: Stamp
    completed: Stamp
    lines: tuple[Line, ...]
    tenders: tuple[Tender, ...]
    taxes: tuple[TaxAmount, ...]
    total: Minor
    net: Minor
    change: Minor
    cash_rounding: Minor = Minor(0)
    discount: Minor = Minor(0)
    discount_reason: str | None = None
    actor: ActorId | None = None
    customer_ref: CustomerRef | None = None
    external_receipt_no: str | None = None


class SaleCancelled(msgspec.Struct, frozen=True, omit_defaults=True, tag="sale.cancelled"):
    """A basket with lines that was given up (ARTS post-void is a return, not this). `sales`."""

    sale_id: SaleId
    store: StoreId
    till: TillId
    business_date: str
    opened: Stamp
    cancelled: Stamp
    lines: tuple[Line, ...]
    total: Minor
    actor: ActorId | None = None
    reason: str | None = None


class TillOpened(msgspec.Struct, frozen=True, omit_defaults=True, tag="till.opened"):
    """The till's day begins, with the float counted into the drawer. `sales`."""

    store: StoreId
    till: TillId
    business_date: str
    at: Stamp
    float_amount: Minor
    currency: str
    actor: ActorId | None = None


class CashMoved(msgspec.Struct, frozen=True, omit_defaults=True, tag="cash.moved"):
    """Pay-in (positive) or pay-out (negative) of cash outside a sale. `sales`."""

    cash_id: str
    store: StoreId
    till: TillId
    business_date: str
    at: Stamp
    amount: Minor
    currency: str
    reason: str
    actor: ActorId | None = None


class TenderTotal(msgspec.Struct, frozen=True):
    """What one kind of tender brought in, change taken off."""

    kind: str
    amount: Minor
    count: int


class DayTotals(msgspec.Struct, frozen=True):
    """What a till took since it was opened: the figures of an X or Z report."""

    sales: int
    """Number of completed sales."""
    cancelled: int
    items: int
    """Number of line items sold, voided ones left out."""
    gross: Minor
    net: Minor
    returns: Minor
    """Sum of the negative lines, as a negative amount."""
    discounts: Minor
    taxes: tuple[TaxAmount, ...]
    tenders: tuple[TenderTotal, ...]
    float_amount: Minor
    paid_in: Minor
    paid_out: Minor
    expected_cash: Minor
    """float + cash tenders − change + pay-ins − pay-outs."""
    first_receipt: ReceiptNo | None
    last_receipt: ReceiptNo | None
    cash_rounding: Minor = Minor(0)
    """What cash rounding added (or took): the tenders add up to gross plus this."""


class TillClosed(msgspec.Struct, frozen=True, omit_defaults=True, tag="till.closed"):
    """The Z report: the day's totals, the cash counted, and the difference. `sales`."""

    store: StoreId
    till: TillId
    business_date: str
    z_number: int
    """Contiguous from 1 within the journal."""
    opened: Stamp | None
    at: Stamp
    currency: str
    totals: DayTotals
    counted_cash: Minor
    difference: Minor
    """counted − expected."""
    actor: ActorId | None = None


class SaleAttributed(msgspec.Struct, frozen=True, omit_defaults=True, tag="sale.attributed"):
    """Ties a sale's pseudonym to the party it was made with. `side`."""

    sale_id: SaleId
    customer_ref: CustomerRef
    party_id: PartyId
    at: Stamp


class ConsentGiven(msgspec.Struct, frozen=True):
    """A yes or no to one purpose over one kind of contact point."""

    purpose: str
    """`marketing`, `profiling` …"""
    contact: str
    """`email`, `sms`, `post` or `any`."""
    given: bool


class PartyEnrolled(msgspec.Struct, frozen=True, omit_defaults=True, tag="party.enrolled"):
    """A person met at this till for the first time. `side`; holds personal data, erasable."""

    party_id: PartyId
    store: StoreId
    till: TillId
    at: Stamp
    name: str
    phone: str | None = None
    """E.164."""
    email: str | None = None
    """As typed; compared casefolded."""
    card: str | None = None
    postcode: str | None = None
    consents: tuple[ConsentGiven, ...] = ()
    actor: ActorId | None = None
    pass_id: str | None = None
    """Of a wallet pass made for them here."""
    pass_secret: str | None = None
    """Of its one-time codes (RFC 6238), hexadecimal."""
    sealed: bytes | None = None
    """All of it, closed for HQ (`core.privacy.seal_enrolment` of its JSON): where that is here,
    everything that says who it is stays empty above."""


class PartyIdentified(msgspec.Struct, frozen=True, omit_defaults=True, tag="party.identified"):
    """A known party was recognised at the till, and by which means. `side`."""

    party_id: PartyId
    store: StoreId
    till: TillId
    at: Stamp
    means: str
    """An `IdentifierType`; never its value."""
    sale_id: SaleId | None = None
    strength: str = ""
    """A `recognition.Strength`: what the means was worth as it was presented."""


class CashierSigned(msgspec.Struct, frozen=True, omit_defaults=True, tag="cashier.signed"):
    """A cashier signed on (or off, `on` false). `side`."""

    actor: ActorId
    store: StoreId
    till: TillId
    at: Stamp
    on: bool = True


class OrderReceived(msgspec.Struct, frozen=True, omit_defaults=True, tag="order.received"):
    """HQ's signed order was carried out here: the evidence a rewound HQ gets it back by. `side`."""

    order: str
    """Canonical JSON of `exchange.orders.Order`, as HQ's root key signed it."""
    signature: str
    """Ed25519 (RFC 8032), hexadecimal."""
    at: Stamp
    outcome: str
    """`done`, `nothing-to-do`, `another-entry`, or the name of a fault."""
    kept: tuple[tuple[JournalId, int, str], ...] = ()
    """Of `another-entry`: what stands here under the numbers of the order, and is not what it
    means: (journal id, seq, commitment in hexadecimal)."""


class JournalBegun(msgspec.Struct, frozen=True, omit_defaults=True, tag="journal.begun"):
    """The first entry of a successor: which journal it goes on from, and why. Either lane."""

    predecessor: JournalId
    seq: int
    """The last entry of the predecessor that both sides agree on; 0: none."""
    hash: str
    """Chain hash at `seq`, hexadecimal."""
    reason: str
    """See `exchange.wire.Predecessor`."""
    carried: int
    """How many entries of the predecessor follow as `entry.carried`."""
    at: Stamp


class EntryCarried(msgspec.Struct, frozen=True, omit_defaults=True, tag="entry.carried"):
    """An entry that HQ could not take in its own journal, byte for byte. Either lane.

    It has its effect once, as entry `seq` of `journal`, wherever else it may turn up.
    """

    journal: JournalId
    seq: int
    kind: int
    version: int
    salt: str
    """Hexadecimal; empty of an erased entry."""
    body: str
    """The sealed bytes, which are JSON text; empty of an erased entry."""
    commitment: str
    """Hexadecimal."""
    verified: bool = True
    """False where a damaged file could not prove that these are the bytes once written."""
    erased_by: str = ""
    raw: str = ""
    """The sealed bytes in base64 where they are no text (`verbatim`); `body` is empty then."""


Body = (
    SaleCompleted
    | SaleCancelled
    | TillOpened
    | CashMoved
    | TillClosed
    | SaleAttributed
    | PartyEnrolled
    | PartyIdentified
    | AccountSeen
    | CashierSigned
    | OrderReceived
    | ConsentRecord
    | PromptEvent
    | SubjectRequest
    | ValueEarned
    | ValueLoaded
    | ValueSpent
    | ValueRestored
    | LeaseClosed
    | ValueUnspent
    | OrderNoted
    | StockMoved
    | LeadTold
    | LeadRedeemed
    | SuggestionAnswered
    | NoteWritten
    | TaskOpened
    | TaskClosed
    | CardNumbersMasked
    | JournalBegun
    | EntryCarried
)
