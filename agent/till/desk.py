"""The desk: what all handlers of one till share, and the only way they change anything.

A handler decides with the core, then calls `commit` once: baskets, facts, print jobs and events of
one decision are one transaction. What the desk remembers changes only after that transaction is on
disk, so a write that fails leaves the till as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar

from msgspec.structs import replace

from agent.contracts.clock import Clock
from agent.core.entries.bodies import Body, PartyIdentified
from agent.core.faults import InputFault, NotFoundFault, StateFault
from agent.core.identifiers import ActorId, PartyId, SaleId
from agent.core.recognition import Strength
from agent.core.sale import business_date, totals
from agent.core.sale.model import Sale, Stamp, Totals
from agent.core.space import Work
from agent.directory import Directory
from agent.journal import Journal, baskets, chains, events, sales
from agent.journal.chains import Appended
from agent.journal.connection import Connection
from agent.journal.tails import Tail
from agent.settings import Settings, TillSettings
from agent.till.documents import Papers
from agent.till.ended import Ended
from agent.till.looking import Looking
from agent.till.meeting import NOT_PRESENTED, Meetings, Met
from agent.till.own import OwnEntries
from agent.till.packing import PackBook
from agent.till.peripherals import NoPeripherals, Peripherals
from agent.till.prompt_book import PromptBook
from agent.till.replies import SaleView
from agent.till.telling import Event
from agent.till.value_book import ValueBook

T = TypeVar("T")

SALT_BYTES = 16


class Desk:
    """One till's state in memory, rebuilt from the journal at every start.

    Attributes:
        baskets: open and parked sales; also those cancelled since the till was last closed, so
            that cancelling twice gives the same answer.
        actor: who is signed on.
        opened: whether the till's day was begun with a float.
        present: a customer recognised while no sale was open; the next sale takes them over.
        prompts: what may be asked of customers.
        value: what sales earn, and which items are gift cards.
        lease_wanted: told who may want to pay here next time; the daemon puts its own here.
        unheard_since: tells since when HQ is out of reach, UTC, empty while it is not; likewise.
        meetings: who was recognised here lately, and how much of their card that opens.
        redeemed: codes of leads shown at each sale since the start, so that one shown twice is one.
        packs: what was scanned in the last moments, to tell two symbols of one pack.
        peripherals: the display and the scale beside the till; the daemon puts them here.
        ended: the sale completed last, for the customer's display.
        papers: what is printed by; the daemon puts the one all tills share here.
    """

    def __init__(
        self,
        *,
        till: TillSettings,
        settings: Settings,
        journal: Journal,
        directory: Directory,
        clock: Clock,
        own: OwnEntries,
    ) -> None:
        self.till = till
        self.settings = settings
        self.store = settings.store
        self.journal = journal
        self.directory = directory
        self.clock = clock
        self.own = own
        self.looking = Looking(settings, journal, directory, self.presented, self.own_key)
        self.prompts = PromptBook(directory)
        self.value = ValueBook(directory)
        self.unheard_since: Callable[[], str] = lambda: ""
        self.lease_wanted: Callable[[PartyId], None] = lambda _: None
        self.papers = Papers(settings)
        self.baskets: dict[SaleId, Sale] = {}
        self.actor: ActorId | None = None
        self.opened = False
        self.present: PartyId | None = None
        self.meetings = Meetings()
        self.packs = PackBook()
        self.redeemed: set[tuple[SaleId, str]] = set()
        self.peripherals: Peripherals = NoPeripherals()
        self.ended: Ended | None = None

    def business_date(self, stamp: Stamp) -> str:
        """Tell which business day a moment belongs to at this store."""
        return business_date(stamp.wall, self.store.timezone, self.store.day_starts_at)

    def totals(self, sale: Sale) -> Totals:
        """Add a sale up by this store's cash rounding."""
        return totals(sale, self.store.cash_rounding)

    def view(self, sale: Sale, line: int | None = None) -> SaleView:
        """Show a basket with its totals."""
        shown = replace(sale, paid_from=())
        return SaleView(sale=shown, totals=self.totals(sale), line=line)

    def open_sale(self) -> Sale | None:
        """Give the till's one open sale."""
        return next((sale for sale in self.baskets.values() if sale.state == "open"), None)

    async def basket(self, sale_id: SaleId) -> Sale:
        """Give a basket of this till, open or parked.

        Raises:
            StateFault: `already-completed`, `already-cancelled`.
            NotFoundFault: `no-such-sale`.
        """
        sale = self.baskets.get(sale_id)
        if sale is None:
            await self._missing(sale_id)
        if sale.state == "cancelled":
            raise StateFault(
                f"sale {sale_id} was cancelled",
                remedy="open a new sale",
                name="already-cancelled",
            )
        return sale

    async def _missing(self, sale_id: SaleId) -> NoReturn:
        done = await self.journal.read(lambda conn: sales.completed(conn, sale_id))
        if done is not None:
            raise StateFault(
                f"sale {sale_id} is completed as receipt {done.receipt_no}",
                remedy="a completed sale never changes; take goods back by a return in a new sale",
                name="already-completed",
            )
        raise NotFoundFault(
            f"till {self.till.id} holds no sale {sale_id}",
            remedy="open it by POST /v1/tills/{till}/sales, or check the id and the till",
            name="no-such-sale",
        )

    async def commit(
        self,
        change: Callable[[Connection], T],
        *,
        facts: Sequence[Body] = (),
        tell: Sequence[Event] = (),
    ) -> T:
        """Write one decision in one transaction: `change`, then the facts, then the events.

        Raises:
            Fault: what `change` raises, or why the journal could not be written; nothing of the
                decision was then stored.
        """
        wall = self.clock.stamp().wall
        facts = [fact for fact in facts if self._is_kept(fact)]

        def write(conn: Connection) -> tuple[T, list[tuple[Appended, Body]]]:
            result = change(conn)
            written = [(self.append(conn, body), body) for body in facts]
            for event in tell:
                self.tell(conn, event, wall)
            return result, written

        result, written = await self.journal.write(write)
        for appended, body in written:
            self.note(appended, body)
        return result

    def _is_kept(self, fact: Body) -> bool:
        """Leave out what can be done without while the disk has no room for it: who was met."""
        space = self.journal.space
        return not isinstance(fact, PartyIdentified) or space.verdict().allows(Work.SIDE)

    def append(self, conn: Connection, body: Body, tail: Tail | None = None) -> Appended:
        """Seal one fact under a fresh salt, within the caller's transaction."""
        salt = self.clock.random(SALT_BYTES)
        return chains.append(conn, self.till.id, body, salt=salt, tail=tail)

    def tell(self, conn: Connection, event: Event, wall: str) -> int:
        """Store one event within the caller's transaction; it is pushed after the commit."""
        return events.add(conn, self.till.id, event.type, wall, event.data)

    def note(self, appended: Appended, body: Body) -> None:
        """Remember a durable fact for the cards it belongs to."""
        self.own.note((appended.journal_id, appended.seq), body)

    async def keep(
        self,
        sale: Sale,
        *tell: Event,
        facts: Sequence[Body] = (),
        also: Callable[[Connection], None] | None = None,
    ) -> None:
        """Save a basket durably, with what there is to tell, and only then remember it.

        Args:
            sale: as it stands now.
            tell: events of it.
            facts: that belong to it.
            also: what else is written with it.

        Raises:
            StateFault: `sale-id-used`: a new basket's id is another till's, or a finished sale's.
        """

        def save(conn: Connection) -> None:
            if sale.sale_id not in self.baskets:
                require_unused(conn, sale.sale_id)
            baskets.save(conn, sale)
            if also is not None:
                also(conn)

        await self.commit(save, facts=facts, tell=tell)
        self.baskets[sale.sale_id] = sale

    def meet(self, party_id: PartyId, strength: Strength, ask: str | None = None) -> Met:
        """Make the meeting with a party who is recognised now; `met` remembers it."""
        new = Met(self._now(), strength, ask, self.clock.uuid7())
        return self.meetings.joined(party_id, new, staying=self.here())

    def met(self, party_id: PartyId, met: Met) -> None:
        """Remember a meeting, once what it brought about is durable."""
        self.meetings.note(party_id, met, staying=self.here())

    def customer(self) -> PartyId | None:
        """Name who is on the open sale, or waits for the next one."""
        current = self.open_sale()
        return current.party_id if current else self.present

    def here(self) -> set[PartyId]:
        """Name who stands at the till: on a basket, or recognised and waiting for the next one."""
        baskets = (sale for sale in self.baskets.values() if sale.state != "cancelled")
        here = {sale.party_id for sale in baskets} | {self.present}
        return {party for party in here if party is not None}

    def may_open(self, party_id: PartyId) -> bool:
        """Tell whether this till may see a party's card now."""
        return party_id in self.here() or self.is_fresh(party_id)

    def is_fresh(self, party_id: PartyId) -> bool:
        """Tell whether somebody presented themselves within the last quarter of an hour."""
        return self.meetings.is_fresh(party_id, self._now())

    def meeting(self, party_id: PartyId) -> Met:
        """Tell how much of a card is open; of who was not presented here lately, the least."""
        return self.meetings.of(party_id) if self.may_open(party_id) else NOT_PRESENTED

    def presented(self) -> tuple[Stamp, PartyId | None]:
        """Tell what the proof of a wallet pass is checked against: the time, and who is here."""
        return self.clock.stamp(), self.customer()

    def own_key(self) -> bytes | None:
        """Give the public key this device's receipts are checked with; None where it has none."""
        return self.papers.codes.public() if self.papers.codes else None

    def touch_point(self) -> str:
        """Name this till as the place where something was said."""
        return f"{self.store.id}/{self.till.id}"

    def _now(self) -> int:
        return self.clock.stamp().mono_ns

    def require_cashier(self) -> None:
        """Refuse to sell while nobody is signed on, where the settings want somebody to be.

        Raises:
            StateFault: `nobody-signed-on`.
        """
        if self.till.require_sign_on and self.actor is None:
            raise StateFault(
                f"nobody is signed on at till {self.till.id}",
                remedy="sign on first: POST /v1/tills/{till}/sign-on with an actor",
                name="nobody-signed-on",
            )

    def require_room(self, work: Work, refused: str) -> None:
        """Refuse what the disk has no room for, before anybody has paid.

        Args:
            work: which kind it is.
            refused: what is not done, as a sentence's end: "no sale is begun".

        Raises:
            NoRoom: `disk-full`.
        """
        self.journal.space.require(work, refused)

    def require_basket_mode(self, mode: str) -> None:
        """Refuse what the other basket mode does.

        Raises:
            StateFault: `wrong-basket-mode`.
        """
        if self.till.basket == mode:
            return
        remedies = {
            "agent": "record the finished sale by PUT /v1/sales/{sale_id}",
            "external": "open a sale by POST /v1/tills/{till}/sales",
        }
        raise StateFault(
            f'till {self.till.id} has basket = "{self.till.basket}"',
            remedy=f'{remedies[mode]}, or set basket = "{mode}" for this till in the settings',
            name="wrong-basket-mode",
        )


def require_unused(conn: Connection, sale_id: SaleId) -> None:
    """Refuse the id of a sale that exists elsewhere on this agent.

    Raises:
        StateFault: `sale-id-used`.
    """
    elsewhere = baskets.get(conn, sale_id)
    if elsewhere is None and sales.completed(conn, sale_id) is None:
        return
    where = f"is at till {elsewhere.till}" if elsewhere else "is completed"
    raise StateFault(
        f"sale {sale_id} {where} already",
        remedy="make a new id (UUIDv7) for a new sale",
        name="sale-id-used",
    )


def required(reason: str | None, what: str) -> str:
    """Insist on a reason.

    Raises:
        InputFault: `reason-missing`.
    """
    if reason is not None and reason.strip():
        return reason.strip()
    raise InputFault(
        f"{what} needs a reason",
        remedy='send "reason" with the request, for example "damaged packaging"',
        name="reason-missing",
    )
