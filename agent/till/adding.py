"""Which line a request asks for: a known item, goods that come back, or something open-priced."""

from __future__ import annotations

from msgspec.structs import replace

from agent.core import sale as rules
from agent.core.barcode import check_digit
from agent.core.faults import InputFault, NotFoundFault
from agent.core.quantities import Thousandths
from agent.core.recognition import Item, ItemKey, Recognition
from agent.core.sale import NewLine, Sale
from agent.till.desk import Desk
from agent.till.lines import (
    NOTHING_MEASURED,
    Measured,
    item_line,
    measured,
    open_line,
    request_gtin,
)
from agent.till.requests import LineRequest, ReturnedLine
from agent.till.returning import held, return_line
from agent.till.shelving import require_sellable
from agent.till.value import gift_sold
from agent.till.weighing import weighed


async def added(desk: Desk, sale: Sale, request: LineRequest) -> Sale:
    """Add the line that a request asks for.

    Raises:
        InputFault: it does not say what is to be sold, or not enough of it.
        NotFoundFault: `unknown-item`, `sale-not-held`.
        SaleFault: the sale does not allow it.
    """
    _require_one(request)
    if request.returns is not None:
        original = await held(desk, request.returns.sale_id)
        if original is not None:
            return return_line(desk, sale, original, request.returns, request)
        _require_named(request, request.returns)
    new = replace(await _new_line(desk, sale, request), actor=desk.actor)
    if request.returns is not None:
        return rules.add_line(sale, _back(new, request.returns))
    changed = rules.add_line(sale, new)
    if request.gift_card is None or changed is sale:
        return changed
    return await gift_sold(desk, changed, request.gift_card)


async def _new_line(desk: Desk, sale: Sale, request: LineRequest) -> NewLine:
    if request.scan is not None:
        item, said = await _scanned(desk, request.scan, request)
    else:
        item, said = _asked(desk, request), NOTHING_MEASURED
    require_sellable(desk, said.item, item.name if item else request.name or "the pack", request)
    said = await weighed(desk, item, said, request)
    if item is None:
        return open_line(desk.settings, request, said)
    return item_line(desk.settings, sale, item, said, request)


async def _scanned(desk: Desk, text: str, request: LineRequest) -> tuple[Item | None, Measured]:
    """Find the item of a scan; one that is not listed may be sold openly, by name and price."""
    seen = await desk.looking.scanned(text.encode())
    key, item = seen.recognition.means, seen.recognition.item
    if isinstance(key, ItemKey) and (item is not None or request.name is not None):
        unit = item.unit if item else request.unit or "each"
        return item, measured(seen.reading, key, unit)
    raise _not_an_item(text, seen.recognition)


def _asked(desk: Desk, request: LineRequest) -> Item | None:
    gtin = request_gtin(request)
    if gtin is not None:
        _require_check_digit(gtin)
    if gtin is None and request.item_id is None:
        return None
    item = desk.directory.item(ItemKey(gtin=gtin, item_id=None if gtin else request.item_id))
    if item is None and request.name is None:
        raise NotFoundFault(
            f"no item is listed under {gtin or request.item_id}",
            remedy='send "name", "unit_price" and "taxes" to sell it openly, or have it listed',
            name="unknown-item",
        )
    return item


def _back(new: NewLine, returned: ReturnedLine) -> NewLine:
    """Turn the line of goods sold elsewhere round; HQ, which holds the original, checks it."""
    quantity = Thousandths(-abs(new.quantity))
    return replace(new, quantity=quantity, returns=returned.as_recorded())


def _require_one(request: LineRequest) -> None:
    named = [request.scan, request.gtin, request.item_id]
    count = sum(each is not None for each in named)
    if count > 1 or (count == 0 and request.name is None and request.returns is None):
        raise InputFault(
            f"a line is named by {count} of scan, gtin and item_id",
            remedy='send exactly one of "scan", "gtin", "item_id", or a "name" with "unit_price", '
            'or "returns" with the sale and line that comes back',
            name="line-unclear",
        )


def _require_named(request: LineRequest, returned: ReturnedLine) -> None:
    if not any((request.scan, request.gtin, request.item_id, request.name)):
        raise NotFoundFault(
            f"sale {returned.sale_id} is not held here, so what comes back has to be named",
            remedy='send "scan", "gtin" or "item_id" beside "returns", or "name", "unit_price" '
            'and "taxes"',
            name="sale-not-held",
        )


def _require_check_digit(gtin: str) -> None:
    expected = check_digit(gtin[:-1])
    if int(gtin[-1]) != expected:
        raise InputFault(
            f"GTIN {gtin} has a wrong check digit: {gtin[-1]} instead of {expected}",
            remedy="compare it with the digits under the bar code, or scan it",
            name="wrong-check-digit",
        )


def _not_an_item(text: str, found: Recognition) -> InputFault | NotFoundFault:
    why = "; ".join(found.why)
    if found.kind == "unknown":
        return NotFoundFault(
            f"{text!r} is no known item: {why}",
            remedy='send "name", "unit_price" and "taxes" with it to sell it openly',
            name="unknown-item",
        )
    return InputFault(
        f"{text!r} is no item but of kind {found.kind}: {why}",
        remedy="use POST /v1/tills/{till}/scan for anything that can be scanned",
        name="not-an-item",
    )
