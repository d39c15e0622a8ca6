"""Receipts carry a code their till has signed; any till of the chain trusts it, offline."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.quantities import Minor
from agent.core.receipt.document import Barcode, Qr
from agent.core.recognition import Strength
from agent.core.recognition.receipt_seal import TillKey, key_rule
from agent.core.recognition.signed_text import key_id
from agent.journal.device_key import passing_key
from agent.till import commands
from agent.till.printing import receipt
from agent.till.receipt_codes import ReceiptCodes
from agent.till.requests import IdentifyRequest, TenderRequest
from agent.till.scanning import ASK_BUYER, GENUINE
from tests.till.conftest import ADA, ADA_CARD, Shop, till

KEY = passing_key()
CODES = ReceiptCodes(lambda: KEY)
COFFEE = "4006381333931"


async def sold(loop, codes, *scans):
    """Sell a coffee; gives the answer, and what the receipt shows to be scanned."""
    loop.desk.papers.codes = codes
    for scan in (*scans, COFFEE):
        found = await loop.ask(commands.TypedScan(scan))
    await loop.ask(commands.AddTender(found.sale_id, TenderRequest(kind="card", amount=Minor(499))))
    done = await loop.ask(commands.CompleteSale(found.sale_id))
    paper = await loop.desk.journal.read(
        lambda conn: receipt(loop.desk.papers, conn, done.sale_id, copy=False)
    )
    return done, next(each.data for each in paper.blocks if isinstance(each, Qr | Barcode))


@pytest.mark.asyncio
async def test_a_receipt_shown_again_names_its_sale_and_proposes_who_bought(shop):
    """Whoever comes back with the paper alone would be asked for everything again."""
    async with shop.running() as loop:
        done, code = await sold(loop, CODES, ADA_CARD)
        assert code.startswith("SR1.")
        shop.clock.seconds = 3600
        found = await loop.ask(commands.TypedScan(code))
        assert ("receipt", done.sale_id, done.receipt_no) == (
            found.kind,
            found.sale_id,
            found.paper.receipt_no,
        )
        assert (ADA, "receipt_no", Strength.BEARER, ASK_BUYER) == (
            found.party_id,
            found.means,
            found.strength,
            found.ask,
        )
        shown = await loop.ask(commands.Identify(IdentifyRequest(scan=code)))
        assert (None, ADA, done.sale_id, Minor(499)) == (
            shown.card,
            shown.party_id,
            shown.sale_id,
            shown.paper.total,
        )


@pytest.mark.asyncio
async def test_another_store_trusts_the_paper_once_it_has_heard_of_the_key(tmp_path):
    """Goods would be taken back on any paper, or on none of another store."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    seller, other = Shop(tmp_path / "a", till()), Shop(tmp_path / "b", till())
    async with seller.running() as loop:
        done, code = await sold(loop, CODES)
    async with other.running() as loop:
        unknown = await loop.ask(commands.TypedScan(code))
        assert (None, done.receipt_no) == (unknown.paper, unknown.receipt_no)
        body = msgspec.json.encode(TillKey(KEY.public_bytes.hex()))
        rule = f"rule:{key_rule(key_id(KEY.public_bytes))}"
        other.directory.apply("global", FeedPage((FeedItem(1, rule, 1, "put", body),), "e.1.0"))
        known = await loop.ask(commands.TypedScan(code))
        assert (done.sale_id, Minor(499)) == (known.paper.sale_id, known.paper.total)
        assert GENUINE == known.remedy
        forged = code[:100] + ("A" if code[100] != "A" else "B") + code[101:]
        assert None is (await loop.ask(commands.TypedScan(forged))).paper
    for each in (seller, other):
        each.close()


@pytest.mark.asyncio
async def test_without_a_key_the_number_is_printed_alone(shop):
    """A till that has no key would print no code at all."""
    async with shop.running() as loop:
        done, code = await sold(loop, None)
        assert done.receipt_no == code
