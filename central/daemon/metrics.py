"""What Prometheus reads at `/metrics`: computed from the ledger when asked, never counted twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from litestar import Request, Response, get
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Engine, func, select

from central.intake.lag import LaneLag, StoreLag, stores
from central.ledger.engine import reading
from central.ledger.hq import hq_of
from central.ledger.tables import FEED_SCOPES, INCIDENTS

_LANE_LABELS = ("store", "till", "lane")
_LANES = {
    "received_seq": ("have_seq", "Highest record durable at HQ."),
    "lag_records": ("lag", "Records the till had at last contact and HQ has not."),
    "unapplied_records": ("unapplied", "Records received and not yet in histories."),
    "quarantined_records": ("quarantined", "Records that could not be applied."),
    "oldest_unsent_age_seconds": ("oldest_unacked_age_s", "As the till last said."),
}


class LedgerCollector(Collector):
    """Reads gauges from the ledger on each scrape."""

    def __init__(self, engine: Engine) -> None:
        """Keep the ledger."""
        self._engine = engine

    def collect(self) -> Iterable[Metric]:
        """Give every gauge."""
        with reading(self._engine) as conn:
            yield from _lanes(stores(conn))
            yield from _feeds(conn)
            yield _incidents(conn)


@get("/metrics", sync_to_thread=True, include_in_schema=True)
def get_metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Give the state of HQ in the Prometheus text format."""
    registry = CollectorRegistry()
    registry.register(LedgerCollector(hq_of(request).engine))
    ProcessCollector(namespace="till_central", registry=registry)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _lanes(found: tuple[StoreLag, ...]) -> Iterator[Metric]:
    for name, (field, help_) in _LANES.items():
        gauge = GaugeMetricFamily(f"till_central_{name}", help_, labels=_LANE_LABELS)
        for store in found:
            for till in store.tills:
                if till.state == "active":
                    for lane in till.lanes:
                        gauge.add_metric([store.store, till.till, lane.lane], _value(lane, field))
        yield gauge


def _value(lane: LaneLag, field: str) -> int:
    if field == "unapplied":
        return lane.have_seq - lane.applied_seq
    return int(getattr(lane, field))


def _feeds(conn: Connection) -> Iterator[Metric]:
    gauge = GaugeMetricFamily(
        "till_central_feed_seq", "Changes published so far.", labels=("scope",)
    )
    for row in conn.execute(select(FEED_SCOPES.c.scope, FEED_SCOPES.c.fseq)):
        gauge.add_metric([row.scope], row.fseq)
    yield gauge


def _incidents(conn: Connection) -> Metric:
    count = conn.execute(select(func.count()).select_from(INCIDENTS)).scalar_one()
    return GaugeMetricFamily("till_central_incidents", "Forks and rewinds noted.", value=count)
