"""Somebody is erased while a till is away: the proof waits for it, and no byte stays anywhere."""

from __future__ import annotations

import asyncio
import base64
import random
from pathlib import Path

import httpx
import pytest
import zstandard

from agent.core.privacy import keys_of, stretch, token
from agent.core.recognition import name_postcode
from agent.core.recognition.means import Identifier, IdentifierType
from agent.daemon.demo.shop import new_id
from central.channels.imports import import_customers, import_items
from central.intake.root_key import RootKey, master_of
from tests.journeys.chain_hq import TILL, Headquarters
from tests.journeys.chain_shops import GTINS, Shop, bring_up
from tests.journeys.waiting import until_equal

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800), pytest.mark.asyncio]
"""Of a machine that does other work; nothing here is measured."""
ITEMS = 2_100
"""So many that the chain's scope is given to new tills as a file."""
NAME, ADDRESS, POSTCODE = "Wilhelmina Ostrowski", "Mühlengasse 17a", "54321"
EMAIL, PHONE, CARD = "w.ostrowski@example.org", "+491715550199", "LC0041061059"
NATIONAL = "0171 5550199"
ACCOUNT = "V0010013021267404810320240710"
"""The account behind their bank card (PAR)."""
CLEAR = (NAME, "Ostrowski", ADDRESS, EMAIL, PHONE, PHONE[3:], NATIONAL, CARD, CARD[2:], ACCOUNT)
ITEM_COLUMNS = "item_id,name,department,tax,gtin,reference,unit,price,valid_from,valid_until\n"
CUSTOMERS = "source_id,name,card,phone,email,postcode,country,tier,points,consents\n"
ROW = f"crm-77,{NAME},{CARD},{NATIONAL},{EMAIL},{POSTCODE},DE,Gold,10,marketing/email=yes\n"
PRINTER = """
[[device]]
id = "receipt"
kind = "printer"
model = "generic-80mm"
address = "tcp:127.0.0.1:9"
"""
"""Nobody is there: what is to be printed waits at the till."""


def traces(hq):
    """Give what must be found nowhere: words of the person, and what tills know them by."""
    master = master_of(RootKey.open(hq.state / "root.key"))
    known_by = [
        Identifier(IdentifierType.EMAIL, EMAIL),
        Identifier(IdentifierType.PHONE, PHONE),
        Identifier(IdentifierType.LOYALTY_CARD, CARD),
        Identifier(IdentifierType.PAR, ACCOUNT),
        name_postcode.key(NAME, POSTCODE),
    ]
    found = {f"the words {each!r}": each.encode() for each in CLEAR}
    found |= {f"{each!r} in UTF-16": each.encode("utf-16-le") for each in CLEAR}
    for one in known_by:
        stretched = stretch(one, master.pepper, master.stretching)
        found[f"the stretch of a {one.type}"] = stretched
        found[f"the fingerprint of a {one.type}"] = master.fingerprint(one).encode()
        for scope in ("global", "store:store-0001", "store:store-0002"):
            made = token(keys_of(master.key(scope, 1)), stretched)
            found[f"the token of a {one.type} in {scope}"] = made
            found[f"the token of a {one.type} in {scope}, hexadecimal"] = made.hex().encode()
            found[f"the token of a {one.type} in {scope}, base64"] = base64.b64encode(made)
    return found


def contents(place):
    """Read every file under a place; the pieces of a snapshot are put together and unpacked."""
    for path in sorted(Path(place).rglob("*")):
        try:
            if path.is_file():
                yield path, path.read_bytes()
                if path.name == "0" and path.parent.parent.name == "snapshots":
                    yield path.parent, unpacked(path.parent)
        except FileNotFoundError:
            continue  # A file of a program that runs: a log that was emptied, a snapshot.


def unpacked(folder):
    pieces = sorted(
        (each for each in folder.iterdir() if each.name.isdigit()), key=lambda p: int(p.name)
    )
    packed = b"".join(each.read_bytes() for each in pieces)
    return zstandard.ZstdDecompressor().decompressobj().decompress(packed)


def hits(wanted, *places):
    """List what is found in which file."""
    return sorted(
        f"{what}: {path}"
        for place in places
        for path, content in contents(place)
        for what, trace in wanted.items()
        if trace in content
    )


async def bought(shop):
    """Have the person buy something by bank card; gives the answer to the completed sale."""
    path = f"/v1/sales/{new_id()}"
    known = await shop.ask("POST", "/v1/identify", {"type": "email", "value": EMAIL})
    await shop.ask("POST", f"/v1/tills/{TILL}/sales", {"sale_id": path.rpartition("/")[2]})
    await shop.ask("PUT", f"{path}/customer", {"party_id": known["party_id"]})
    view = await shop.ask("POST", f"{path}/lines", {"gtin": GTINS[0], "line_id": new_id()})
    card = {"kind": "card", "amount": view["totals"]["due"], "tender_id": new_id()}
    paid = await shop.ask("POST", f"{path}/tenders", card | {"payment_account_reference": ACCOUNT})
    assert [] == paid["left_out"]
    return await shop.ask("POST", f"{path}/complete", {})


async def knows(shop, kind="email", value=EMAIL):
    return (await shop.ask("POST", "/v1/identify", {"type": kind, "value": value}))["answer"]


async def known_by_account(shop):
    """Say whom the account names, and how much it is worth."""
    found = await shop.ask("POST", "/v1/identify", {"type": "par", "value": ACCOUNT})
    return found["answer"], found["party_id"], found["strength"]


async def founded(hq, directory):
    """Make HQ with the person imported, and so many items that its feed is given as a file."""
    await hq.found()
    items = directory / "items.csv"
    lines = [f"more-{n},Item {n},More,standard,,,each,1.00,,\n" for n in range(ITEMS)]
    items.write_text(ITEM_COLUMNS + "".join(lines))
    people = directory / "people.csv"
    people.write_text(CUSTOMERS + ROW)
    await hq.import_(import_items, items)
    await hq.import_(import_customers, people)
    people.unlink()
    await hq.program.start()


async def lived(hq, party_id):
    """Leave something of every kind at HQ: orders, answers, notes, tasks, what nobody could use."""
    party = {"name": NAME, "email": EMAIL.upper(), "phone": NATIONAL, "postcode": POSTCODE}
    order = {"order_no": "W-77", "total": 399, "currency": "EUR"}
    order["lines"] = [{"name": "Tea", "quantity": 1, "amount": 399}]
    event = {"event_id": "e-1", "type": "order.placed", "occurred_at": "2026-11-01T10:00:00Z"}
    await hq.tell([event | {"party": party, "order": order}])
    done = {"event_id": "e-2", "type": "order.delivered", "occurred_at": "2026-11-02T10:00:00Z"}
    await hq.tell([done | {"order": {"order_no": "W-77"}}])
    await hq.tell([event | {"event_id": "e-3", "occurred_at": "never", "party": party}])
    who = f"/v1/parties/{party_id}"
    await hq.ask("POST", f"{who}/notes", {"text": f"{NAME} moved to {ADDRESS}", "actor": "eva"})
    await hq.ask("POST", f"{who}/tasks", {"text": f"call {NATIONAL}", "actor": "eva"})
    no = {"purpose": "marketing", "state": "refused", "contact": "email", "operator": "eva"}
    await hq.ask("POST", f"{who}/consents", no)
    await hq.page(f"/customers?q={EMAIL}")


async def test_nothing_is_left_of_an_erased_person(tmp_path):
    """An address would be read off a disk, or a till that was away greet who is long erased."""
    async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
        hq = Headquarters(tmp_path, client)
        shops = [Shop(tmp_path, f"store-{n:04d}", hq.url, client, random.Random(n)) for n in (1, 2)]
        for shop in shops:
            text = shop.config.read_text() + 'printer = "receipt"\n' + PRINTER
            shop.config.write_text(text)
        try:
            await founded(hq, tmp_path)
            for shop in shops:
                await bring_up(hq, shop)
            await journey(hq, shops, tmp_path)
        finally:
            await asyncio.gather(*(shop.stop() for shop in shops))
            await hq.program.stop()


async def journey(hq, shops, tmp_path):
    here, away = shops
    wanted = traces(hq)
    for shop in shops:
        await until_equal(lambda shop=shop: knows(shop), "found")
    party_id = (await here.ask("POST", "/v1/identify", {"type": "email", "value": EMAIL}))[
        "party_id"
    ]
    sale = await bought(here)
    await lived(hq, party_id)
    note = {"text": f"{NAME}, {ADDRESS}, asked for a parcel"}
    await here.ask("POST", f"/v1/parties/{party_id}/notes", note)
    for shop in shops:
        await shop.in_step()
    # Seen with the person in one store, the account names them in the other, weakly.
    await until_equal(lambda: known_by_account(away), ("found", party_id, "weak"))
    assert [] == hits({"the account": ACCOUNT.encode()}, here.directory, away.directory)
    backup = await hq.said("backup", str(tmp_path / "backups"))
    # The shop's line is cut; the person buys there, and it is not heard of for three days.
    await hq.program.stop()
    unheard = await bought(away)
    await away.stop()
    await hq.program.start()
    places = (hq.state, hq.directory / "till-central.log", here.directory, tmp_path / "exports")
    before = hits(wanted, hq.state, here.directory, away.directory)
    assert {"central.sqlite", "directory.db"} <= {each.rpartition("/")[2] for each in before}
    assert any("/snapshots/" in each for each in before), before

    asked = {"verified_by": ["passport"], "operator": "eva"}
    told = (await hq.ask("POST", f"/v1/parties/{party_id}/erase", asked))["proof"]
    request_id = told["request_id"]

    async def states():
        proof = (await hq.ask("GET", f"/v1/erasures/{request_id}"))["proof"]
        return {each["replica_id"]: each["state"] for each in proof["replicas"]}

    waited = {"hq": "done", "store-0001/till-1": "done", "store-0002/till-1": "pending"}
    waited |= {"web": "pending", f"backup {backup['backup_id']}": "ages_out"}
    await until_equal(states, waited)
    await until_equal(lambda: knows(here), "unknown")
    await until_equal(lambda: knows(here, "par", ACCOUNT), "unknown")
    await hq.run("export", "all", "--out", str(tmp_path / "exports"))
    await until_equal(lambda: asyncio.to_thread(lambda: hits(wanted, *places)), [])

    await away.start()
    await until_equal(lambda: knows(away), "unknown")
    await until_equal(states, waited | {"store-0002/till-1": "done"})
    await until_equal(lambda: asyncio.to_thread(lambda: hits(wanted, *places, away.directory)), [])
    word = {"replica_id": "web", "reason": "told by hand, ticket 7", "actor": "eva"}
    await hq.ask("POST", f"/v1/erasures/{request_id}/excuses", word)
    proof = (await hq.ask("GET", f"/v1/erasures/{request_id}"))["proof"]
    assert proof["complete"]
    kept = {each["data_class"]: each for each in proof["kept"]}
    assert {"sale", "consent"} <= set(kept)
    assert all(each["law"] and each["reason"] for each in proof["kept"])
    await chains_hold(hq, shops, {sale["receipt_no"], unheard["receipt_no"]}, tmp_path)
    assert hits(wanted, tmp_path / "backups"), "a backup of before holds the person, as it says"


async def chains_hold(hq, shops, receipts, tmp_path):
    """The books are whole: at HQ and at each till, and both sales are in them."""
    assert (await hq.said("ledger", "verify"))["ok"]
    for shop in shops:
        assert [] == [each for each in await shop.said("journal", "verify") if not each["ok"]]
    rows = await hq.sales(tmp_path / "sales.json")
    assert receipts <= {row["receipt_no"] for row in rows}
