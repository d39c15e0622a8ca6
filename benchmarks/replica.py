"""What a customer takes at a till, how soon it answers after a start, and what a delta holds up.

Base: one row with a 1 KB document in a transaction of its own, as in `drain`. Bytes: of a scope
sealed and written by HQ's own snapshot maker, for customers with three identifiers of whom nothing
is known but the name, and for ones with five sales in two stores. Start and delta: of a directory
of `BENCH_CUSTOMERS`, each with five sales, at the start not in the system's cache; the answer is a
stretch, a look-up and a card opened. The delta, with the file in that cache, is 10,000 of them
changed, each found by what they were found by before, in pages as a till asks for them, while
somebody is looked up all the while on the same loop: a look-up's time runs from when it was due.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, thread_time
from uuid import UUID

import msgspec

from agent.core.exchange.coding import FEED_ITEMS_MAX
from agent.core.exchange.sealed_rows import Master, sealed_row
from agent.core.exchange.wire import FeedItem, FeedPage, PartyRow, SealedRow
from agent.core.history.model import Card, Interaction
from agent.core.identifiers import PartyId
from agent.core.privacy import ScopeKeys, keys_of
from agent.core.privacy.keys import STRETCH_BYTES
from agent.core.quantities import Minor
from agent.core.recognition import (
    Found,
    Identifier,
    IdentifierType,
    RecognitionRules,
    new_card_number,
)
from agent.directory import Directory, Keyring
from benchmarks import raw
from benchmarks.crowd import crowd, party_of, tokens_of
from benchmarks.table import Row
from central.feed.filling import Filling
from central.ledger.replica_files import new_replica

CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "1000000"))
SEALED = 20_000
"""Customers sealed to be weighed: of so many the empty tables are a byte each."""
CHANGED = 10_000
PAUSE_S = 0.001
SCOPE = "global"
BYTES, FIRST_S, DELTA_S, LONGEST_MS = 170, 2, 5, 50
_MASTER = Master(bytes(STRETCH_BYTES))
_RULES = RecognitionRules(card_prefixes=("LC",))
_FIRST = ("Ada", "Bo", "Carl", "Dora", "Eva", "Finn", "Gus", "Hana", "Ines", "Jon")
_LAST = ("Miller", "Smith", "Jones", "Taylor", "Brown", "Kowalski", "Garcia", "Ito")
_BOB = Identifier(IdentifierType.PHONE, "+491700000001")


def run() -> list[Row]:
    """Weigh customers, then start on a million of them and tell of ten thousand changes."""
    with TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "."), prefix=".bench-") as folder:
        path = Path(folder).resolve()
        rows = raw.opened(path)
        base = [raw.rate(rows)]
        plain, busy = (_weighed(path / f"{sales}.db", sales) for sales in (0, 5))
        file, machine_key = path / "directory.db", os.urandom(STRETCH_BYTES)
        crowd(file, CUSTOMERS)
        _enrol_bob(file, machine_key)
        first_s = _first_answer(file, machine_key)
        _read_once(file)
        delta_s, worked_s, longest_s = asyncio.run(_delta(file, machine_key))
        base.append(raw.rate(rows))
        rows.close()
    changes = CHANGED / delta_s
    return [
        Row("raw commit of one 1 KB row (base)", median(base), "commits/s"),
        _row("a customer of whom only the name is known", plain, "B", BYTES),
        _row("a customer with five sales", busy, "B", BYTES),
        _row(f"start on {CUSTOMERS:,} customers to first card opened", first_s, "s", FIRST_S),
        Row(
            f"{CHANGED:,} of them changed, by pages of {FEED_ITEMS_MAX}",
            delta_s,
            "s",
            changes / median(base),
            f"<= {DELTA_S} s",
            delta_s <= DELTA_S,
        ),
        # On a machine with other work this says more of it than the clock does.
        Row("the same with the look-ups, of the processor", worked_s, "s"),
        _row("longest look-up meanwhile, from when it was due", longest_s * 1000, "ms", LONGEST_MS),
    ]


def _row(name: str, value: float, unit: str, most: int) -> Row:
    return Row(name, value, unit, None, f"<= {most} {unit}", value <= most)


def _weighed(file: Path, sales: int) -> float:
    """Have HQ's snapshot maker write customers; bytes of the file for each."""
    keys, rng = keys_of(_MASTER.key(SCOPE, 1)), random.Random(sales)
    with new_replica(file) as conn:
        filling = Filling(conn, SCOPE)
        for n in range(1, SEALED + 1):
            party = _uuid7(rng)
            filling.add([_told(party, n, _sealed(keys, rng, party, n, sales))], again=False)
        filling.settle(_cursor(SEALED))
    return file.stat().st_size / SEALED


def _sealed(keys: ScopeKeys, rng: random.Random, party: str, n: int, sales: int) -> SealedRow:
    """Seal a customer as HQ does; the stretches are random, as in `snapshot`."""
    card = _card(rng, party, sales)
    known_by = (
        Identifier(IdentifierType.PHONE, str(n)),
        Identifier(IdentifierType.EMAIL, str(n)),
        Identifier(IdentifierType.LOYALTY_CARD, new_card_number("LC", rng.randbytes(6))),
    )
    row, ver = PartyRow(msgspec.Raw(msgspec.json.encode(card)), known_by), _ver(n)
    stretches = {one: rng.randbytes(STRETCH_BYTES) for one in known_by}
    content_key = _MASTER.content_key(SCOPE, 1, party, ver)
    return sealed_row(keys, row, ver, stretches.__getitem__, content_key, _RULES)


def _told(party: str, n: int, row: SealedRow) -> FeedItem:
    return FeedItem(n, f"party:{party}", _ver(n), "put", msgspec.Raw(msgspec.json.encode(row)))


def _ver(n: int) -> int:
    """Number a version as HQ does, above all of the crowd."""
    return (1 << 40) + n


def _card(rng: random.Random, party: str, sales: int) -> Card:
    name = f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
    card = Card(PartyId(party), name, ver=sales + 1)
    if not sales:
        return card
    stores = rng.sample(range(1, 500), 2)
    last = tuple(_sale(rng, rng.choice(stores)) for _ in range(sales))
    through = {_uuid7(rng): rng.randrange(1, 9999)}
    return msgspec.structs.replace(
        card, tier="gold", points=rng.randrange(3000), last=last, through=through
    )


def _sale(rng: random.Random, store: int) -> Interaction:
    day, clock = rng.randrange(1, 29), (rng.randrange(8, 20), rng.randrange(60), rng.randrange(60))
    at = "{:02}:{:02}:{:02}".format(*clock)
    till, journal = rng.randrange(1, 4), rng.choice("ABCDEFGH") + "7K2"
    return Interaction(
        event_id=_uuid7(rng),
        type="sale.completed",
        channel="store",
        touch_point=f"store-{store:04}/till-{till}",
        occurred_at=f"2026-{rng.randrange(1, 13):02}-{day:02}T{at}.{rng.randrange(1000):03}Z",
        title="sale",
        ref=f"store-{store:04}-till-{till}-{journal}-{rng.randrange(1, 9999)}",
        total=Minor(rng.randrange(100, 20_000)),
        currency="EUR",
    )


def _uuid7(rng: random.Random) -> str:
    made = bytearray((1_760_000_000_000 + rng.randrange(10**10)).to_bytes(6, "big"))
    made += rng.randbytes(10)
    made[6], made[8] = made[6] & 15 | 0x70, made[8] & 63 | 128
    return str(UUID(bytes=bytes(made)))


def _keyring(machine_key: bytes) -> Keyring:
    keyring = Keyring(machine_key)
    keyring.take([_MASTER.key(SCOPE, 1)], bytes(STRETCH_BYTES))
    return keyring


def _enrol_bob(file: Path, machine_key: bytes) -> None:
    directory = Directory.open(file, _keyring(machine_key))
    directory.put_local(Card(PartyId("bob"), "Bob"), [_BOB])
    directory.close()


def _first_answer(file: Path, machine_key: bytes) -> float:
    with file.open("rb") as handle:
        os.fsync(handle.fileno())
        os.posix_fadvise(handle.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    began = perf_counter()
    directory = Directory.open(file, _keyring(machine_key))
    _look_up(directory)
    spent = perf_counter() - began
    directory.close()
    return spent


def _read_once(file: Path) -> None:
    """Have the file in the system's cache, as of a till that has run for a while."""
    with file.open("rb") as handle:
        while handle.read(1 << 20):
            pass


def _look_up(directory: Directory) -> None:
    found = directory.party(_BOB)
    assert isinstance(found, Found), found
    assert directory.card(found.party_id) is not None


async def _delta(file: Path, machine_key: bytes) -> tuple[float, float, float]:
    """Apply the changes page by page; how long it took and worked, and the longest look-up."""
    directory, spent = Directory.open(file, _keyring(machine_key)), [0.0]
    pages = list(_pages())
    await directory.prepare([_BOB])
    looking = asyncio.create_task(_looking_up(directory, spent))
    await asyncio.sleep(PAUSE_S)
    began, worked = perf_counter(), thread_time()
    for page in pages:
        directory.apply(SCOPE, page)
        await asyncio.sleep(0)
    took, worked = perf_counter() - began, thread_time() - worked
    looking.cancel()
    assert directory.counts()["refused"] == 0
    directory.close()
    return took, worked, max(spent)


async def _looking_up(directory: Directory, spent: list[float]) -> None:
    while True:
        due = perf_counter() + PAUSE_S
        await asyncio.sleep(PAUSE_S)
        _look_up(directory)
        spent.append(perf_counter() - due)


def _pages() -> Iterator[FeedPage]:
    """Change customers of the crowd, far from one another."""
    keys, rng = keys_of(_MASTER.key(SCOPE, 1)), random.Random(7)
    some = rng.sample(range(1, CUSTOMERS + 1), CHANGED)
    changes = [_changed(keys, rng, fseq, n) for fseq, n in enumerate(some, 1)]
    for start in range(0, CHANGED, FEED_ITEMS_MAX):
        part: Sequence[FeedItem] = changes[start : start + FEED_ITEMS_MAX]
        yield FeedPage(tuple(part), _cursor(part[-1].fseq), more=True)


def _changed(keys: ScopeKeys, rng: random.Random, fseq: int, n: int) -> FeedItem:
    row = _sealed(keys, rng, party_of(n), fseq, 5)
    slots = zip(row.card.slots, tokens_of(n, CUSTOMERS), strict=True)
    found_by = tuple(msgspec.structs.replace(slot, token=token) for slot, token in slots)
    card = msgspec.structs.replace(row.card, slots=found_by)
    return _told(party_of(n), fseq, msgspec.structs.replace(row, card=card))


def _cursor(fseq: int) -> str:
    return f"1-ab.{fseq}.{'0' * 16}"
