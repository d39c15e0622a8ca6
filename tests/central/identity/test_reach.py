"""Whose card goes to which tills: by region, by when they were seen, by what they collect."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, update

from agent.core.consent.retention import DataClass
from agent.core.identifiers import PartyId
from agent.core.recognition import Identifier, IdentifierType
from central.daemon.settings import Settings, SettingsFault, parse
from central.identity.cards import publish_card
from central.identity.erased import forget
from central.identity.holding import hold
from central.identity.parties import Origin, ensure
from central.identity.replica_settings import ReplicaSettings, register
from central.identity.settling import ReachKeeper
from central.ledger.customer_tables import INTERACTIONS, ORDERS
from central.ledger.engine import reading, writing
from central.ledger.reaching import reach_of
from central.ledger.tables import FEED_ROWS

TODAY = "2026-11-22T12:00:00.000Z"
LONG_AGO = "2020-01-01T12:00:00.000Z"
REGIONS = {"north": ("s1", "s2"), "south": ("s3",)}
ADA = PartyId("ada")


class Hq:
    """People, and the keeper that looks at them."""

    def __init__(self, engine) -> None:
        self.engine, self.now = engine, TODAY
        self.keeper = ReachKeeper(engine, lambda: self.now)

    def set_up(self, **settings):
        with writing(self.engine) as conn:
            register(conn, ReplicaSettings(**settings))

    def meet(self, party_id, origin="import", at=LONG_AGO):
        with writing(self.engine) as conn:
            ensure(conn, party_id, Origin(origin, at))
            hold(
                conn,
                party_id,
                [Identifier(IdentifierType.EMAIL, f"{party_id}@example.org")],
                Origin(origin, at),
            )
            publish_card(conn, party_id)

    def buy(self, party_id, store, at=TODAY):
        row = dict.fromkeys(INTERACTIONS.c.keys(), "") | {
            "party_id": party_id,
            "event_id": f"{store}{at}",
            "type": "sale.completed",
            "channel": "store",
            "touch_point": f"{store}/till-1",
            "occurred_at": at,
            "recorded_at": at,
            "total": 1,
        }
        with writing(self.engine) as conn:
            conn.execute(insert(INTERACTIONS).values(row))
            publish_card(conn, party_id)

    def order(self, party_id, store, state):
        row = {
            "order_no": "W1",
            "channel_id": "web",
            "state": state,
            "party_id": party_id,
            "collect_at": store,
            "scope": "",
            "body": b'{"order_no":"W1","channel":"web","state":"ready","placed_at":"",'
            b'"total":1,"currency":"EUR"}',
        }
        with writing(self.engine) as conn:
            conn.execute(insert(ORDERS).values(row))
            publish_card(conn, party_id)

    def settle(self):
        while self.keeper.look():
            continue

    def where(self, party_id, op="put"):
        query = select(FEED_ROWS.c.scope).where(
            FEED_ROWS.c.key == f"party:{party_id}", FEED_ROWS.c.op == op
        )
        with reading(self.engine) as conn:
            return set(conn.execute(query).scalars())


@pytest.fixture
def hq(ledger):
    return Hq(ledger)


def test_a_small_chain_holds_everybody(hq):
    """A shop that set nothing would send its oldest customers to HQ."""
    hq.set_up()
    hq.meet("ada")
    hq.settle()
    assert {"global"} == hq.where("ada")
    with reading(hq.engine) as conn:
        assert ("", "2026-11-22") == (reach_of(conn).since, reach_of(conn).settled_on)


@pytest.mark.both_databases
def test_who_was_not_seen_for_long_is_taken_out_and_comes_back(ledger):
    """Tills would fill up with people who never come, or never know them again."""
    hq = Hq(ledger)
    hq.set_up(everybody_up_to=1)
    hq.meet("ada")
    hq.meet("bob", at=TODAY)
    hq.settle()
    assert (set(), {"global"}) == (hq.where("ada"), hq.where("ada", "del"))
    assert {"global"} == hq.where("bob")
    hq.buy("ada", "s1")
    assert {"global"} == hq.where("ada")
    hq.now = "2029-01-01T00:00:00.000Z"
    hq.settle()
    assert set() == hq.where("ada") | hq.where("bob")


@pytest.mark.both_databases
def test_a_region_holds_whom_it_has_seen(ledger):
    """Every till would hold the whole chain, or a till not its own customers."""
    hq = Hq(ledger)
    hq.set_up(regions=REGIONS)
    hq.meet("ada", "s1/till-1")
    assert {"region:north"} == hq.where("ada")
    hq.buy("ada", "s3")
    assert {"region:north", "region:south"} == hq.where("ada")
    hq.buy("ada", "s9")
    assert {"region:north", "region:south", "region:others"} == hq.where("ada")
    hq.meet("web", "webshop")
    assert set() == hq.where("web")


def test_who_collects_is_held_there_until_they_have(hq):
    """Nobody at the counter would know whose parcel it is."""
    hq.set_up(regions=REGIONS)
    hq.meet("ada", "webshop")
    hq.order("ada", "s3", "ready")
    assert {"region:south"} == hq.where("ada")
    with writing(hq.engine) as conn:
        conn.execute(update(ORDERS).values(state="collected"))
        publish_card(conn, ADA)
    assert (set(), {"region:south"}) == (hq.where("ada"), hq.where("ada", "del"))


@pytest.mark.both_databases
def test_when_regions_change_everybody_moves(ledger):
    """A card would stay behind at tills of a region that is another now, or be lost."""
    hq = Hq(ledger)
    hq.set_up()
    hq.meet("ada", "s1/till-1")
    hq.settle()
    hq.set_up(regions=REGIONS)
    hq.settle()
    assert ({"region:north"}, {"global"}) == (hq.where("ada"), hq.where("ada", "del"))
    assert {"store:s1", "store:s2", "store:s3"} == _told_of_keys(hq)
    hq.set_up(regions={"west": ("s1",), "south": ("s3",)})
    hq.settle()
    assert {"region:west"} == hq.where("ada")
    hq.set_up()
    hq.settle()
    assert {"global"} == hq.where("ada")
    assert {"region:north", "region:west"} == hq.where("ada", "del")


def test_an_erasure_reaches_every_scope(hq):
    """A region's tills that begin anew would be given the card of somebody erased."""
    hq.set_up(regions=REGIONS)
    hq.meet("ada", "s1/till-1")
    hq.set_up()
    with writing(hq.engine) as conn:
        forget(conn, [ADA], set(DataClass), "r", TODAY)
    assert set() == hq.where("ada")
    assert {"global", "region:north"} == hq.where("ada", "erase")


def test_what_is_wrong_with_the_settings_is_said(tmp_path):
    """A store in two regions would move to and fro with every start."""
    path = tmp_path / "central.toml"
    text = '[replica]\nactive_days = -1\n[replica.regions]\na = ["s1"]\nb = ["s1"]\n"x/y" = []\n'
    with pytest.raises(SettingsFault) as refused:
        parse(text, path)
    assert {"replica.active_days", "replica.regions.b", "replica.regions.x/y"} == {
        each.path for each in refused.value.problems
    }
    assert ReplicaSettings() == Settings().replica


def _told_of_keys(hq):
    query = select(FEED_ROWS.c.scope).where(FEED_ROWS.c.key == "rule:keys-scope")
    with reading(hq.engine) as conn:
        return set(conn.execute(query).scalars())
