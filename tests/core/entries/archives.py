"""A small archive for tests, signed by a key made of nothing."""

from __future__ import annotations

from hashlib import sha256

from agent.core.entries.archive import (
    FORMAT,
    VERSION,
    ArchiveHeader,
    ArchiveJournal,
    ArchiveReader,
    ArchiveRecord,
    ArchiveWriter,
    Succeeds,
)
from agent.core.entries.chain import commitment, genesis, link

KEY = bytes(range(32))
BEFORE = b"p" * 32
HEADER = ArchiveHeader(FORMAT, VERSION, "store-1", "2026-05-04T10:11:12.345Z")


def sign(message):
    return sha256(KEY + message).digest()


def verify(key, signature, message):
    return key == KEY and signature == sign(message)


def journal(number, tail_seq, tail_hash, **more):
    journal_id = f"{number:032x}"
    first = genesis(journal_id, "store-1", "till-1", "sales", KEY, more.pop("predecessor", b""))
    return ArchiveJournal(
        journal=journal_id,
        store="store-1",
        till="till-1",
        lane="sales",
        device_key=KEY.hex(),
        predecessor=more.pop("before", b"").hex(),
        genesis=first.hex(),
        tail_seq=tail_seq,
        tail_hash=tail_hash.hex(),
        **more,
    )


def records(number, count):
    """Entries of a journal without a predecessor: the second one erased, the third one pruned."""
    journal_id = f"{number:032x}"
    hash_ = genesis(journal_id, "store-1", "till-1", "sales", KEY)
    made = []
    for seq in range(1, count + 1):
        salt, body = bytes([seq]) * 16, f'{{"n":{seq},"name":"Ärger"}}'
        committed = commitment(salt, body.encode())
        hash_ = link(journal_id, seq, hash_, 1, 1, committed)
        text = {"salt": salt.hex(), "body": body}
        if seq == 2:
            text = {"erased_by": "order-7"}
        elif seq == 3:
            text = {"pruned": True}
        made.append(ArchiveRecord(seq, 1, 1, committed.hex(), hash_.hex(), **text))
    return made, hash_


def parts(count=5):
    entries, tail = records(1, count)
    succeeds = Succeeds(f"{9:032x}", 4, BEFORE.hex(), "fork")
    empty = genesis(f"{2:032x}", "store-1", "till-1", "sales", KEY, BEFORE)
    second = journal(2, 0, empty, predecessor=BEFORE, before=BEFORE, sealed=True, succeeds=succeeds)
    return [HEADER, journal(1, count, tail), *entries, second]


def lines_of(some):
    writer = ArchiveWriter()
    return [*(writer.line(part) for part in some), writer.end(KEY, sign)]


def read(lines):
    reader = ArchiveReader(verify)
    taken = [reader.take(line) for line in lines]
    reader.finish()
    return taken
