"""A small shop for the journal's tests: two tills, a clock that counts, and facts to write."""

from __future__ import annotations

from itertools import count

from agent.core.entries.bodies import CashierSigned, DayTotals, SaleCompleted, TillClosed
from agent.core.identifiers import receipt_number
from agent.core.sale.model import Line, ReturnOf, Sale, Stamp, TaxAmount, TaxRate, Tender
from agent.journal import chains, erasures

STORE = "store-1"
TILLS = ("till-1", "till-2")
KEY = bytes(range(32))
STAMP = Stamp(wall="2026-05-04T10:11:12.345Z", mono_ns=7, boot_id="boot")


class CountingClock:
    """Random enough to tell things apart, and the same in every run."""

    def __init__(self, seed=0):
        self._numbers = count(seed * 1_000_000 + 1)

    def stamp(self):
        return STAMP

    def uuid7(self):
        return f"01890000-0000-7000-8000-{next(self._numbers):012x}"

    def random(self, size):
        return next(self._numbers).to_bytes(size, "little")


def line(number, quantity=1000, returns=None, *, voided=False):
    return Line(
        line=number,
        name=f"Item {number}",
        quantity=quantity,
        unit_price=199,
        extension=199 * quantity // 1000,
        taxes=(TaxRate("standard", 1900),),
        returns=returns,
        voided=voided,
    )


def completed(sale_id, receipt_no, till="till-1", lines=None):
    return SaleCompleted(
        sale_id=sale_id,
        receipt_no=receipt_no,
        store=STORE,
        till=till,
        business_date="2026-05-04",
        currency="EUR",
        prices_include_tax=True,
        opened=STAMP,
        completed=STAMP,
        lines=lines or (line(1), line(2)),
        tenders=(Tender(1, "cash", 500),),
        taxes=(TaxAmount("standard", 1900, 334, 64, 398),),
        total=398,
        net=334,
        change=102,
    )


def sell(conn, sale_id, till="till-1", lines=None):
    """Complete a sale the way a till does."""
    journal_id, n = chains.next_receipt(conn, till)
    body = completed(sale_id, receipt_number(STORE, till, journal_id, n), till, lines)
    return chains.append(conn, till, body, salt=sale_id.encode().ljust(16, b"\0")[:16])


def give_back(sale_id, number, quantity):
    return line(9, -quantity, ReturnOf(sale_id, number))


def basket(sale_id, till="till-1", state="open"):
    return Sale(sale_id, till, "EUR", True, STAMP, "2026-05-04", state=state, lines=(line(1),))


def sign_on(conn, actor, till="till-1"):
    body = CashierSigned(actor, STORE, till, STAMP)
    return chains.append(conn, till, body, salt=b"s" * 16)


def close_day(conn, z_number, till="till-1"):
    totals = DayTotals(0, 0, 0, 0, 0, 0, 0, (), (), 0, 0, 0, 0, None, None)
    body = TillClosed(STORE, till, "2026-05-04", z_number, None, STAMP, "EUR", totals, 0, 0)
    return chains.append(conn, till, body, salt=b"z" * 16)


def committed(conn, journal_id, seq):
    """Give an entry's commitment as an order names it; of one that is not here, any."""
    row = conn.execute(
        "SELECT hex(c.commitment) FROM chain c JOIN journal j ON j.no = c.journal"
        " WHERE j.id = ? AND c.seq = ?",
        (journal_id, seq),
    ).fetchone()
    return row[0].lower() if row else "00" * 32


def erase(conn, journal_id, seq, *, order_id="order-7", at="now", commitment=None):
    """Carry out an order that means the entry which stands there."""
    named = commitment or committed(conn, journal_id, seq)
    return erasures.erase(conn, journal_id, seq, commitment=named, order_id=order_id, at=at)
