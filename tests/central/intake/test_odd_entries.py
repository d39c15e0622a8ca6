"""Entries no program should write, and text no database keeps: taken in, set aside, or refused."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from agent.contracts.hq import HqRefused
from agent.core.entries import commitment, encode
from agent.core.entries.bodies import CashierSigned, EntryCarried
from agent.core.entries.chain import link
from agent.core.entries.kinds import KINDS
from agent.core.exchange.wire import WireRecord
from central.channels.registry import Channel, register
from central.ledger.engine import writing
from central.ledger.tables import BODIES, CHAIN
from tests.central.served import AT

pytestmark = pytest.mark.asyncio
SALT = b"s" * 16
SIGNED = encode(CashierSigned("actor", "store-0001", "till-1", AT))
NUL = encode(CashierSigned("a\0b", "store-0001", "till-1", AT))
NO_NUL = encode(CashierSigned("a\\u0000b", "store-0001", "till-1", AT))


def chained(till, *odd):
    """Chain bodies under any numbers, as a till of no known version might."""
    journal, hash_ = till.journals["side"], till.genesis("side")
    records = []
    for seq, (kind, version, body) in enumerate(odd, 1):
        hash_ = link(journal, seq, hash_, kind, version, commitment(SALT, body))
        records.append(WireRecord(seq, kind, version, SALT, body))
    empty = till.batch(base=1, count=0)
    return msgspec.structs.replace(empty, records=tuple(records), tail_seq=len(records)), hash_


async def set_aside(hq, count):
    """Wait for the applier."""
    for _ in range(200):
        page = (await hq.staff.get("/v1/quarantine")).json()
        if page["waiting"] >= count:
            break
        await asyncio.sleep(0.05)
    return page


@pytest.mark.both_databases
async def test_what_nobody_can_read_or_keep_is_taken_in_and_set_aside(hq):
    """Wrong: a sale is lost for its number or a letter in it, or counts on one database alone."""
    till, link = await hq.enrolled()
    bodies = [(120, 1, SIGNED), (0, 1, SIGNED), (120, 0, SIGNED), (120, 1, NUL), (120, 1, NO_NUL)]
    batch, head = chained(till, *bodies)
    ack = await link.send(batch)
    assert (5, head.hex()) == (ack.seq, ack.hash)
    assert [body for _, _, body in bodies] == [row.body for row in hq.rows(BODIES)]
    page = await set_aside(hq, 3)
    assert {"no-kind": 2, "nul-in-text": 1} == page["names"]
    assert [2, 3, 4] == [each["seq"] for each in page["entries"]]
    assert "U+0000" in page["entries"][2]["reason"]


CARRIED = KINDS[EntryCarried]
WHOLE = EntryCarried("ab" * 16, 1, 120, 1, SALT.hex(), SIGNED.decode(), "cd" * 32)
ODD = {"journal": ["a\0b"], "seq": [1 << 63, -(1 << 70)], "commitment": ["a\0b", "no hex"]}


@pytest.mark.both_databases
async def test_what_an_odd_entry_carries_keeps_no_other_out(hq):
    """Wrong: HQ fails on one entry at every attempt, and what the till sells waits behind it."""
    till, link = await hq.enrolled()
    bodies = [
        encode(msgspec.structs.replace(WHOLE, **{name: value}))
        for name, values in ODD.items()
        for value in values
    ]
    batch, head = chained(till, *((CARRIED.kind, CARRIED.version, body) for body in bodies))
    ack = await link.send(batch)
    assert (len(bodies), head.hex()) == (ack.seq, ack.hash)
    assert len(bodies) == (await set_aside(hq, len(bodies)))["waiting"]


@pytest.mark.parametrize(("kind", "version"), [(-1, 1), (1, -1), (1 << 16, 1), (1, 1 << 63)])
async def test_numbers_no_chain_can_hold_are_refused(hq, kind, version):
    """Wrong: HQ fails on it for ever, or acknowledges what no hash covers."""
    till, link = await hq.enrolled()
    batch, _ = chained(till, (120, 1, SIGNED))
    record = WireRecord(1, kind, version, SALT, SIGNED)
    with pytest.raises(HqRefused) as caught:
        await link.send(msgspec.structs.replace(batch, records=(record,)))
    assert "malformed-batch" == caught.value.name
    assert [] == hq.rows(CHAIN)


BAD = "a\0b"
POSTS = {
    "/v1/parties/search": {"text": BAD},
    "/v1/quarantine/replay": {"actor": BAD, "reason": BAD},
    "/v1/quarantine/x/1/void": {"actor": "a", "reason": BAD},
    "/v1/quarantine/x%00/1/replay": {"actor": "a", "reason": "b"},
    "/v1/enrol": {"code": BAD},
}


@pytest.mark.both_databases
async def test_a_nul_in_a_request_is_the_callers_fault(hq):
    """Wrong: HQ fails with a 500 on PostgreSQL and keeps half a text on SQLite."""
    for path, body in POSTS.items():
        answer = await hq.staff.post(path, json=body)
        assert (400, "nul-in-text") == (
            answer.status_code,
            answer.json()["type"].rpartition(":")[2],
        ), path
    assert 400 == (await hq.staff.get("/v1/parties/x%00y")).status_code
    form = await hq.staff.post("/login", data={"token": BAD})
    assert 400 == form.status_code
    with writing(hq.engine) as conn:
        register(conn, [Channel("web", "distribution", "Shop")], "2026-11-02T12:00:00.000Z")
    events = [{"event_id": BAD, "type": "x", "occurred_at": "x"}, {"event_id": "e", "type": BAD}]
    answer = await hq.staff.post("/v1/channels/web/events", json=events)
    assert (200, ["quarantined"] * 2) == (
        answer.status_code,
        [each["outcome"] for each in answer.json()],
    )
