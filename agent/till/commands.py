"""Everything a till can be asked, one frozen struct each, and the type of its answer.

`await loop.ask(AddLine(...))` gives a `SaleView`, because `AddLine` is a `Command[SaleView]`. Every
command that changes something carries an id its caller made, or leaves the same state when it
comes twice, so that a lost answer is cured by asking again.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from agent.contracts.devices import ScanFrame
from agent.core.entries.written import EndAsked, NoteAsked, TaskAsked
from agent.core.identifiers import ActorId, DeviceId, PartyId, PrintId, SaleId
from agent.core.leads import LeadItem
from agent.core.quantities import Minor, Thousandths
from agent.core.receipt.document import ReceiptDocument
from agent.settings import Settings, TillSettings
from agent.till.lead_replies import HandedOver, LeadKept, LeadShown, Suggestions
from agent.till.replies import (
    CashView,
    ClosedDay,
    Completed,
    ConsentKept,
    DayView,
    Enrolled,
    Identified,
    Noted,
    Printing,
    PromptAnswered,
    Recognised,
    SaleView,
    Settled,
    SignedOn,
)
from agent.till.requests import (
    AnswerRequest,
    ConsentRequest,
    EnrolRequest,
    ExternalSale,
    IdentifyRequest,
    LineRequest,
    TenderRequest,
)
from agent.till.value_replies import Lacking

R_co = TypeVar("R_co", covariant=True)


class Command(msgspec.Struct, Generic[R_co], frozen=True):
    """Something to be decided by the till, one at a time; `R_co` is what its asker gets."""


class DeviceScan(Command[Recognised], frozen=True):
    """A frame of a scanner that belongs to this till."""

    device: DeviceId
    frame: ScanFrame


class TypedScan(Command[Recognised], frozen=True):
    """A scan typed at the page, or injected by a test; it goes the way of a device's scan."""

    text: str


class Identify(Command[Identified], frozen=True):
    """Who is this? Changes no sale."""

    request: IdentifyRequest


class OpenSale(Command[SaleView], frozen=True):
    """Begin a sale; with the id of one that exists, give that."""

    sale_id: SaleId | None = None


class AddLine(Command[SaleView], frozen=True):
    """Sell or take back one thing."""

    sale_id: SaleId
    request: LineRequest


class VoidLine(Command[SaleView], frozen=True):
    """Take a line out; it stays, and counts nothing."""

    sale_id: SaleId
    line: int
    reason: str | None


class ChangeQuantity(Command[SaleView], frozen=True):
    """Sell another quantity of a line."""

    sale_id: SaleId
    line: int
    quantity: Thousandths


class PriceLine(Command[SaleView], frozen=True):
    """Override a line's unit price."""

    sale_id: SaleId
    line: int
    unit_price: Minor
    reason: str | None


class DiscountLine(Command[SaleView], frozen=True):
    """Take an amount off a line; it replaces an earlier discount of the line."""

    sale_id: SaleId
    line: int
    amount: Minor
    reason: str | None


class DiscountSale(Command[SaleView], frozen=True):
    """Take an amount off the whole sale; it replaces an earlier one."""

    sale_id: SaleId
    amount: Minor
    reason: str | None


class SetCustomer(Command[SaleView], frozen=True):
    """Put a recognised customer on the sale, or take them off."""

    sale_id: SaleId
    party_id: PartyId | None


class ForgetCustomer(Command[SignedOn], frozen=True):
    """Clear the customer who was recognised before the next sale was opened."""


class RedeemLead(Command[LeadShown], frozen=True):
    """The code of a cart, wish list or quote is shown at a sale."""

    sale_id: SaleId
    lead_id: str
    add: bool = False
    """Whether what is left of it goes into the basket."""


class TellLead(Command[LeadKept], frozen=True):
    """A quote or a wish begins at this till."""

    kind: str
    items: tuple[LeadItem, ...] = ()
    sale_id: SaleId | None = None
    party_id: PartyId | None = None
    lead_id: str | None = None
    valid_until: str | None = None


class WriteNote(Command[HandedOver], frozen=True):
    """A note about a customer, for colleagues."""

    party_id: PartyId
    request: NoteAsked


class OpenTask(Command[HandedOver], frozen=True):
    """Something another desk is asked to do for a customer."""

    party_id: PartyId
    request: TaskAsked


class CloseTask(Command[HandedOver], frozen=True):
    """What became of a task."""

    party_id: PartyId
    task_id: str
    request: EndAsked


class AnswerSuggestion(Command[Suggestions], frozen=True):
    """The customer of a sale said yes or no to a suggestion."""

    sale_id: SaleId
    item: str
    reason: str
    taken: bool
    in_step: str = ""
    """The day on which HQ was last heard; empty where there is no HQ."""


class ParkSale(Command[SaleView], frozen=True):
    """Put the basket aside."""

    sale_id: SaleId


class ResumeSale(Command[SaleView], frozen=True):
    """Take a parked basket up again."""

    sale_id: SaleId


class CancelSale(Command[SaleView], frozen=True):
    """Give the basket up."""

    sale_id: SaleId
    reason: str | None = None


class AddTender(Command[SaleView], frozen=True):
    """Money put on the counter."""

    sale_id: SaleId
    request: TenderRequest


class AskLacking(Command[Lacking | None], frozen=True):
    """What HQ would have to give before this can be paid with points or a gift card."""

    sale_id: SaleId
    request: TenderRequest


class AskUnleased(Command[tuple[Lacking, ...]], frozen=True):
    """What HQ would have to give for the points and gift cards of a whole sale."""

    sale_id: SaleId
    request: ExternalSale


class ChargeGift(Command[SaleView], frozen=True):
    """Which gift card a line charges, by its number, which is not kept."""

    sale_id: SaleId
    line: int
    gift_card: str


class RemoveTender(Command[SaleView], frozen=True):
    """Money taken back before the sale is completed."""

    sale_id: SaleId
    tender: int


class CompleteSale(Command[Completed], frozen=True):
    """Make the sale a fact: durable, numbered, and its receipt on the way."""

    sale_id: SaleId
    print_id: PrintId | None = None


class RecordSale(Command[Completed], frozen=True):
    """Keep a finished sale of POS software, exactly once."""

    sale_id: SaleId
    request: ExternalSale


class OpenTill(Command[DayView], frozen=True):
    """Begin the till's day with the float in the drawer."""

    float_amount: Minor
    request_id: str | None = None


class CloseTill(Command[ClosedDay], frozen=True):
    """Count the cash, end the day: the Z report."""

    counted_cash: Minor
    request_id: str | None = None


class MoveCash(Command[CashView], frozen=True):
    """Pay cash in (positive) or out (negative) outside a sale."""

    amount: Minor
    reason: str | None
    cash_id: str | None = None


class SignOn(Command[SignedOn], frozen=True):
    """A cashier takes over the till; None signs the present one off."""

    actor: ActorId | None


class OpenDrawer(Command[Printing], frozen=True):
    """Open the cash drawer outside a sale."""

    print_id: PrintId | None = None


class Enrol(Command[Enrolled], frozen=True):
    """A person met for the first time."""

    request: EnrolRequest


class RecordConsent(Command[ConsentKept], frozen=True):
    """A customer says yes or no to a use of their data."""

    party_id: PartyId
    request: ConsentRequest


class AnswerPrompt(Command[PromptAnswered], frozen=True):
    """A customer answers a question, or would rather not say."""

    party_id: PartyId
    prompt_id: str
    request: AnswerRequest


class Print(Command[Printing], frozen=True):
    """Print a document, raw bytes or a copy of a sale's receipt; exactly one of the three."""

    print_id: PrintId
    document: ReceiptDocument | None = None
    raw: bytes | None = None
    sale_id: SaleId | None = None


class Announce(Command[Noted], frozen=True):
    """Something happened beside the till (a device, a print job, sync): tell whoever watches."""

    type: str
    """One of the event types of `agent.till.telling.EVENT_TYPES`."""
    data: dict[str, object]
    """Ids only: no names, no phone numbers."""


class TakeSettings(Command[None], frozen=True):
    """Work by other settings; which of them may change is its asker's business."""

    till: TillSettings
    settings: Settings


class SettlePrint(Command[Settled], frozen=True):
    """Say what became of a print job, or what shall become of it."""

    print_id: PrintId
    answer: str
    """`printed`, `print`, `print-copy` or `drop`."""
    copy_id: PrintId | None = None
    """Of the copy, made by the caller."""


class DirectoryChanged(Command[Noted], frozen=True):
    """HQ's feed brought these keys: tell the page if it is about someone it shows."""

    scope: str
    keys: tuple[str, ...]
