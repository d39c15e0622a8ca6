"""What Prometheus reads at `/metrics`: computed from the ledger when asked, never counted twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from litestar import Request, Response, get
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import ColumnElement, Connection, Engine, func, select

from central.console.standing import ACTIVE, STALLED, LaneStanding, StoreStanding, standing
from central.histories import quarantine
from central.histories.parking import parked
from central.histories.troubles import troubles
from central.ledger.authority_tables import BACKUPS
from central.ledger.engine import reading
from central.ledger.hq import hq_of
from central.ledger.tables import FEED_SCOPES, INCIDENTS
from central.reports.times import seconds_between

_LANE_LABELS = ("store", "till", "lane")
_LANES: dict[str, tuple[str, Callable[[LaneStanding], int]]] = {
    "received_seq": ("Highest record durable at HQ.", lambda lane: lane.have_seq),
    "lag_records": (
        "Records the till had at last contact and HQ has not.",
        lambda lane: lane.lag,
    ),
    "lag_bytes": (
        "Bytes of them, as the till last said.",
        lambda lane: lane.backlog_bytes if lane.lag else 0,
    ),
    "unapplied_records": (
        "Records received and not yet in histories.",
        lambda lane: lane.have_seq - lane.applied_seq,
    ),
    "quarantined_records": ("Records that could not be applied.", lambda lane: lane.quarantined),
    "oldest_unsent_age_seconds": (
        "As the till last said.",
        lambda lane: lane.oldest_unacked_age_s,
    ),
    "safe_seq": ("Up to here every backup holds the journal.", lambda lane: lane.safe_seq),
    "stalled": (
        "1 where nothing has moved for minutes although there is a backlog.",
        lambda lane: lane.condition == STALLED,
    ),
    "chain_broken": (
        "1 where the last verification found a fault.",
        lambda lane: lane.chain is not None and lane.chain.fault is not None,
    ),
}
_STORES: dict[str, tuple[str, Callable[[StoreStanding], int]]] = {
    "store_everything_in": (
        "1 where HQ holds and shows all that the store's tills said they have.",
        lambda store: store.everything_in,
    ),
    "store_open_days": ("Business days that are not complete yet.", lambda store: store.open_days),
    "store_late_entries": (
        "Entries that came after their day was declared complete.",
        lambda store: store.late,
    ),
}


class LedgerCollector(Collector):
    """Reads gauges from the ledger on each scrape."""

    def __init__(self, engine: Engine, now: Callable[[], str]) -> None:
        """Keep the ledger and HQ's clock."""
        self._engine = engine
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """Give every gauge."""
        with reading(self._engine) as conn:
            found = standing(conn, self._now())
            yield from _lanes(found)
            yield from _stores(found)
            yield _contacts(found, self._now())
            yield from _feeds(conn)
            yield from _whole(conn)


@get("/metrics", sync_to_thread=True, include_in_schema=True)
def get_metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Give the state of HQ in the Prometheus text format."""
    registry = CollectorRegistry()
    hq = hq_of(request)
    registry.register(LedgerCollector(hq.engine, hq.now))
    ProcessCollector(namespace="till_central", registry=registry)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _lanes(found: tuple[StoreStanding, ...]) -> Iterator[Metric]:
    for name, (help_, value) in _LANES.items():
        gauge = GaugeMetricFamily(f"till_central_{name}", help_, labels=_LANE_LABELS)
        for store in found:
            for till in store.tills:
                for lane in till.lanes if till.state == ACTIVE else ():
                    if lane.succeeded_by is None:
                        gauge.add_metric([store.store, till.till, lane.lane], value(lane))
        yield gauge


def _stores(found: tuple[StoreStanding, ...]) -> Iterator[Metric]:
    for name, (help_, value) in _STORES.items():
        gauge = GaugeMetricFamily(f"till_central_{name}", help_, labels=("store",))
        for store in found:
            gauge.add_metric([store.store], value(store))
        yield gauge


def _contacts(found: tuple[StoreStanding, ...], now: str) -> Metric:
    gauge = GaugeMetricFamily(
        "till_central_silent_seconds",
        "Since the last contact, by HQ's clock.",
        labels=("store", "till"),
    )
    for store in found:
        for till in store.tills:
            silent_s = seconds_between(till.since, now)
            if till.state == ACTIVE and silent_s is not None:
                gauge.add_metric([store.store, till.till], silent_s)
    return gauge


def _feeds(conn: Connection) -> Iterator[Metric]:
    gauge = GaugeMetricFamily(
        "till_central_feed_seq", "Changes published so far.", labels=("scope",)
    )
    for row in conn.execute(select(FEED_SCOPES.c.scope, FEED_SCOPES.c.fseq)):
        gauge.add_metric([row.scope], row.fseq)
    yield gauge


def _whole(conn: Connection) -> Iterator[Metric]:
    """What is of HQ as a whole."""
    open_only = INCIDENTS.c.closed_at.is_(None)
    kept = BACKUPS.c.left_at.is_(None)
    for name, help_, value in (
        ("incidents", "Forks and rewinds noted, and not closed.", _count(conn, open_only)),
        ("quarantined", "Records that wait for a decision.", quarantine.count(conn)),
        ("parked", "Applied records that wait for another one.", parked(conn)),
        ("applier_troubles", "Journals the database fails on.", len(troubles(conn))),
        ("backups", "Backups that could still be restored.", _count(conn, kept)),
    ):
        yield GaugeMetricFamily(f"till_central_{name}", help_, value=value)


def _count(conn: Connection, where: ColumnElement[bool]) -> int:
    return int(conn.execute(select(func.count()).where(where)).scalar_one())
