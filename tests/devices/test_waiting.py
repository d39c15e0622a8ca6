"""A receipt that waited too long is asked about; it never comes out by itself (R6)."""

from __future__ import annotations

import asyncio

import pytest

from agent.core.identifiers import DeviceId, PrintId
from agent.core.sale.model import Stamp
from agent.devices import Handed
from agent.devices.waiting import left_s, waited_s
from agent.journal.prints import PrintJob, set_state
from drivers.printers.escpos import EscPosPrinter
from drivers.printers.models import MODELS
from drivers.transports.tcp import TcpTransport
from drivers.virtual.printer import VirtualPrinter

PRINTER = DeviceId("receipt")
HOUR = 3600


def over_tcp(peer):
    return EscPosPrinter(TcpTransport("127.0.0.1", peer.port), MODELS["generic-80mm"])


def job(asked_s, boot, created="2026-01-01T10:00:00.000Z"):
    return PrintJob(
        print_id=PrintId("a"),
        till="till-1",
        device=PRINTER,
        kind="document",
        payload=None,
        digest="",
        state="queued",
        reason="",
        sale_id=None,
        copy=False,
        created=created,
        updated=created,
        asked_ns=asked_s * 10**9,
        asked_boot=boot,
    )


@pytest.mark.parametrize(
    ("waiting", "wall", "boot", "waited"),
    [
        (job(100, "a"), "2026-01-01T10:00:00.000Z", "a", 900),
        (job(100, "a"), "2099-01-01T10:00:00.000Z", "a", 900),
        (job(100, "a"), "1970-01-01T00:00:00.000Z", "a", 900),
        (job(2000, "a"), "2026-01-01T10:00:00.000Z", "a", 0),
        (job(100, "a"), "2026-01-01T12:00:00.000Z", "b", 2 * HOUR),
        (job(100, ""), "2026-01-01T12:00:00.000Z", "", 2 * HOUR),
        (job(100, "a"), "1970-01-01T00:00:00.000Z", "b", None),
        (job(100, "a", created="then"), "2026-01-01T10:00:00.000Z", "b", None),
    ],
)
def test_no_clock_that_can_be_set_decides_within_a_boot(waiting, wall, boot, waited):
    """A clock set right in the middle of a queue would throw receipts away, or keep old ones."""
    now = Stamp(wall, 1000 * 10**9, boot)
    assert waited == waited_s(waiting, now)
    assert (0 if waited is None else max(0, HOUR - waited)) == left_s(waiting, now, HOUR)


@pytest.mark.asyncio
async def test_old_receipts_are_asked_about(desk):
    """After a night without paper the printer would spit out yesterday's receipts."""
    old = Stamp("1970-01-01T00:00:00.000Z", -2 * HOUR * 10**9, "boot")
    await desk.put("old", stamp=old)
    await desk.put("before-a-reboot", stamp=Stamp("2099-01-01T00:00:00.000Z", 0, "another"))
    await desk.put("new")
    async with VirtualPrinter() as peer:
        async with desk.running(printers={PRINTER: over_tcp(peer)}, print_within_s=HOUR):
            asked = await desk.told({"print_id": "old", "state": "expired"})
            await desk.told({"print_id": "before-a-reboot", "state": "expired", "ask": True})
            await desk.told({"print_id": "new", "state": "confirmed"})
        assert 1 == len(peer.receipts)
    assert (True, "for 120 minutes") == (asked["ask"], asked["reason"][14:29])
    assert None is not (await desk.job("old")).payload


@pytest.mark.asyncio
async def test_a_held_receipt_grows_too_old_by_itself(desk):
    """A receipt held at noon would come out in the evening, for nobody."""
    async with VirtualPrinter() as peer:
        peer.cover_open = True
        async with desk.running(printers={PRINTER: over_tcp(peer)}, print_within_s=0.5):
            mono_ns = desk.clock.stamp().mono_ns
            desk.clock.stamp = lambda: Stamp("1970-01-01T00:00:00.000Z", mono_ns, "boot")
            await desk.put("a")
            await desk.told({"print_id": "a", "state": "held"})
            desk.clock.stamp = lambda: Stamp("1970-01-01T00:00:00.000Z", 10**9, "boot")
            await desk.told({"print_id": "a", "state": "expired"}, timeout_s=15)
            peer.cover_open = False
            await asyncio.sleep(1.5)
        assert 0 == len(peer.receipts)


@pytest.mark.asyncio
async def test_the_jobs_of_a_printer_that_is_taken_away(desk):
    """Its receipts would lie in a queue nobody works off, and nobody would ask for them."""
    await desk.put("a", device=DeviceId("old"))
    await desk.put("b", device=DeviceId("old"))
    await desk.move("b", "sending")
    await desk.put("kick", device=DeviceId("old"), kind="drawer")
    async with desk.running():
        told = await desk.told({"print_id": "a", "state": "expired"})
        await desk.told({"print_id": "b", "state": "uncertain"})
        await desk.told({"print_id": "kick", "state": "expired"})
    assert "not in the settings any more" in told["reason"]


@pytest.mark.asyncio
async def test_a_job_that_was_settled_meanwhile_is_left_alone(desk):
    """What a person has dropped would be printed all the same."""
    async with VirtualPrinter() as peer:
        peer.paper_empty = True
        async with desk.running(printers={PRINTER: over_tcp(peer)}) as devices:
            await desk.put("a")
            await desk.told({"print_id": "a", "state": "held"})
            await desk.move("a", "failed")
            await desk.put("b")
            await desk.told({"print_id": "b", "state": "held"})
            peer.paper_empty = False
            await desk.told({"print_id": "b", "state": "confirmed"})
            assert {"jobs": 1} == {
                name: count
                for name, count in devices.status()[0].counters.items()
                if name == "jobs"
            }
        assert 1 == len(peer.receipts)


@pytest.mark.asyncio
async def test_a_job_that_is_settled_in_the_last_moment(desk):
    """The printer would print what a person has just dropped, or stop for ever over it."""
    held = asyncio.Event()
    original = desk._receipt

    def dropped_meanwhile(conn, sale_id, copy):
        desk.journal.write_blocking(
            lambda writing: set_state(writing, PrintId("a"), "failed", at="now")
        )
        held.set()
        return original(conn, sale_id, copy)

    desk._receipt = dropped_meanwhile
    async with VirtualPrinter() as peer:
        async with desk.running(printers={PRINTER: over_tcp(peer)}):
            await desk.put("a", kind="receipt", sale_id="sold")
            await desk.put("b")
            await desk.told({"print_id": "b", "state": "confirmed"})
            assert held.is_set()
        assert ["failed", "confirmed"] == await desk.states("a", "b")
        assert 1 == len(peer.receipts)


def test_a_device_is_the_same_whatever_driver_was_made_for_it():
    """Each reading of the settings would touch every device of the shop."""
    one = Handed(PRINTER, "printer", object(), settings={"model": "a"})
    assert one.same_as(Handed(PRINTER, "printer", object(), settings={"model": "a"}))
    assert not one.same_as(Handed(PRINTER, "printer", object(), settings={"model": "b"}))
