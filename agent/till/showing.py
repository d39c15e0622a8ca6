"""What the customer sees: worked out from the till's state, never from who the customer is.

The line display gets it fitted to its size; the display page draws it itself (`customer_view`).
"""

from __future__ import annotations

import msgspec
import structlog

from agent.core.faults import StateFault
from agent.core.quantities import Minor
from agent.core.receipt.display import (
    Idle,
    Selling,
    Shown,
    Sold,
    Spoken,
    display_lines,
    spoken_of,
)
from agent.core.receipt.words import words_of
from agent.core.sale.model import Line, Sale
from agent.till.desk import Desk
from agent.till.ended import SHOWN_NS, Ended, payable
from agent.till.peripherals import Peripherals

log = structlog.get_logger(__name__)


class SeenLine(msgspec.Struct, frozen=True):
    """A line as the customer sees it."""

    name: str
    quantity: int
    """Thousandths."""
    unit: str
    unit_price: Minor
    extension: Minor


class CustomerView(msgspec.Struct, frozen=True, kw_only=True):
    """All that a customer display shows: goods and amounts, nobody's name."""

    state: str
    """`idle`, `selling` or `paid`."""
    store_name: str
    language: str
    currency: str
    lines: tuple[SeenLine, ...] = ()
    """Voided ones left out."""
    discount: Minor = Minor(0)
    """Off the whole receipt."""
    total: Minor = Minor(0)
    due: Minor | None = None
    """Still to pay, once something was paid."""
    given: Minor = Minor(0)
    change: Minor = Minor(0)
    words: dict[str, str]
    """`welcome`, `total`, `to_pay`, `given`, `change`, `discount`, `thanks` in the language."""


def shown(desk: Desk) -> Shown:
    """Work out what there is to be seen at a till that keeps the basket."""
    sale = desk.open_sale()
    if sale is not None and sale.lines:
        return _selling(desk, sale)
    over = _just_ended(desk)
    return over.paid if over is not None else Idle(desk.store.name or desk.store.id)


def customer_view(desk: Desk) -> CustomerView:
    """Show the till to its customer."""
    sale = desk.open_sale()
    over = _just_ended(desk)
    if sale is not None and sale.lines:
        totals = desk.totals(sale)
        return _view(
            desk,
            "selling",
            sale.lines,
            discount=sale.discount,
            total=payable(totals),
            due=totals.due if totals.tendered else None,
            given=totals.tendered,
            change=totals.change,
        )
    if over is not None:
        paid = over.paid
        return _view(
            desk, "paid", over.lines, total=paid.total, given=paid.given, change=paid.change
        )
    return _view(desk, "idle", ())


def _view(desk: Desk, state: str, lines: tuple[Line, ...], **sums: Minor | None) -> CustomerView:
    language = desk.store.language
    said: Spoken = spoken_of(language)
    words = words_of(language)
    return msgspec.structs.replace(
        CustomerView(
            state=state,
            store_name=desk.store.name or desk.store.id,
            language=language,
            currency=desk.store.currency,
            lines=tuple(_seen(line) for line in lines if not line.voided),
            words={
                "welcome": said.welcome,
                "given": said.given,
                "total": words.total,
                "to_pay": words.to_pay,
                "change": words.change,
                "discount": words.discount,
                "thanks": words.thanks,
            },
        ),
        **sums,
    )


class Showing:
    """Keeps a till's line display in step with the till."""

    def __init__(self, desk: Desk) -> None:
        """Show nothing yet."""
        self._desk = desk
        self._own: tuple[str, ...] = ()
        self._posted: tuple[str, ...] | None = None

    def post(self, lines: tuple[str, ...]) -> None:
        """Show lines of POS software's own, until the till has something else to say.

        Raises:
            StateFault: `no-display`.
        """
        peripherals = require_display(self._desk)
        self._posted = lines
        peripherals.show(lines)

    def refresh(self) -> None:
        """Show what there is to be seen now; never waits, never fails.

        A display that shows it already does nothing; one that was replaced meanwhile shows it.
        """
        peripherals = self._desk.peripherals
        if peripherals.display_columns is None:
            return
        try:
            own = self._lines(peripherals, peripherals.display_columns)
            if own != self._own:
                self._own, self._posted = own, None
            peripherals.show(own if self._posted is None else self._posted)
        except Exception:  # what a customer reads must never keep a till from selling
            log.exception("the customer's display was not refreshed", till=self._desk.till.id)

    def _lines(self, peripherals: Peripherals, columns: int) -> tuple[str, ...]:
        store = self._desk.store
        # POS software that keeps the basket says itself what is shown: POST …/display.
        keeps_basket = self._desk.till.basket == "agent"
        view = shown(self._desk) if keeps_basket else Idle(store.name or store.id)
        return display_lines(
            view, columns, peripherals.display_rows, store.language, store.currency
        )


def require_display(desk: Desk) -> Peripherals:
    """Give the peripherals of a till that has a line display.

    Raises:
        StateFault: `no-display`.
    """
    if desk.peripherals.display_columns is None:
        raise StateFault(
            f"till {desk.till.id} has no line display",
            remedy='name a device of kind "display" at the till in the settings',
            name="no-display",
        )
    return desk.peripherals


def _selling(desk: Desk, sale: Sale) -> Selling:
    totals = desk.totals(sale)
    rows = [line for line in sale.lines if not line.voided]
    last = rows[-1] if rows else None
    sold = None
    if last is not None:
        sold = Sold(last.name, last.quantity, last.unit, last.unit_price, last.extension)
    return Selling(sold, payable(totals), totals.due if totals.tendered else None)


def _just_ended(desk: Desk) -> Ended | None:
    over = desk.ended
    if over is None or desk.clock.stamp().mono_ns - over.mono_ns > SHOWN_NS:
        return None
    return over


def _seen(line: Line) -> SeenLine:
    return SeenLine(line.name, line.quantity, line.unit, line.unit_price, line.extension)
