"""Tills enrol people for three days without HQ, and come back all at once over a bad line (G6).

    python -m tests.central.identity.partition --tills 50 --enrolments 10000

Three in ten enrolments are of somebody who was enrolled before, at whatever till, and each is
followed by a sale. Tills seal and sign as an agent does, against a real `till-central serve`; then
requests are lost, answers are lost, and what HQ has is sent again. It is measured from the first
knock: when HQ has all journals, when its canonical map is the one that the rules make of the same
facts in one piece, and when each till has been told of exactly these customers. Nothing may be
missing: no enrolment, no sale, none without its customer.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import msgspec
from msgspec.structs import replace
from sqlalchemy import func, select

from agent.core.entries import encode, kind_of
from agent.core.entries.bodies import PartyEnrolled, SaleAttributed, SaleCompleted
from agent.core.entries.chain import commitment, genesis, link
from agent.core.exchange.coding import BATCH_MEDIA_TYPE
from agent.core.exchange.wire import Ack, FeedPage, WireRecord
from agent.core.history.canonical import digest
from agent.core.history.graph import seen
from agent.core.history.graph_held import Graph
from agent.core.history.graph_set import link as linked
from agent.core.identifiers import receipt_number
from agent.core.sale.model import Stamp
from agent.program.terminal import say
from central.histories.enrolments import identifiers_of
from central.identity.parties import canonicals
from central.ledger.customer_tables import INTERACTIONS, PARTIES, PSEUDONYMS, SALES
from central.ledger.engine import open_engine, reading
from central.ledger.tables import QUARANTINE
from tests.central.herd import Outcome, Store, Wire, enrolled, looked_at, serving, template

DUPLICATES = 30
LOST, REPEATED = 0.08, 0.15
"""Of requests, and as many of answers; of batches that send again what HQ has."""
SIZES = (1, 40, 200, 500)
BUSY = (429, 503)
"""HQ has too much to do, or its database has: an agent sends the same again."""
MOST_S = 60
LOOK_S = 0.3
GIVE_UP_S = 1800
_PARTY = "party:"


class Offline(Store):
    """A till with the journals of three days."""

    def __init__(self, number: int, told: list[tuple[PartyEnrolled, SaleCompleted]]) -> None:
        """Seal who was enrolled, each with a sale."""
        self._told = told
        super().__init__(number, len(told), 2 * len(told), template())

    def _record(self, lane, seq):
        salt = self._salts[16 * (seq - 1) : 16 * seq]
        body = self._body_at(lane, seq)
        return WireRecord(seq, kind_of(body).kind, 1, salt, encode(body))

    def _body_at(self, lane, seq):
        enrolment, sale = self._told[(seq - 1) // (1 if lane == "sales" else 2)]
        if lane == "sales":
            number = receipt_number(self.store, self.till, self.journals["sales"], seq)
            return replace(sale, store=self.store, receipt_no=number)
        if seq % 2:
            return replace(enrolment, store=self.store)
        return SaleAttributed(sale.sale_id, sale.customer_ref, enrolment.party_id, enrolment.at)

    def _sealed(self, lane):
        journal_id = self.journals[lane]
        hashes = [genesis(journal_id, self.store, self.till, lane, self.public)]
        for seq in range(1, self.counts[lane] + 1):
            row = self._record(lane, seq)
            sealed = commitment(row.salt, row.body)
            hashes.append(link(journal_id, seq, hashes[-1], row.kind, row.version, sealed))
        return hashes


def told_offline(draw, tills, enrolments):
    """Have people enrolled at tills that do not know of each other; gives what each till sealed."""
    journals = [[] for _ in range(tills)]
    sale = msgspec.json.decode(template(), type=SaleCompleted)
    people = []
    for n in range(enrolments):
        again = bool(people) and draw.randrange(100) < DUPLICATES
        who = draw.choice(people) if again else n
        people += [] if again else [n]
        made = replace(
            sale, sale_id=f"019a0001-0000-7000-8000-{n:012x}", customer_ref=f"ref-{n:032}"
        )
        draw.choice(journals).append((_enrolled(draw, n, who), made))
    return journals


def _enrolled(draw, n, who):
    shown = {
        "card": f"LC{who:06d}XK",
        "phone": f"+49171{2000000 + who}",
        "email": f"ada{who}@example.com",
    }
    with_them = dict(draw.sample(sorted(shown.items()), draw.choice((1, 2, 2))))
    at = Stamp(f"2026-11-{1 + n % 3:02d}T{n % 24:02d}:00:00.000Z", n, "boot")
    name = draw.choice((f"Ada{who % 97} Byron{who % 89}", f"A. Byron{who % 89}"))
    party = f"019a0000-0000-7000-8000-{n:012x}"
    return PartyEnrolled(party, "store", "till-1", at, name, **with_them)


def in_one_piece(journals):
    """Say who is one person, by the rules alone, as if no till had ever been cut off."""
    facts = [
        seen(each.party_id, each.party_id, observed=[*identifiers_of(each)], name=each.name)
        for told in journals
        for each, _ in told
    ]
    return linked(Graph(), [fact for some in facts for fact in some]).canonical


class Return:
    """All tills on their way back."""

    def __init__(self, url: str, stores: list[Offline], draw: random.Random, people: set[str]):
        """Know where HQ is, and whom it should tell of in the end."""
        self.url, self.stores, self.draw, self.people = url, stores, draw, people
        self.outcome = Outcome(len(stores), stores[0].counts["sales"])
        self.lost = self.repeated = self.requests = 0
        self.acked_s = self.map_s = self.tills_s = -1.0

    async def run(self, is_settled) -> None:
        """Send all, and wait until HQ and every till know who is who."""
        began = time.monotonic()
        async with asyncio.timeout(GIVE_UP_S), asyncio.TaskGroup() as group:
            told = [group.create_task(self._told(store)) for store in self.stores]
            settled = group.create_task(self._settled(is_settled, began))
            async with asyncio.TaskGroup() as sending:
                for store in self.stores:
                    for lane in store.counts:
                        sending.create_task(self._send(store, lane))
            self.acked_s = time.monotonic() - began
            await settled
            await asyncio.gather(*told)
        self.tills_s = time.monotonic() - began

    async def _send(self, store: Offline, lane: str) -> None:
        wire, acked = Wire(self.url, store.signer), 0
        while acked < store.counts[lane]:
            base = acked + 1
            if self.draw.random() < REPEATED:
                self.repeated += 1
                base = max(1, base - self.draw.randrange(1, 50))
            acked = max(acked, await self._one(wire, store, lane, base))
        wire.close()

    async def _one(self, wire: Wire, store: Offline, lane: str, base: int) -> int:
        """Send one batch; gives how far HQ says it is, 0 where nothing was heard."""
        self.requests += 1
        if self.draw.random() < LOST:
            self.lost += 1
            return 0
        content = store.batch(lane, base, self.draw.choice(SIZES))
        headers = {"Content-Type": BATCH_MEDIA_TYPE, "Content-Encoding": "zstd"}
        path = f"/v1/journals/{store.journals[lane]}/batches"
        status, answered, body = await wire.ask("POST", path, content, headers)
        if status in BUSY:
            # As long as HQ asks for.
            await asyncio.sleep(float(answered.get("retry-after", 1)))
            return 0
        assert status == 200, body
        if self.draw.random() < LOST:
            self.lost += 1
            wire.close()
            return 0
        ack = msgspec.json.decode(body, type=Ack)
        assert store.hash_at(lane, ack.seq).hex() == ack.hash
        return ack.seq

    async def _told(self, store: Offline) -> None:
        """Read the feed as an agent does, until it tells of exactly the customers there are."""
        wire, cursor, known = Wire(self.url, store.signer), store.read, set()
        while known != self.people:
            path = f"/v1/feeds/global?after={cursor}&wait=25"
            status, headers, content = await wire.ask("GET", path)
            if status != 200:
                await asyncio.sleep(float(headers.get("retry-after", 1)))
                continue
            page = msgspec.json.decode(content, type=FeedPage)
            cursor = page.cursor
            for item in page.items:
                if item.key.startswith(_PARTY):
                    (known.add if item.op == "put" else known.discard)(item.key)
        wire.close()

    async def _settled(self, is_settled, began: float) -> None:
        while self.map_s < 0:
            # Nobody outside HQ is told when it has applied the last of them.
            await asyncio.sleep(LOOK_S)
            if await asyncio.to_thread(is_settled):
                self.map_s = time.monotonic() - began


def held(conn, expected):
    """Tell whether HQ has met everybody, and takes them for whom they are."""
    met = conn.execute(select(func.count()).select_from(PARTIES)).scalar_one()
    return met == len(expected) and digest(canonicals(conn, expected)) == digest(expected)


def missing(conn, enrolments):
    """Give what HQ lacks, by kind; nothing of which everything is there."""
    here = {
        "sales": select(func.count()).select_from(SALES),
        "customers of sales": select(func.count()).select_from(PSEUDONYMS),
        "sales in histories": select(func.count()).select_from(INTERACTIONS),
    }
    counted = {name: conn.execute(query).scalar_one() for name, query in here.items()}
    aside = conn.execute(select(func.count()).select_from(QUARANTINE)).scalar_one()
    lacking = {name: enrolments - count for name, count in counted.items() if count != enrolments}
    return lacking | ({"in quarantine": aside} if aside else {})


def run(tills: int, enrolments: int, seed: int = 1) -> tuple[Return, dict[str, int]]:
    """Part, enrol, come back; gives how it went, and what HQ lacks."""
    draw = random.Random(seed)
    journals = told_offline(draw, tills, enrolments)
    expected = in_one_piece(journals)
    assert len(expected) == enrolments
    with tempfile.TemporaryDirectory(prefix="partition-") as name:
        directory = Path(name)
        stores = [Offline(number, told) for number, told in enumerate(journals)]
        enrolled(directory, stores)
        process, url = serving(directory)
        engine = open_engine(directory / "state" / "central.sqlite")
        back = Return(url, stores, draw, {f"{_PARTY}{one}" for one in expected.values()})
        try:
            asyncio.run(back.run(partial(_looked, engine, lambda conn: held(conn, expected))))
            lacking = _looked(engine, lambda conn: missing(conn, enrolments))
            looked_at(process.pid, back.outcome)
        finally:
            engine.dispose()
            process.terminate()
            process.communicate()
    say(
        f"{tills} tills, {enrolments} enrolments of {len(set(expected.values()))} persons by the "
        f"rules, a sale each: {back.requests} requests, {back.lost} lost or unanswered, "
        f"{back.repeated} with what HQ had; all journals at HQ after {back.acked_s:.1f} s, its map "
        f"({digest(expected)[:12]}) after {back.map_s:.1f} s, every till told after "
        f"{back.tills_s:.1f} s; HQ spent {back.outcome.hq_cpu_s:.0f} s of processor time; missing: "
        f"{lacking or 'nothing'}"
    )
    return back, lacking


def _looked(engine, look):
    with reading(engine) as conn:
        return look(conn)


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description="Tills enrol offline and come back.")
    parser.add_argument("--tills", type=int, default=50)
    parser.add_argument("--enrolments", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    back, lacking = run(given.tills, given.enrolments, given.seed)
    sys.exit(0 if not lacking and max(back.map_s, back.tills_s) <= MOST_S else 1)


if __name__ == "__main__":
    main()
