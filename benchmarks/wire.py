"""What a sale costs on the line: the bytes of a batch, packed as the agent packs it.

The sales are baskets of the sample catalogue (three lines, 1.2 KB of JSON on average; those of
one line are some 850 B). The till is in step with HQ, as it is when it sends a single
sale: the last ack it shows as evidence is of the entry before. Field lines of HTTP, the device's
signature among them, are counted as they are sent.
"""

from __future__ import annotations

import os
from statistics import mean

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.core.entries.bodies import SaleCompleted
from agent.core.entries.canonical import encode
from agent.core.exchange.coding import BATCH_MEDIA_TYPE
from agent.core.exchange.credentials import key_id
from agent.core.exchange.dictionary import DICTIONARY_CODING, PLAIN_CODING
from agent.core.exchange.in_step import agreed
from agent.core.exchange.wire import SYNC_VERSION, Batch, LastAck, WireRecord
from agent.core.identifiers import JournalId, receipt_number
from agent.links.packing import packed
from agent.links.signing import DeviceSigner
from benchmarks.commit import STORE, TILLS
from benchmarks.selling import Shop
from benchmarks.table import Row

TRIES = 100
BATCH = 50
SHORT_LINES = 1
SINGLE_MAX = 330
BATCHED_MAX = 170


def run() -> list[Row]:
    """Pack single sales, and batches of fifty; then what stands above them."""
    shop = Shop()
    singles = [_batch(shop, 1) for _ in range(TRIES)]
    short = [_batch(shop, 1, SHORT_LINES) for _ in range(TRIES)]
    fifty = [_batch(shop, BATCH) for _ in range(TRIES // 10)]
    plain = mean(len(batch.records[0].body) for batch in singles)
    little = mean(len(batch.records[0].body) for batch in short)
    return [
        Row("a sale as JSON (base)", plain, "B"),
        _row("a sale on the wire, alone", _size(singles), plain, SINGLE_MAX),
        Row("the same, to an HQ without the dictionary", _size(singles, PLAIN_CODING), "B"),
        Row("a sale of one line as JSON (base)", little, "B"),
        _row("a sale of one line on the wire, alone", _size(short), little, SINGLE_MAX),
        _row("a sale on the wire, in batches of 50", _size(fifty) / BATCH, plain, BATCHED_MAX),
        Row("field lines of HTTP, a request", _field_lines(singles[0]), "B"),
    ]


def _row(name: str, size: float, plain: float, most: int) -> Row:
    return Row(name, size, "B", size / plain, f"<= {most} B", size <= most)


def _size(batches: list[Batch], coding: str = DICTIONARY_CODING) -> float:
    return mean(len(packed(batch, coding)) for batch in batches)


def _batch(shop: Shop, count: int, lines_max: int = 100) -> Batch:
    journal_id = JournalId(os.urandom(16).hex())
    base, before, epoch = 4_000, os.urandom(32), f"1-{os.urandom(8).hex()}"
    last = LastAck(epoch, base - 1, before, os.urandom(64))
    bodies = [_sale(shop, journal_id, base + n, lines_max) for n in range(count)]
    records = [
        WireRecord(base + n, 1, 1, os.urandom(16), encode(body)) for n, body in enumerate(bodies)
    ]
    return Batch(
        version=SYNC_VERSION,
        journal_id=journal_id,
        incarnation=os.urandom(16).hex(),
        base=base,
        prev_hash=before,
        tail_seq=base + count - 1,
        records=tuple(records),
        last_ack=last,
        backlog_bytes=sum(len(record.body) for record in records),
        agent_version="0.1.0",
        wall=bodies[-1].completed.wall,
        in_step=agreed(last, epoch, base - 1, before),
    )


def _sale(shop: Shop, journal_id: JournalId, number: int, lines_max: int) -> SaleCompleted:
    while True:
        body = shop.sale(receipt_number(STORE, TILLS[0], journal_id, number))
        if len(body.lines) <= lines_max:
            return body


def _field_lines(batch: Batch) -> int:
    """Count what stands above the content, as `agent.links.http` sends it (RFC 9112, 3., 5.)."""
    key = Ed25519PrivateKey.generate()
    content = packed(batch, DICTIONARY_CODING)
    with httpx.Client() as client:
        url = f"https://hq.example/v1/journals/{batch.journal_id}/batches"
        fields = {"Content-Type": BATCH_MEDIA_TYPE, "Content-Encoding": DICTIONARY_CODING}
        for name in ("Accept", "Connection", "User-Agent"):
            del client.headers[name]
        request = client.build_request("POST", url, content=content, headers=fields)
    DeviceSigner(key, key_id(key.public_key().public_bytes_raw())).sign(request, content)
    first = f"POST {request.url.raw_path.decode()} HTTP/1.1\r\n\r\n"
    return len(first) + sum(len(name) + len(value) + 4 for name, value in request.headers.raw)
