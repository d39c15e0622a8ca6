"""Points and gift cards: asking HQ for what a payment lacks, and which card a line charges."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import msgspec
from litestar import put
from litestar.params import JSONBody

from agent.api.access import Sender, loop_of_sale
from agent.api.backend import Backend, Served
from agent.api.bodies import Json
from agent.api.described import ANSWERS, LinePath, SaleIdPath
from agent.core.faults import Fault, UnavailableFault
from agent.core.identifiers import SaleId
from agent.till import TillLoop
from agent.till.commands import AskLacking, AskUnleased, ChargeGift
from agent.till.replies import SaleView
from agent.till.requests import ExternalSale, TenderRequest
from agent.till.value import is_value


class GiftBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names a gift card."""

    number: Annotated[str, msgspec.Meta(min_length=4, max_length=64)]
    """As printed or scanned; it is not kept."""


@put("/v1/sales/{sale_id:str}/lines/{line:int}/gift-card", dto=Json[GiftBody], responses=ANSWERS)
async def charge_gift_card(
    sale_id: SaleIdPath, line: LinePath, data: JSONBody[GiftBody], backend: Served, speaker: Sender
) -> SaleView:
    """Say which gift card a line charges; without one the sale of a gift card is not completed."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    return await loop.ask(ChargeGift(SaleId(sale_id), line, data.number))


async def lease_first(
    backend: Backend, loop: TillLoop, sale_id: SaleId, asked: TenderRequest
) -> None:
    """Have HQ lease what is lacking to this sale; the till's loop goes on meanwhile (P1).

    Where HQ is not reached in time, nothing is raised: the till then says how much it may take.

    Raises:
        HqRefused: HQ gives nothing, and says why.
        Fault: as the till says of the payment.
    """
    if backend.lease is None or not is_value(asked.kind):
        return
    lacking = await loop.ask(AskLacking(sale_id, asked))
    if lacking is None:
        return
    try:
        await backend.lease(loop.till, lacking.owner, lacking.unit, lacking.value, sale_id)
    except UnavailableFault:
        return


async def lease_whole(
    backend: Backend, loop: TillLoop, sale_id: SaleId, asked: ExternalSale
) -> None:
    """Have HQ lease what a whole sale lacks; where it gives nothing, the sale is kept all the same.

    Raises:
        Fault: as the till says of the sale.
    """
    if backend.lease is None or not any(is_value(each.kind) for each in asked.tenders):
        return
    for lacking in await loop.ask(AskUnleased(sale_id, asked)):
        with suppress(Fault):
            await backend.lease(loop.till, lacking.owner, lacking.unit, lacking.value, sale_id)


ENDPOINTS = (charge_gift_card,)
