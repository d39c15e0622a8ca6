"""The keys of customers' cards come by themselves, at start and when HQ renews them."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from agent.core.exchange.granting import read_keys
from agent.core.exchange.wire import PartyRow
from agent.core.history.model import Card
from agent.core.identifiers import PartyId
from agent.core.recognition import Found, Identifier, IdentifierType
from agent.daemon.replica_keys import ReplicaKeys
from agent.directory import Directory, Keyring
from tests.sealed import MACHINE_KEY
from tests.sync.conftest import DEVICE, PUBLIC

SCOPE, NORTH, SOUTH = "global", "region:north", "region:south"
BOB = Identifier(IdentifierType.PHONE, "+49305555555")
EVE = Identifier(IdentifierType.PHONE, "+49307654321")
PHONE = Identifier(IdentifierType.PHONE, "+49301234567")


class Store:
    """Keys kept with a directory, as the daemon keeps them; may be made to refuse."""

    def __init__(self, directory):
        self.directory, self.asked, self.broken = directory, 0, None

    def take(self, signed, verify):
        self.asked += 1
        if self.broken is not None:
            raise self.broken
        opened = read_keys(signed, PUBLIC, DEVICE.private_bytes_raw(), verify)
        return self.directory.take_keys(*opened)

    def lacks(self):
        return self.directory.lacks_keys()

    def scopes(self):
        return self.directory.keyring.scopes


class Region(ReplicaKeys):
    """The daemon's own, with the till's key of these tests."""

    def __init__(self, directory):
        super().__init__(directory, Key)


class Key:
    """As much of a device's key as is asked for."""

    private, public_bytes = DEVICE, PUBLIC


@pytest.fixture
def stored(shop, tmp_path):
    shop.replica = Directory.open(tmp_path / "directory.db", Keyring(MACHINE_KEY))
    shop.store = Store(shop.replica)
    card = msgspec.Raw(msgspec.json.encode(Card(PartyId("ada"), "Ada")))
    shop.hq.publish(SCOPE, "party:ada", 1, body=msgspec.json.encode(PartyRow(card, (PHONE,))))
    yield shop
    shop.replica.close()


@pytest.mark.asyncio
async def test_a_customer_is_known_without_anybody_asking_for_keys(stored, run):
    """Wrong: an enrolled till recognises nobody until somebody does something."""
    await stored.enrol()
    async with run(stored.new_loop(keys=stored.store)):
        await stored.until(lambda: isinstance(stored.replica.party(PHONE), Found))
    assert "Ada" == stored.replica.card(PartyId("ada")).name


@pytest.mark.asyncio
async def test_a_new_key_is_taken_and_everything_read_anew(stored, run):
    """Wrong: after a theft the tills go on with rows that the thief can open."""
    await stored.enrol()
    async with run(stored.new_loop(keys=stored.store)):
        await stored.until(lambda: isinstance(stored.replica.party(PHONE), Found))
        stored.hq.sealing.generations[SCOPE] = 2
        stored.link.publish(SCOPE, f"rule:keys-{SCOPE}", 2, body=b'{"generation":2}')
        # The poll that is under way ends with what comes next.
        await stored.until(lambda: stored.store.asked > 1)
        stored.link.publish(SCOPE, "rule:other", 3)
        generations = "SELECT generation FROM people JOIN generations ON generations.id = seal"
        await stored.until(
            lambda: [(2,)] == stored.replica._ask(lambda conn: conn.execute(generations).fetchall())
        )
    assert isinstance(stored.replica.party(PHONE), Found)


@pytest.mark.asyncio
async def test_keys_that_cannot_be_taken_are_a_trouble(stored, run):
    """Wrong: nobody learns why a till recognises no customer, or it is never tried again."""
    from agent.core.faults import Fault

    await stored.enrol()
    stored.store.broken = Fault("they are for another device", remedy="enrol anew")
    loop = stored.new_loop(keys=stored.store)
    async with run(loop):
        await stored.until(lambda: any(t.name == "keys-not-taken" for t in loop.status().troubles))
        stored.store.broken = None
        await stored.until(lambda: isinstance(stored.replica.party(PHONE), Found))
        await stored.until(lambda: not loop.status().troubles)


@pytest.mark.asyncio
async def test_the_region_hq_gives_keys_of_is_read_and_no_other(stored, run):
    """Wrong: a till knows nobody of its region, or goes on asking for one that is not its own."""
    for scope, name, phone in ((NORTH, "eve", EVE), (SOUTH, "bob", BOB)):
        card = msgspec.Raw(msgspec.json.encode(Card(PartyId(name), name)))
        row = msgspec.json.encode(PartyRow(card, (phone,)))
        stored.hq.publish(scope, f"party:{name}", 1, body=row)
    await stored.enrol()
    stored.hq.region = NORTH
    store = Region(stored.replica)
    async with run(stored.new_loop(keys=store)):
        await stored.until(lambda: isinstance(stored.replica.party(EVE), Found))
        assert not isinstance(stored.replica.party(BOB), Found)
        stored.hq.region = SOUTH
        stored.hq.publish("store:store-1", "rule:keys-scope", 1, body=b"{}")
        await stored.until(lambda: isinstance(stored.replica.party(BOB), Found))
        assert not isinstance(stored.replica.party(EVE), Found)
        assert {SCOPE, "store:store-1", SOUTH} == set(stored.replica.scopes())
        assert not stored.replica.lacks_keys()
        assert {"sync-feed-region:south"} == {
            task.get_name() for task in asyncio.all_tasks() if "feed-region" in task.get_name()
        }
