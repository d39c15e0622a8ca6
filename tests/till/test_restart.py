"""Starting again after a crash: what the till knew is back, and nothing half-done is done."""

from __future__ import annotations

import asyncio

import pytest
from pysqlite3 import dbapi2

from agent.core.entries.bodies import CashierSigned, CashMoved, PartyEnrolled
from agent.core.faults import UnavailableFault
from agent.core.identifiers import SaleId
from agent.core.quantities import Minor
from agent.core.sale.model import Stamp
from agent.journal import JournalDamaged, chains
from agent.journal.checking import check_chains, require_intact
from agent.journal.pacing import Pace
from agent.journal.preparation import LINKS_CHECKED
from agent.till import commands
from agent.till.requests import EnrolRequest, IdentifyRequest, LineRequest, TenderRequest

SALE = SaleId("019a2222-0000-7000-8000-000000000001")
PARKED = SaleId("019a2222-0000-7000-8000-000000000002")
STAMP = Stamp(wall="2026-07-28T10:00:00.000Z", mono_ns=1, boot_id="boot")
NEW = "019a0000-0000-7000-8000-0000000000e0"


@pytest.mark.asyncio
async def test_baskets_cashier_and_day_are_back(shop):
    """A power cut in the middle of a big basket would mean scanning all of it again."""
    async with shop.running() as loop:
        await loop.ask(commands.SignOn("eva"))
        await loop.ask(commands.OpenTill(Minor(5000)))
        await loop.ask(commands.OpenSale(PARKED))
        await loop.ask(commands.AddLine(PARKED, LineRequest(item_id="socks")))
        await loop.ask(commands.ParkSale(PARKED))
        await loop.ask(commands.OpenSale(SALE))
        before = await loop.ask(commands.AddLine(SALE, LineRequest(item_id="coffee")))
    shop.close()
    shop.open()
    async with shop.running() as loop:
        view = await loop.view()
        assert view.actor == "eva"
        assert view.opened is True
        assert view.sale.sale == before.sale
        assert [sale.sale_id for sale in view.parked] == [PARKED]
        tender = TenderRequest(kind="cash", amount=Minor(499))
        await loop.ask(commands.AddTender(SALE, tender))
        done = await loop.ask(commands.CompleteSale(SALE))
    shop.close()
    shop.open()
    async with shop.running() as loop:
        assert (await loop.view()).sale is None
        assert (await loop.view()).last == done
        assert await loop.ask(commands.CompleteSale(SALE)) == done


@pytest.mark.asyncio
@pytest.mark.parametrize("lane", ["sales", "side"])
async def test_an_old_entry_that_is_torn_does_not_keep_the_shop_closed(shop, lane):
    """What the start's short check does not reach would end every start, and nobody could sell."""
    async with shop.running() as loop:
        await loop.ask(commands.SignOn("eva"))
        await loop.ask(commands.OpenTill(Minor(5000)))
        await shop.journal.write(lambda conn: append_many(conn, lane))
    shop.close()
    tear(shop.folder / "journal.db", lane)
    shop.open()
    async with shop.running() as loop:
        assert (await loop.view()).actor == "eva"
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(commands.AddLine(SALE, LineRequest(item_id="coffee")))
        await loop.ask(commands.AddTender(SALE, TenderRequest(kind="cash", amount=Minor(499))))
        assert (await loop.ask(commands.CompleteSale(SALE))).receipt_no
    pace = Pace()
    with pytest.raises(JournalDamaged) as caught:
        require_intact(shop.journal.path, check_chains(shop.journal.path, pace))
    assert "journal salvage" in caught.value.remedy


def append_many(conn, lane):
    """Append more than a start checks."""
    for number in range(LINKS_CHECKED + 5):
        body = (
            CashierSigned(actor="eva", store="s1", till="till-1", at=STAMP)
            if lane == "side"
            else CashMoved(
                cash_id=f"c{number}",
                store="s1",
                till="till-1",
                business_date="2026-07-28",
                at=STAMP,
                amount=Minor(1),
                currency="EUR",
                reason="float",
            )
        )
        chains.append(conn, "till-1", body, salt=bytes(16), lane=lane)


def tear(path, lane):
    """Overwrite an early entry, as a disk does that no longer keeps what it was given."""
    conn = dbapi2.connect(str(path), isolation_level=None)
    named = "SELECT sql FROM sqlite_schema WHERE name = 'body_no_update'"
    guard = conn.execute(named).fetchone()[0]
    conn.execute("DROP TRIGGER body_no_update")
    conn.execute(
        "UPDATE body SET bytes = CAST(x'00' || substr(bytes, 2) AS BLOB) WHERE place ="
        " (SELECT (no << 40) + 3 FROM journal WHERE lane = ?)",
        (lane,),
    )
    assert 1 == conn.execute("SELECT changes()").fetchone()[0]
    conn.execute(guard)
    conn.close()


@pytest.mark.asyncio
async def test_an_enrolment_survives_the_loss_of_the_directory(shop):
    """A customer enrolled offline would be a stranger after a restart."""
    async with shop.running() as loop:
        made = await loop.ask(commands.Enrol(EnrolRequest(name="Grace Example", party_id=NEW)))
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(commands.SetCustomer(SALE, NEW))
        await loop.ask(commands.AddLine(SALE, LineRequest(item_id="coffee")))
        await loop.ask(commands.AddTender(SALE, TenderRequest(kind="cash", amount=Minor(499))))
        done = await loop.ask(commands.CompleteSale(SALE))
    shop.close()
    for file in shop.folder.glob("directory.db*"):
        file.unlink()
    shop.open()
    async with shop.running() as loop:
        found = await loop.ask(commands.Identify(IdentifyRequest(scan=made.card)))
        assert found.party_id == NEW
        assert found.card.name == "Grace Example"
        assert [each.ref for each in found.card.last] == [done.receipt_no]
        again = await loop.ask(commands.Enrol(EnrolRequest(name="Grace Example", party_id=NEW)))
        assert again == made


@pytest.mark.asyncio
async def test_a_customer_nobody_can_read_does_not_keep_the_shop_closed(shop):
    """One record of a broken program in the till's journal would end every start of it."""
    junk = "\N{PILE OF POO}\x07%s" * 40
    fields = {"phone": junk, "email": junk, "card": junk, "postcode": junk}
    record = PartyEnrolled(NEW, "s1", "till-1", Stamp(junk, -1, junk), junk, **fields)
    salt = bytes(16)
    await shop.journal.write(lambda conn: chains.append(conn, "till-1", record, salt=salt))
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(commands.SetCustomer(SALE, NEW))
        await loop.ask(commands.AddLine(SALE, LineRequest(item_id="coffee")))
        await loop.ask(commands.AddTender(SALE, TenderRequest(kind="cash", amount=Minor(499))))
        assert (await loop.ask(commands.CompleteSale(SALE))).receipt_no


@pytest.mark.asyncio
async def test_who_waits_while_the_till_stops_is_told(shop):
    """A request would hang for ever while the agent is restarted."""
    async with shop.running() as loop:
        asked = [asyncio.create_task(loop.ask(commands.TypedScan("x"))) for _ in range(20)]
        await asyncio.sleep(0)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(each, UnavailableFault) for each in answers[5:])


@pytest.mark.asyncio
async def test_the_loop_turns_while_nobody_asks(shop):
    """The watchdog would restart a till that merely has no customers."""
    async with shop.running() as loop:
        before = loop.turned_at
        await asyncio.sleep(1.2)
        assert loop.turned_at > before
