"""What can be meant at all: the bounds of everything told, checked where it comes in.

What is gathered is taken as it is; whoever lets something in from outside checks it first, and a
step that cannot be meant costs itself alone (P6).
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.core.faults import InputFault
from agent.core.orders.model import Payment, Placed, Refund, Stage, Step, Told
from agent.core.sale.bounds import AMOUNT_MAX, LINES_MAX, QUANTITY_MAX, pieces
from agent.core.stock.places import Bucket

ID_CHARACTERS_MAX = 200
TEXT_CHARACTERS_MAX = 1000
_SHELVES = (Bucket.AVAILABLE, Bucket.DAMAGED)


class OrderInput(InputFault):
    """What was told of an order cannot be meant; it was not taken."""

    name = "bad-order"
    title = "This cannot be told of an order"


def checked(told: Told) -> Told:
    """Give something told back, if it can be meant.

    Raises:
        OrderInput: `bad-order`, with what is wrong.
    """
    _require_ids(told)
    match told:
        case Placed():
            _check_placed(told)
        case Step():
            _check_step(told)
        case Payment():
            _require_amount(told.amount, "a payment")
        case _:
            _check_refund(told)
    return told


def _require_ids(told: Told) -> None:
    for word, text in (("event", told.event), ("order_id", told.order_id)):
        if not (0 < len(text) <= ID_CHARACTERS_MAX and text.isprintable()):
            raise _bad(f"{word} {text[:40]!r}", f"give it 1 to {ID_CHARACTERS_MAX} characters")
    reason = getattr(told, "reason", None) or ""
    if len(reason) > TEXT_CHARACTERS_MAX:
        raise _bad(f"a reason of {len(reason)} characters", "say it in a line")


def _check_placed(placed: Placed) -> None:
    numbers = [line.line for line in placed.lines]
    _require_numbers(numbers)
    if placed.revision < 0:
        raise _bad(f"revision {placed.revision}", "count changes from 0")
    for line in placed.lines:
        if not 0 <= line.quantity <= QUANTITY_MAX:
            raise _bad(f"{pieces(line.quantity)} of {line.name[:40]!r}", "correct the quantity")
        if max(abs(line.amount), abs(line.tax)) > AMOUNT_MAX or (
            line.goods and min(line.amount, line.tax) < 0
        ):
            raise _bad(
                f"{line.name[:40]!r} for {line.amount} minor units",
                "put what is taken off into a line that is no goods",
            )
    _require_amount(placed.deposit, "a deposit", least=0)


def _check_step(step: Step) -> None:
    _require_numbers([part.line for part in step.parts])
    for part in step.parts:
        if not 0 < part.quantity <= QUANTITY_MAX:
            raise _bad(f"{pieces(part.quantity)} of line {part.line}", "correct the quantity")
    if step.stage is Stage.RELEASED and not step.parts:
        # Of "everything" nobody could tell later whether it meant what was set aside since.
        raise _bad("a release of everything", "name lines and quantities that are put back")
    if step.stage is Stage.SENT and step.to in ("", step.location):
        raise _bad("goods sent nowhere", "name the store they go to in `to`")
    if step.bucket not in _SHELVES:
        raise _bad(f"goods returned to {step.bucket}", "put them on the shelf or to the damaged")


def _check_refund(refund: Refund) -> None:
    _require_amount(refund.amount, "a refund")
    _require_numbers([part.line for part in refund.parts])
    if any(part.amount < 0 for part in refund.parts):
        raise _bad("a refund that takes money", "tell a payment instead")
    if sum(part.amount for part in refund.parts) > refund.amount:
        raise _bad("lines that get more than the whole refund", "correct the amounts")


def _require_numbers(numbers: Sequence[int]) -> None:
    if len(numbers) > LINES_MAX:
        raise _bad(f"{len(numbers)} lines", f"an order has at most {LINES_MAX}")
    if len(set(numbers)) < len(numbers) or min(numbers, default=1) < 1:
        raise _bad("a line number below 1 or twice", "number lines from 1, and name each once")


def _require_amount(amount: int, what: str, least: int = 1) -> None:
    if not least <= amount <= AMOUNT_MAX:
        raise _bad(f"{what} of {amount} minor units", "correct the amount")


def _bad(what: str, remedy: str) -> OrderInput:
    return OrderInput(f"of an order there cannot be {what}", remedy=remedy)
