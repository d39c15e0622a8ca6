"""Who sold and who is credited, over millions of lines of three channels: HQ's report of leads.

An HQ database of the true schema with two years of stores, web and catalogue: five million lines,
three to a basket, one basket in ten a return, one in eight credited to another channel. The real
`till-central serve` is asked for all of it at once (`GET /v1/reports/leads`) and for one day. Both
views must come to what the lines come to, on every day. Base: one reading of all lines, which a
report without an index could not do without.
"""

from __future__ import annotations

import json
import os
import secrets
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine, text

from benchmarks.hq import database_of, on_each, running_hq
from benchmarks.rights import cpu_s
from benchmarks.table import Row
from central.ledger.engine import open_engine, reading, writing

LINES = int(os.environ.get("BENCH_CREDIT_LINES", "5000000"))
DATABASES = os.environ.get("BENCH_CREDIT_ON", "SQLite PostgreSQL").split()
DAYS = 730
PER_BASKET = 3
ROUNDS = 3
MOST_S = 10
WAIT_S = 600
_FIRST = date(2025, 1, 1)
_STAFF = secrets.token_hex()
_BODY = b'{"lines":[' + b'{"line":1,"quantity":1000,"net":100,"item":"item-0000001"},' * 3 + b"]}"
"""About as long as the body of such an order; the report reads none."""

# Of ten baskets seven are a store's, two the web's, one the catalogue's; each tenth is a return
# (`sign`). Numbers are scattered by a multiplication, so that no two days look alike.
_BASKETS = """WITH RECURSIVE n(i) AS (
        SELECT CAST(:first AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :after
    ), basket AS (
        SELECT i, CAST(100000000000 + i AS TEXT) AS no, i % 10 AS tenth,
            CASE i % 20 WHEN 13 THEN -1 WHEN 18 THEN -1 ELSE 1 END AS sign,
            100 + (i * 7919) % 4000 AS price
        FROM n
    ) """
_LINES = ", (SELECT 1 AS line UNION ALL SELECT 2 UNION ALL SELECT 3) AS of_basket"
_FILL = (
    """INSERT INTO sale (sale_id, journal_id, seq, receipt_no, store, till, business_date,
        currency, completed_at, total, net, discount, change, cash_rounding)
    {baskets}
    SELECT '019a0000-0000-7000-8000-' || no, 'journal-of-the-till-' || CAST(i % 500 AS TEXT), i,
        'store-' || CAST(i % 500 AS TEXT) || '-till-1-J1AB-' || CAST(i AS TEXT),
        'store-' || CAST(i % 500 AS TEXT), 'till-1', :day, 'EUR', :day || 'T12:00:00.000Z',
        sign * 3 * price, sign * 3 * price, 0, 0, 0
    FROM basket WHERE tenth < 7""",
    """INSERT INTO sale_line (sale_id, line, name, item_id, quantity, unit, unit_price, extension,
        discount, voided)
    {baskets}
    SELECT '019a0000-0000-7000-8000-' || no, line, 'Coffee 250 g', 'item-' || CAST(price AS TEXT),
        sign * 1000, 'ea', price, sign * price, 0, CAST(0 AS BOOLEAN)
    FROM basket{lines} WHERE tenth < 7""",
    """INSERT INTO channel_booking (event, party_id, channel, business_date, currency, net, body)
    {baskets}
    SELECT CASE tenth WHEN 9 THEN 'catalogue/' ELSE 'web/' END || no, NULL,
        CASE tenth WHEN 9 THEN 'catalogue' ELSE 'web' END, :day, 'EUR',
        sign * 3 * price, :body
    FROM basket WHERE tenth >= 7""",
    # A sale of a store that the web began, and an order of the web that a store began.
    """INSERT INTO lead_credit (event, number, line, business_date, currency, booked, channel,
        touch_point, lead_id, net, why, rule)
    {baskets}
    SELECT CASE tenth WHEN 7 THEN 'web/' ELSE '019a0000-0000-7000-8000-' END || no, line, line,
        :day, 'EUR', CASE tenth WHEN 7 THEN 'web' ELSE 'store' END,
        CASE tenth WHEN 7 THEN 'store' ELSE 'web' END, 'web', 'web/cart-' || no, sign * price,
        'lead-redeemed', 'last 1'
    FROM basket{lines} WHERE tenth = 3 OR tenth = 7 AND i % 3 = 0""",
)
_SUM_OF_LINES = """SELECT s.business_date, sum(l.extension) FROM sale AS s
    JOIN sale_line AS l ON l.sale_id = s.sale_id GROUP BY s.business_date"""
_SUM_OF_ORDERS = "SELECT business_date, sum(net) FROM channel_booking GROUP BY business_date"


def run() -> list[Row]:
    """Fill, ask, and compare what was answered with the lines."""
    return on_each(DATABASES, _on)


def _on(name: str, folder: Path) -> list[Row]:
    folder.mkdir()
    with (
        database_of(name, folder) as database,
        running_hq(folder, database, token=_STAFF) as (url, _),
    ):
        engine = open_engine(database or folder / "central" / "central.sqlite")
        _fill(engine)
        base_s, planted = _timed(lambda: _planted(engine))
        engine.dispose()
        before_s = cpu_s(url)
        first_s, report = _timed(lambda: _ask(url, ""))
        computed_s = cpu_s(url) - before_s
        _check(report, planted)
        again = [_timed(lambda: _ask(url, ""))[0] for _ in range(ROUNDS)]
        day = (_FIRST + timedelta(DAYS // 2)).isoformat()
        one_s, _ = _timed(lambda: _ask(url, f"?since={day}&until={day}"))
    of = f"report of {LINES:,} lines on {name}"
    return [
        Row(f"reading these lines once (base) on {name}", base_s, "s"),
        Row(f"{of}, first", first_s, "s", first_s / base_s, f"<= {MOST_S} s", first_s <= MOST_S),
        Row("the same, CPU of HQ alone", computed_s, "s"),
        Row(f"{of}, then", median(again), "s", median(again) / base_s),
        Row(f"{of}, one day of {DAYS}", one_s, "s", one_s / base_s),
    ]


def _fill(engine: Engine) -> None:
    """Plant two years, day by day as they come in; databases learn of them as they do by night."""
    baskets = LINES // PER_BASKET
    for n in range(DAYS):
        day = {
            "day": (_FIRST + timedelta(n)).isoformat(),
            "first": n * baskets // DAYS,
            "after": (n + 1) * baskets // DAYS,
            "body": _BODY,
        }
        with writing(engine) as conn:
            for statement in _FILL:
                filled = statement.format(baskets=_BASKETS, lines=_LINES)
                conn.execute(text(filled), day)
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(text("VACUUM ANALYZE"))


def _planted(engine: Engine) -> dict[str, int]:
    """Add up each day from the lines themselves, which no report reads."""
    sums: defaultdict[str, int] = defaultdict(int)
    with reading(engine) as conn:
        for query in (_SUM_OF_LINES, _SUM_OF_ORDERS):
            for day, net in conn.execute(text(query)):
                sums[day] += int(net)
    return sums


def _check(report: dict[str, Any], planted: dict[str, int]) -> None:
    assert report["off"] == [], report["off"]
    assert {each["channel"] for each in report["channels"]} == {"store", "web", "catalogue"}
    assert report["crossings"], "nothing was credited to another channel"
    for view in ("booked", "credited"):
        sums: defaultdict[str, int] = defaultdict(int)
        for each in report["channels"]:
            sums[each["business_date"]] += each[view]
        assert dict(sums) == dict(planted), view
        assert report[view] == {"EUR": sum(planted.values())}


def _ask(url: str, query: str) -> dict[str, Any]:
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=WAIT_S)) as conn:
        headers = {"Authorization": f"Bearer {_STAFF}"}
        conn.request("GET", f"/v1/reports/leads{query}", headers=headers)
        answer = conn.getresponse()
        body = answer.read()
    assert answer.status == 200, body
    found: dict[str, Any] = json.loads(body)
    return found


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    began = perf_counter()
    found = call()
    return perf_counter() - began, found
