"""A real HQ and a real till: nobody reads the till's customers without what HQ gave it."""

from __future__ import annotations

import httpx
import msgspec
import pytest
from sqlalchemy import insert

from agent.core.exchange.granting import read_keys
from agent.core.exchange.wire import PartyRow
from agent.core.faults import Fault
from agent.core.history.model import Card
from agent.core.identifiers import PartyId
from agent.core.recognition import Found, Identifier, IdentifierType, Unknown
from agent.directory import Directory, Keyring
from central.feed.renewing import renew
from central.feed.sealing import STRETCHED_AT_ONCE
from central.ledger import key_tables
from central.ledger.engine import reading, writing
from central.ledger.key_tables import SCOPE_GENERATIONS, STRETCHES
from central.ledger.outbox import GLOBAL, Change, publish_many
from central.ledger.reaching import Reach, keep_reach
from tests.central.feed.test_snapshots_over_http import raw
from tests.sealed import MACHINE_KEY

pytestmark = [pytest.mark.asyncio, pytest.mark.both_databases]
PHONE = Identifier(IdentifierType.PHONE, "+49301234567")
ADA = PartyId("ada")


def tell(hq, *people):
    changes = []
    for name, identifiers in people:
        card = msgspec.Raw(msgspec.json.encode(Card(PartyId(name), f"{name} Lovelace")))
        row = PartyRow(card, tuple(identifiers))
        changes.append(Change(f"party:{name}", "put", msgspec.json.encode(row)))
    with writing(hq.engine) as conn:
        publish_many(conn, GLOBAL, changes)


@pytest.fixture
def directory(tmp_path):
    made = Directory.open(tmp_path / "directory.db", Keyring(MACHINE_KEY, tmp_path / "keys"))
    yield made
    made.close()


async def take(hq, till, link, directory):
    """Do as the agent does: the keys, then the feed to its end."""
    seed = till.key.private_bytes_raw()
    granted = read_keys(await link.keys(), till.public, seed, hq.root.verify)
    renewed = directory.take_keys(*granted)
    for scope in renewed:
        directory.reread(scope)
    pages = 0
    while True:
        page = await link.feed(GLOBAL, directory.cursor(GLOBAL), 0)
        directory.apply(GLOBAL, page)
        pages += 1
        if not page.more:
            return renewed, pages


async def test_a_customer_opens_with_hqs_key_and_by_their_phone(hq, directory, tmp_path):
    """Wrong: the till recognises nobody, or its disk tells who they are."""
    till, link = await hq.enrolled()
    tell(hq, ("ada", [PHONE]))
    await take(hq, till, link, directory)
    assert isinstance(directory.party(PHONE), Found)
    assert "ada Lovelace" == directory.card(ADA).name
    assert not directory.lacks_keys()
    reply = await raw(hq, till, f"/v1/feeds/{GLOBAL}")
    mine = [tmp_path / "keys", *tmp_path.glob("directory.db*")]
    told = reply.content + b"".join(each.read_bytes() for each in mine if each.is_file())
    assert not any(each in told for each in (b"Lovelace", b"301234567"))


async def test_without_keys_nothing_opens_and_nothing_breaks(hq, directory):
    """Wrong: a till whose keys have not come yet stops reading, or cannot sell."""
    _, link = await hq.enrolled()
    tell(hq, ("ada", [PHONE]))
    directory.apply(GLOBAL, await link.feed(GLOBAL, "", 0))
    assert isinstance(directory.party(PHONE), Unknown)
    assert (True, True) == (directory.lacks_keys(), directory.holds(ADA))
    assert directory.card(ADA) is None


async def test_a_new_generation_closes_what_was_stolen_before(hq, directory):
    """Wrong: who stole a till once reads what HQ tells the others ever after."""
    till, link = await hq.enrolled()
    tell(hq, ("ada", [PHONE]))
    await take(hq, till, link, directory)
    with writing(hq.engine) as conn:
        assert 2 == renew(conn, GLOBAL, now="", reason="till-2 was stolen")
    assert [1, 2] == _recent(hq)
    tell(hq, ("eve", []))
    changed = directory.apply(GLOBAL, await link.feed(GLOBAL, directory.cursor(GLOBAL), 0))
    assert ["rule:keys-global", "party:eve"] == changed
    assert directory.lacks_keys()
    assert isinstance(directory.party(PHONE), Found)
    renewed, _ = await take(hq, till, link, directory)
    assert ([GLOBAL], False) == (renewed, directory.lacks_keys())
    assert isinstance(directory.party(PHONE), Found)
    assert {2} == {
        row[0]
        for row in directory._conn.execute(
            "SELECT generation FROM generations JOIN people ON seal = generations.id"
        )
    }


def _recent(hq):
    with reading(hq.engine) as conn:
        return key_tables.recent(conn, GLOBAL)


async def test_many_new_identifiers_come_in_short_pages(hq, directory):
    """Wrong: a till that reads an import waits a minute for one page, and gives up."""
    till, link = await hq.enrolled()
    people = 2 * STRETCHED_AT_ONCE
    phones = [Identifier(IdentifierType.PHONE, f"+4930{n:07}") for n in range(people)]
    tell(hq, *((f"p{n}", [phone]) for n, phone in enumerate(phones)))
    _, pages = await take(hq, till, link, directory)
    assert 2 <= pages <= 4
    assert people == directory.counts()["parties"]
    assert isinstance(directory.party(phones[-1]), Found)
    assert people == len(hq.rows(STRETCHES))


async def test_a_row_that_cannot_be_read_is_never_told_as_it_stands(hq, directory):
    """Wrong: one bad row of HQ's lies readable on every till."""
    till, link = await hq.enrolled()
    with writing(hq.engine) as conn:
        publish_many(
            conn,
            GLOBAL,
            [
                Change("party:bad", "put", b'{"name":"Lovelace"}'),
                Change("party:odd", "put", b'{"card":{"name":"Lovelace"},"identifiers":[]}'),
            ],
        )
    await take(hq, till, link, directory)
    assert ["party:bad", "party:odd"] == list(directory.refused())
    assert b"Lovelace" not in (await raw(hq, till, f"/v1/feeds/{GLOBAL}")).content


async def test_keys_are_for_devices_alone(hq):
    """Wrong: whoever reaches HQ gets the keys of all customers."""
    async with httpx.AsyncClient(trust_env=False) as client:
        assert 401 == (await client.get(f"{hq.url}/v1/keys")).status_code
    till, link = await hq.enrolled()
    with pytest.raises(Fault, match="signature"):
        read_keys(await link.keys(), till.public, till.key.private_bytes_raw(), lambda *_: False)
    with writing(hq.engine) as conn:
        conn.execute(
            insert(SCOPE_GENERATIONS),
            {"scope": "store:other", "generation": 7, "since": "", "reason": ""},
        )
    keys, _ = read_keys(
        await link.keys(), till.public, till.key.private_bytes_raw(), hq.root.verify
    )
    assert {GLOBAL, "store:store-0001"} == {key.scope for key in keys}


async def test_a_till_reads_its_own_region_and_no_other(hq, directory):
    """Wrong: a till of a region knows nobody, or reads who buys in another one."""
    till, link = await hq.enrolled()
    with writing(hq.engine) as conn:
        keep_reach(conn, Reach({till.store: "north", "elsewhere": "south"}))
        card = msgspec.Raw(msgspec.json.encode(Card(ADA, "ada Lovelace")))
        body = msgspec.json.encode(PartyRow(card, (PHONE,)))
        publish_many(conn, "region:north", [Change("party:ada", "put", body)])
    await take(hq, till, link, directory)
    assert {"global", f"store:{till.store}", "region:north"} == directory.keyring.scopes
    page = await link.feed("region:north", "", 0)
    directory.apply("region:north", page)
    assert isinstance(directory.party(PHONE), Found)
    with pytest.raises(Fault, match="may not read"):
        await link.feed("region:south", "", 0)
