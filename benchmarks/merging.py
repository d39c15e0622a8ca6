"""How long a merge takes of two who have a long history each, and its undo: no event is rewritten.

An HQ database of the true schema with pairs of customers, each of them with a thousand events. The
real `till-central serve` is asked to merge each pair and to take it back (`POST /v1/merges`, its
`/undo`), over HTTP and with its commits. Afterwards every event must lie as it lay before. Base:
the same of pairs with one event each.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine, select

from agent.core.history import Interaction
from benchmarks.hq import database_of, on_each, running_hq
from benchmarks.rights import cpu_s
from benchmarks.table import Row
from central.identity.attributes import observe
from central.identity.interactions import record
from central.identity.parties import Origin, ensure
from central.ledger.customer_tables import INTERACTIONS
from central.ledger.engine import open_engine, reading, writing

EVENTS = int(os.environ.get("BENCH_MERGE_EVENTS", "1000"))
PAIRS = int(os.environ.get("BENCH_MERGE_PAIRS", "40"))
DATABASES = os.environ.get("BENCH_MERGE_ON", "SQLite PostgreSQL").split()
MOST_MS = 50
WAIT_S = 60
_AT = "2026-11-01T10:{:02d}:{:02d}.000Z"
_STAFF = secrets.token_hex()


def run() -> list[Row]:
    """Fill, merge and undo, on each database."""
    return on_each(DATABASES, _on)


def _on(name: str, folder: Path) -> list[Row]:
    folder.mkdir()
    with (
        database_of(name, folder) as database,
        running_hq(folder, database, token=_STAFF) as (url, _),
    ):
        engine = open_engine(database or folder / "central" / "central.sqlite")
        sizes = {1: _filled(engine, 1), EVENTS: _filled(engine, EVENTS)}
        before = _events(engine)
        times, spent = {}, {}
        for size, pairs in sizes.items():
            before_s = cpu_s(url)
            times[size] = _decided(url, pairs)
            spent[size] = (cpu_s(url) - before_s) * 1000 / (2 * len(pairs))
        assert before == _events(engine), "a merge has rewritten an event"
        engine.dispose()
    base_ms, _ = times[1]
    return [
        Row(f"merge of two with 1 event each (base) on {name}, median", median(base_ms), "ms"),
        *_rows(name, times[EVENTS], median(base_ms)),
        Row(f"a merge or undo with 1 event each on {name}, CPU of HQ alone", spent[1], "ms"),
        Row(f"the same with {EVENTS:,} events each", spent[EVENTS], "ms", spent[EVENTS] / spent[1]),
    ]


def _rows(name: str, times: tuple[list[float], list[float]], base_ms: float) -> Iterator[Row]:
    merged, undone = times
    of = f"of two with {EVENTS:,} events each on {name}"
    for what, value in (
        (f"merge {of}, median", median(merged)),
        (f"merge {of}, slowest of {PAIRS}", max(merged)),
        (f"its undo {of}, median", median(undone)),
    ):
        yield Row(what, value, "ms", value / base_ms, f"<= {MOST_MS} ms", value <= MOST_MS)


def _filled(engine: Engine, events: int) -> list[tuple[str, str]]:
    """Make pairs of customers with so many events each; gives their ids."""
    pairs = [(f"one-{events}-{n}", f"other-{events}-{n}") for n in range(PAIRS)]
    for pair in pairs:
        with writing(engine) as conn:
            for party_id in pair:
                origin = Origin("store-0001/till-1", _AT.format(0, 0), f"j/{party_id}")
                ensure(conn, party_id, origin)
                observe(conn, party_id, {"name": f"Ada {party_id}"}, origin)
                for n in range(events):
                    record(conn, party_id, _event(party_id, n), _AT.format(0, 0))
    return pairs


def _event(party_id: str, n: int) -> Interaction:
    return Interaction(
        f"{party_id}/{n}",
        "sale.completed",
        "store",
        "store-0001/till-1",
        _AT.format(n // 60 % 60, n % 60),
        "3 items: Coffee 250 g, Milk, Bread",
        f"store-0001-till-1-J1AB-{n}",
        1299,
        "EUR",
    )


def _events(engine: Engine) -> str:
    """Sum up all events, with whom they are written down under."""
    query = select(INTERACTIONS).order_by(INTERACTIONS.c.party_id, INTERACTIONS.c.event_id)
    with reading(engine) as conn:
        rows = [tuple(row) for row in conn.execute(query)]
    assert rows
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _decided(url: str, pairs: list[tuple[str, str]]) -> tuple[list[float], list[float]]:
    """Merge each pair and take it back; gives how long each took, in milliseconds."""
    merged, undone = [], []
    who = {"actor": "eva", "reason": "one person"}
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=WAIT_S)) as conn:
        for pair in pairs:
            merge_id = f"merge-{pair[0]}"
            asked = who | {"party_ids": pair, "merge_id": merge_id}
            merged.append(_asked(conn, "/v1/merges", asked))
            undone.append(_asked(conn, f"/v1/merges/{merge_id}/undo", who))
    return merged, undone


def _asked(conn: HTTPConnection, path: str, body: dict[str, Any]) -> float:
    headers = {"Authorization": f"Bearer {_STAFF}", "Content-Type": "application/json"}
    began = perf_counter()
    conn.request("POST", path, json.dumps(body), headers)
    answer = conn.getresponse()
    said = answer.read()
    taken_ms = (perf_counter() - began) * 1000
    assert answer.status in {200, 201}, said
    return taken_ms
