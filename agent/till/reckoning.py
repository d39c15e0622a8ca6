"""What a sale earns: reckoned in its transaction, by what was looked up before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import structlog

from agent.core.entries.bodies import SaleCompleted
from agent.core.history.interactions import STORE_CHANNEL
from agent.core.identifiers import ItemId
from agent.core.loyalty import Basis, Programme, ValueEarned, basis_of, earn
from agent.core.recognition import ItemKey
from agent.core.sale.model import Line, Sale, Stamp
from agent.directory import DirectoryFault
from agent.till.desk import Desk

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Reckoning(NamedTuple):
    """What a sale earns by."""

    programme: Programme
    tier: str = ""
    groups: Mapping[ItemId, tuple[str, ...]] = MappingProxyType({})
    """Of the items sold, where the catalogue has any."""


def reckoning(desk: Desk, sale: Sale) -> Reckoning:
    """Look up what a sale earns by: before its transaction, which is another thread's to write."""
    programme, party_id = desk.value.programme(), sale.party_id
    if party_id is None or not programme.rules:
        return Reckoning(programme)
    card = _spared(lambda: desk.directory.card(party_id))
    items = {line.item_id for line in sale.lines if line.item_id}
    groups = {item: _groups(desk, item) for item in items}
    return Reckoning(programme, (card.tier if card else None) or "", groups)


def earned(
    desk: Desk, sale: Sale, body: SaleCompleted, stamp: Stamp, by: Reckoning
) -> tuple[ValueEarned, ...]:
    """Say what a completed sale earns its customer."""
    if sale.party_id is None or not by.programme.rules:
        return ()
    earnings = earn(by.programme.rules, _basis(desk, body, by))
    if not earnings:
        return ()
    place = desk.store.id, desk.till.id, stamp
    return (ValueEarned(sale.sale_id, *place, sale.party_id, earnings),)


def _basis(desk: Desk, body: SaleCompleted, by: Reckoning) -> Basis:
    return basis_of(
        body.lines,
        discount=body.discount,
        tenders=body.tenders,
        prices_include_tax=body.prices_include_tax,
        business_date=body.business_date,
        store=desk.store.id,
        channel=STORE_CHANNEL,
        tier=by.tier,
        groups=lambda line: by.groups.get(line.item_id, ()) if line.item_id else (),
        without=[line.line for line in body.lines if is_gift(by.programme, line)],
    )


def _groups(desk: Desk, item_id: ItemId) -> tuple[str, ...]:
    """Name the department of an item, where the catalogue has one."""
    item = _spared(lambda: desk.directory.item(ItemKey(item_id=item_id)))
    return (item.department,) if item and item.department else ()


def _spared(look: Callable[[], T | None]) -> T | None:
    """Look up what a sale is completed without, if need be: it is paid, and waits for nothing."""
    try:
        return look()
    except DirectoryFault as fault:
        log.warning("points are reckoned without it", why=str(fault))
        return None


def is_gift(programme: Programme, line: Line) -> bool:
    """Tell whether a line is of a gift card."""
    named = {line.item_id, line.gtin} - {None}
    return not named.isdisjoint(programme.gift_items)
