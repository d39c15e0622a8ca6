"""What a sale costs on the line: the bytes of a batch, packed as the agent packs it.

The sales are baskets of the sample catalogue (1.3 KB of JSON on average). A batch carries what it
always carries: ids, the hash before it, the last ack with HQ's signature as evidence. HTTP's
header fields with the device's signature come on top, some 700 bytes a request.
"""

from __future__ import annotations

import os
from statistics import mean

from agent.core.entries.canonical import encode
from agent.core.exchange.wire import SYNC_VERSION, Batch, LastAck, WireRecord
from agent.core.identifiers import JournalId, receipt_number
from agent.links.http import _packed
from benchmarks.commit import STORE, TILLS
from benchmarks.selling import Shop
from benchmarks.table import Row

TRIES = 40
BATCH = 50
SINGLE_MAX = 330
BATCHED_MAX = 170


def run() -> list[Row]:
    """Pack single sales, and batches of fifty."""
    shop = Shop()
    plain = mean(len(encode(shop.sale("store-0001-till-1-ab12-1"))) for _ in range(TRIES))
    single = mean(len(_packed(_batch(shop, 1))) for _ in range(TRIES))
    batched = mean(len(_packed(_batch(shop, BATCH))) for _ in range(TRIES)) / BATCH
    return [
        Row("a sale as JSON (base)", plain, "B"),
        _row("a sale on the wire, alone", single, plain, SINGLE_MAX),
        _row("a sale on the wire, in batches of 50", batched, plain, BATCHED_MAX),
    ]


def _row(name: str, size: float, plain: float, most: int) -> Row:
    return Row(name, size, "B", size / plain, f"<= {most} B", size <= most)


def _batch(shop: Shop, count: int) -> Batch:
    journal_id = JournalId(os.urandom(16).hex())
    numbers = range(1, count + 1)
    bodies = [shop.sale(receipt_number(STORE, TILLS[0], journal_id, n)) for n in numbers]
    records = [WireRecord(n, 1, 1, os.urandom(16), encode(bodies[n - 1])) for n in numbers]
    return Batch(
        version=SYNC_VERSION,
        journal_id=journal_id,
        incarnation=os.urandom(16).hex(),
        base=1,
        prev_hash=os.urandom(32),
        tail_seq=count,
        records=tuple(records),
        last_ack=LastAck(f"1-{os.urandom(8).hex()}", 1, os.urandom(32), os.urandom(64)),
        agent_version="0.1.0",
    )
