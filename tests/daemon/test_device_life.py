"""One machine's life at a real HQ: a new key, other hardware, a disk that is to be copied."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import closing

import pytest
from pysqlite3 import dbapi2

from agent.core.entries.bodies import CashierSigned, CashMoved
from agent.core.entries.canonical import decode
from agent.core.sale.model import Stamp
from agent.daemon.files import opened_journal
from agent.journal import chains
from agent.settings import load

pytestmark = pytest.mark.long


def key_of(shop) -> bytes:
    return (shop.state / "device.key").read_bytes()


def test_a_key_is_renewed_with_and_without_a_daemon(shop, code, daemon):
    """Sync would end at the first renewal, or the key last as long as the machine."""
    assert shop.run("renew-key").code == 1
    assert shop.run("enrol", code()).code == 0
    first = key_of(shop)
    alone = shop.run("renew-key", "--json")
    assert (alone.code, alone.json["tills"]) == (0, ["till-1"])
    second = key_of(shop)
    with daemon():
        beside = shop.run("renew-key")
        assert (beside.code, beside.err) == (0, "")
        assert "till-1: the device key is" in beside.out
    third = key_of(shop)
    assert len({first, second, third}) == 3
    assert not (shop.state / "device.key.next").exists()
    with daemon():
        assert shop.run("status").code == 0


def test_a_renewal_cut_off_before_the_swap_is_finished_at_the_next_start(shop, code):
    """A power cut in the wrong moment would leave a shop that cannot open its journal."""
    assert shop.run("enrol", code()).code == 0
    old = key_of(shop)
    assert shop.run("renew-key").code == 0
    new = key_of(shop)
    (shop.state / "device.key.next").write_bytes(new)
    (shop.state / "device.key.next").chmod(0o600)
    (shop.state / "device.key").write_bytes(old)
    assert shop.run("enrol", code()).code == 0
    assert new == key_of(shop)


def test_other_hardware_is_one_command(shop, code, tmp_path):
    """A swap would need a call to HQ's IT, or nobody would know what the old disk still holds."""
    assert shop.run("enrol", code()).code == 0
    shutil.move(shop.state, tmp_path / "old-disk")
    shop.state.mkdir(mode=0o700)
    swapped = shop.run("enrol", code())
    assert (swapped.code, swapped.err) == (0, "")
    for words in (
        "another machine stood at till-1 before",
        "sales",
        "HQ holds all 0 entries",
        "till-agent journal export",
        "till-central import-journal",
    ):
        assert words in swapped.out


def sign_on(shop) -> None:
    """Write one entry as the daemon would, which does not run."""
    settings = load(shop.config)
    with opened_journal(settings) as (journal, _):
        stamp = Stamp(wall="2026-01-01T00:00:00.000Z", mono_ns=1, boot_id="")
        body = CashierSigned(actor="ada", store="store-0001", till="till-1", at=stamp)
        journal.write_blocking(lambda conn: chains.append(conn, "till-1", body, salt=bytes(16)))


def until_sent(shop) -> None:
    """Ask until HQ has everything."""
    for _ in range(900):
        if shop.run("status", "--unsent").out.strip() == "0":
            return
        time.sleep(0.1)
    raise AssertionError(shop.run("status").out)


def test_a_disk_is_sealed_before_it_is_copied(shop, code, daemon):
    """Every copy would be the same machine, or an entry be thrown away with the key."""
    assert shop.run("setup", "--seal-image").code == 0
    assert shop.run("enrol", code()).code == 0
    sign_on(shop)
    refused = shop.run("setup", "--seal-image")
    assert (refused.code, "does not hold 1 entries" in refused.err) == (1, True)
    first = key_of(shop)
    with daemon():
        running = shop.run("setup", "--seal-image")
        assert (running.code, "→" in running.err) == (1, True)
        until_sent(shop)
    assert first == key_of(shop)
    sealed = shop.run("setup", "--seal-image")
    assert (sealed.code, sealed.err) == (0, "")
    assert "till-agent enrol CODE" in sealed.out
    assert {path.suffix for path in shop.state.iterdir()} <= {".lock"}
    swapped = shop.run("enrol", code())
    assert "HQ holds all 1 entries" in swapped.out
    assert first != key_of(shop)


CARRIED, CASH = 201, 11


def put_in(shop, *cash_ids) -> None:
    """Pay cash in, as the daemon would, which does not run."""
    stamp = Stamp(wall="2026-01-01T00:00:00.000Z", mono_ns=1, boot_id="")
    with opened_journal(load(shop.config)) as (journal, _):
        for cash_id in cash_ids:
            body = CashMoved(
                cash_id=cash_id,
                store="store-0001",
                till="till-1",
                business_date="2026-01-01",
                at=stamp,
                amount=100,
                currency="EUR",
                reason="float",
            )
            salt = cash_id.encode().ljust(16, b"-")[:16]
            journal.write_blocking(
                lambda conn, body=body, salt=salt: chains.append(conn, "till-1", body, salt=salt)
            )


def cash_at_hq(directory) -> list[str]:
    """List the ids of the cash movements HQ holds, in whichever journal they came."""
    with closing(
        dbapi2.connect(f"file:{directory}/hq/state/central.sqlite?mode=ro", uri=True)
    ) as hq:
        rows = hq.execute(
            "SELECT DISTINCT c.journal_id, c.seq, c.kind, c.version, b.body FROM chain c"
            " JOIN body b ON b.journal_id = c.journal_id AND b.seq = c.seq"
            " WHERE c.kind IN (?, ?)",
            (CARRIED, CASH),
        ).fetchall()
    bodies = [decode(kind, version, body) for _, _, kind, version, body in rows]
    inner = [json.loads(body.body) if hasattr(body, "body") else None for body in bodies]
    own = [body.cash_id for body in bodies if isinstance(body, CashMoved)]
    return own + [body["cash_id"] for body in inner if body and "cash_id" in body]


def until_at_hq(directory, wanted) -> list[str]:
    for _ in range(900):
        if wanted <= set(found := cash_at_hq(directory)):
            return found
        time.sleep(0.1)
    raise AssertionError((wanted, found))


@pytest.mark.timeout(300)
def test_both_machines_of_a_copied_disk_report_everything(shop, central, code, program, tmp_path):
    """The sales of one machine would be missing, or wait until somebody comes (P3, P6)."""
    assert shop.run("enrol", code()).code == 0
    put_in(shop, "before-1", "before-2")
    with program(shop.command("run"), shop.directory):
        until_sent(shop)
    other = type(shop)(_directory(tmp_path / "other"))
    other.write(hq=shop.hq.partition('"')[2].rstrip('"'))
    shutil.rmtree(other.state)
    shutil.copytree(shop.state, other.state)
    put_in(shop, "one-1", "one-2")
    put_in(other, "two-1")
    with (
        program(shop.command("run"), shop.directory),
        program(other.command("run"), other.directory),
    ):
        wanted = {"before-1", "before-2", "one-1", "one-2", "two-1"}
        until_at_hq(tmp_path, wanted)
        for machine in (shop, other):
            until_sent(machine)
        told = [machine.run("status").out for machine in (shop, other)]
    assert any("goes on from" in words and "fork" in words for words in told)
    history = json.loads(central("status", "--json"))
    assert "fork" in json.dumps(history) or history
    assert wanted == set(cash_at_hq(tmp_path))


def _directory(path):
    path.mkdir()
    return path


def erased(shop) -> dict[str, object]:
    """Give the last entries of `side` as the till shows them, by seq."""
    tail = shop.run("journal", "tail", "--json").json
    return {entry["seq"]: entry["body"] for entry in tail if entry["lane"] == "side"}


@pytest.mark.timeout(300)
def test_what_hq_orders_to_be_erased_is_gone_here_and_acknowledged(shop, central, code, daemon):
    """A person would stay on the till's disk, or HQ never know that they are gone (P9)."""
    assert shop.run("enrol", code()).code == 0
    sign_on(shop)
    journals = shop.run("status", "--json").json["journals"]
    side = next(one["journal_id"] for one in journals if one["lane"] == "side")
    with daemon():
        until_sent(shop)
        central("erase", f"{side}:1", "--reason", "she asked")
        for _ in range(900):
            if len(found := erased(shop)) == 2:
                break
            time.sleep(0.1)
        until_sent(shop)
    assert "erased_by" in found[1], found
    assert (found[2]["type"], found[2]["outcome"]) == ("order.received", "done")
