"""Payment accounts: weak evidence of a customer, closed for HQ, and never in a sale's way."""

from __future__ import annotations

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec.structs import replace

from agent.core.card_numbers import CardNumbersMasked
from agent.core.entries import encode
from agent.core.entries.bodies import SaleCompleted
from agent.core.entries.payments import AccountSeen
from agent.core.identifiers import SaleId, TillId
from agent.core.quantities import Minor
from agent.core.space import Level
from agent.journal import chains
from agent.till import commands
from agent.till.accounts import judged
from agent.till.requests import ExternalLine, ExternalSale, LineRequest, TenderRequest
from central.histories.unsealing import opening
from tests.sealed import MASTER
from tests.till.conftest import ADA, SOCKS

PAR = "5001ABCDEFGHIJKLMNOPQRSTUVWXY"
VISA_PAR = "V0010013021267404810320240710"
PAN = "4111111111111111"
POS = 2
SALE = SaleId("019a4444-0000-7000-8000-000000000001")
OTHER = SaleId("019a4444-0000-7000-8000-000000000002")
PRIVATE = MASTER.enrolment
PUBLIC = X25519PrivateKey.from_private_bytes(PRIVATE).public_key().public_bytes_raw()
LINE = ExternalLine(name="Socks", quantity=1000, unit_price=999, taxes=("standard",))
NONE_OF_ANYBODY = [
    "",
    "5001",
    PAR + "A",
    PAN,
    f"acme-pay:tok{PAN}",
    f"V001X{PAN}XABCDEFG",
    "\0" * 29,
    12345,
    4.5,
    True,
    [PAR],
    {"par": PAN},
]


@pytest.fixture
def known(shop):
    """Have HQ's key at the till."""
    shop.directory.take_keys([MASTER.key("global", 1)], PUBLIC)
    return shop


def card(account=None, amount=999, **more):
    return TenderRequest(
        kind="card", amount=Minor(amount), payment_account_reference=account, **more
    )


async def basket(loop, party=ADA):
    """Open a sale of socks, for a customer if there is one."""
    await loop.ask(commands.OpenSale(SALE))
    await loop.ask(commands.AddLine(SALE, LineRequest(gtin=SOCKS.gtins[0])))
    if party:
        await loop.ask(commands.SetCustomer(SALE, party))


async def facts(shop, lane="side", till="till-1"):
    found = await shop.journal.read(lambda conn: chains.entries(conn, TillId(till), lane, 0))
    return [body for _, body in found]


async def accounts(shop, till="till-1"):
    return [body for body in await facts(shop, till=till) if isinstance(body, AccountSeen)]


def on_disk(shop, *texts):
    """Find texts in the till's files, as they are or as JSON has bytes."""
    files = [each.read_bytes() for each in shop.folder.iterdir() if each.is_file()]
    forms = {text: (text.encode(), b64encode(text.encode())) for text in texts}
    return [text for text in texts if any(form in each for form in forms[text] for each in files)]


@pytest.mark.asyncio
@pytest.mark.parametrize("account", [PAR, VISA_PAR])
async def test_an_account_reaches_hq_and_nobody_else(known, account):
    """Wrong: who takes the till reads which sales were paid from one account, and by whom."""
    async with known.running() as loop:
        await basket(loop)
        shown = await loop.ask(commands.AddTender(SALE, card(account)))
        assert ((), ()) == (shown.left_out, shown.sale.paid_from)
        assert not on_disk(known, account)
        assert (
            () == (await loop.sale(SALE)).sale.paid_from == (await loop.view()).sale.sale.paid_from
        )
        done = await loop.ask(commands.CompleteSale(SALE))
    assert () == done.left_out
    [kept] = await accounts(known)
    assert (ADA, SALE, 1, "") == (kept.party_id, kept.sale_id, kept.tender, kept.reference)
    assert account == opening(PRIVATE)(kept).reference
    [sale] = await facts(known, "sales")
    assert b"paid_from" not in encode(sale)
    assert not on_disk(known, account)


@pytest.mark.asyncio
async def test_a_basket_keeps_its_account_over_a_restart(known):
    """Wrong: a till that crashed between payment and receipt forgets what was paid from."""
    async with known.running() as loop:
        await basket(loop, party=None)
        await loop.ask(commands.AddTender(SALE, card(PAR, tender_id="t")))
    known.close()
    known.open()
    async with known.running() as loop:
        again = await loop.ask(commands.AddTender(SALE, card(PAR, tender_id="t")))
        assert 1 == len(again.sale.tenders)
        await loop.ask(commands.SetCustomer(SALE, ADA))
        await loop.ask(commands.CompleteSale(SALE))
    [kept] = await accounts(known)
    assert PAR == opening(PRIVATE)(kept).reference


@pytest.mark.asyncio
@pytest.mark.parametrize("account", NONE_OF_ANYBODY, ids=repr)
async def test_what_is_no_account_hinders_no_sale(known, account):
    """Wrong: a terminal that answers nonsense closes the shop, or a card number is kept (P9)."""
    async with known.running() as loop:
        await basket(loop)
        shown = await loop.ask(commands.AddTender(SALE, card(account)))
        [left] = shown.left_out
        assert "payment_account_reference" == left.field
        assert left.remedy
        assert PAN not in repr(shown)
        await loop.ask(commands.CompleteSale(SALE))
    assert [] == await accounts(known)
    assert not on_disk(known, PAN)
    assert [SaleCompleted] == [type(body) for body in await facts(known, "sales")]


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["cash", "points", "gift_card"])
async def test_what_is_paid_by_no_card_has_no_account(known, kind):
    """Wrong: somebody is known by an account that was never used."""
    async with known.running() as loop:
        found = judged(loop.desk, TenderRequest(kind=kind, amount=1, payment_account_reference=PAR))
    assert (None, f"{kind} comes from no payment account") == (
        found.reference,
        found.left_out[0].reason,
    )


@pytest.mark.asyncio
async def test_a_tender_taken_back_takes_its_account_along(known):
    """Wrong: whose card was declined is known by the card of who paid for them, or for nobody."""
    async with known.running() as loop:
        await basket(loop)
        await loop.ask(commands.AddTender(SALE, card(PAR, 500)))
        await loop.ask(commands.AddTender(SALE, card(VISA_PAR, 499)))
        await loop.ask(commands.RemoveTender(SALE, 1))
        await loop.ask(commands.AddTender(SALE, card(amount=500)))
        await loop.ask(commands.CompleteSale(SALE))
    [kept] = await accounts(known)
    assert VISA_PAR == opening(PRIVATE)(kept).reference


@pytest.mark.asyncio
async def test_of_nobody_known_and_without_hqs_key_nothing_is_kept(shop):
    """Wrong: who wants to stay unknown is followed from sale to sale by their card."""
    async with shop.running() as loop:
        await basket(loop)
        await loop.ask(commands.AddTender(SALE, card(PAR)))
        await loop.ask(commands.CompleteSale(SALE))
        assert not on_disk(shop, PAR)
        shop.directory.take_keys([MASTER.key("global", 1)], PUBLIC)
        await loop.ask(commands.OpenSale(OTHER))
        await loop.ask(commands.AddLine(OTHER, LineRequest(gtin=SOCKS.gtins[0])))
        await loop.ask(commands.AddTender(OTHER, card(PAR)))
        await loop.ask(commands.CompleteSale(OTHER))
    assert [] == await accounts(shop)


@pytest.mark.asyncio
async def test_a_disk_for_sales_alone_keeps_the_sale(known, monkeypatch):
    """Wrong: evidence of who somebody may be takes the room of what they paid."""
    async with known.running() as loop:
        await basket(loop)
        await loop.ask(commands.AddTender(SALE, card(PAR)))
        short = replace(known.journal.space.verdict(), level=Level.SALES_ONLY)
        monkeypatch.setattr(known.journal.space, "verdict", lambda: short)
        await loop.ask(commands.CompleteSale(SALE))
    assert [] == await accounts(known)


def whole_sale(*tenders):
    return ExternalSale(lines=(LINE,), tenders=tenders, party_id=ADA, total=999)


@pytest.mark.asyncio
async def test_a_whole_sale_tells_its_accounts(known):
    """Wrong: where POS software keeps the basket, no payment says who the customer may be."""
    asked = whole_sale(card(PAR, 500), card(VISA_PAR, 300), card(amount=199))
    async with known.running(POS) as loop:
        done = await loop.ask(commands.RecordSale(SALE, asked))
        assert done == await loop.ask(commands.RecordSale(SALE, asked))
    kept = await accounts(known, "pos")
    assert [(1, PAR), (2, VISA_PAR)] == [
        (each.tender, opening(PRIVATE)(each).reference) for each in kept
    ]
    assert not on_disk(known, PAR, VISA_PAR)


@pytest.mark.asyncio
@pytest.mark.parametrize("account", NONE_OF_ANYBODY, ids=repr)
async def test_a_whole_sale_is_kept_whatever_its_account_is(known, account):
    """Wrong: a sale that has happened is lost over a terminal's answer; or nobody hears of it."""
    asked = whole_sale(card(amount=500), card(account, 499))
    async with known.running(POS) as loop:
        done = await loop.ask(commands.RecordSale(SALE, asked))
        assert done == await loop.ask(commands.RecordSale(SALE, asked))
    assert ["tenders[1].payment_account_reference"] == [each.field for each in done.left_out]
    assert PAN not in repr(done)
    assert [] == await accounts(known, "pos")
    assert not on_disk(known, PAN)
    masked = [
        each for each in await facts(known, till="pos") if isinstance(each, CardNumbersMasked)
    ]
    has_number = isinstance(account, str) and PAN in account
    assert has_number == bool(masked)


@pytest.mark.asyncio
async def test_a_tender_named_twice_comes_from_one_account(known):
    """Wrong: a tender that counts once has two accounts."""
    asked = whole_sale(card(PAR, tender_id="t"), card(VISA_PAR, tender_id="t"))
    async with known.running(POS) as loop:
        await loop.ask(commands.RecordSale(SALE, asked))
    [kept] = await accounts(known, "pos")
    assert PAR == opening(PRIVATE)(kept).reference
