"""What Prometheus is told: read from the parts at the moment it asks, counted nowhere twice."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from agent.api.backend import Backend
from agent.api.upkeep import disk_status
from agent.journal import chains, upkeep
from agent.journal.chains import Head
from agent.journal.upkeep import Done

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Snapshot(Collector):
    """The numbers of one moment."""

    def __init__(self, backend: Backend, heads: list[Head], done: dict[str, Done]) -> None:
        self._backend = backend
        self._heads = heads
        self._done = done

    def collect(self) -> Iterator[Metric]:
        """Give every family."""
        version = {"version": self._backend.version, "store": self._backend.settings.store.id}
        yield InfoMetricFamily("till_agent", "This program", value=version)
        yield from self._tills()
        yield from self._scans()
        yield self._entries()
        yield from self._devices()
        yield from self._sync()
        yield from self._disk()
        yield from self._upkeep()

    def _tills(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily(
            "till_agent_inbox_waiting", "Requests and scans waiting", labels=["till"]
        )
        refused = CounterMetricFamily(
            "till_agent_inbox_refused", "Turned away: the inbox was full", labels=["till"]
        )
        turned = GaugeMetricFamily(
            "till_agent_loop_idle_seconds", "Since the till loop turned last", labels=["till"]
        )
        now = time.monotonic()
        for till, loop in self._backend.tills.items():
            waiting.add_metric([till], loop.waiting)
            refused.add_metric([till], loop.refused)
            turned.add_metric([till], now - loop.turned_at)
        yield from (waiting, refused, turned)

    def _scans(self) -> Iterator[Metric]:
        scans = CounterMetricFamily(
            "till_agent_scans", "Scans by what they were", labels=["till", "kind"]
        )
        for till, loop in self._backend.tills.items():
            for kind, count in loop.scans.items():
                scans.add_metric([till, kind], count)
        yield scans

    def _entries(self) -> Metric:
        entries = CounterMetricFamily(
            "till_agent_journal_entries", "Entries of the open journals", labels=["till", "lane"]
        )
        for head in self._heads:
            if not head.sealed:
                entries.add_metric([head.till, head.lane], head.tail_seq)
        return entries

    def _devices(self) -> Iterator[Metric]:
        states = GaugeMetricFamily(
            "till_agent_device_state", "1 for the state a device is in", labels=["device", "state"]
        )
        counts = CounterMetricFamily(
            "till_agent_device_events",
            "What happened at a device: scans, noise, unknown, reopenings, restarts, jobs",
            labels=["device", "event"],
        )
        for device in self._backend.devices():
            states.add_metric([device.id, device.state], 1)
            for event, count in device.counters.items():
                counts.add_metric([device.id, event], count)
        yield from (states, counts)

    def _sync(self) -> Iterator[Metric]:
        status = self._backend.sync()
        if status is None:
            return
        yield GaugeMetricFamily("till_agent_hq_online", "HQ answered last", value=status.online)
        backlog = GaugeMetricFamily(
            "till_agent_hq_backlog", "Entries HQ has not acknowledged", labels=["till", "lane"]
        )
        for till, lanes in status.backlog.items():
            for lane, count in lanes.items():
                backlog.add_metric([till, lane], count)
        yield backlog

    def _disk(self) -> Iterator[Metric]:
        disk = disk_status(self._backend.journal.space)
        yield GaugeMetricFamily(
            "till_agent_disk_free_bytes", "Free on the journal's disk", value=disk.free
        )
        yield GaugeMetricFamily(
            "till_agent_disk_usable_bytes",
            "To be written before the reserve is needed; negative once it was",
            value=disk.usable,
        )
        yield GaugeMetricFamily(
            "till_agent_disk_reserve_bytes", "Held back for a full disk", value=disk.reserve
        )
        if disk.days_left is not None:
            yield GaugeMetricFamily(
                "till_agent_disk_days_left",
                "Business days until no sale can be begun",
                value=disk.days_left,
            )
        level = GaugeMetricFamily(
            "till_agent_disk_level", "1 for the level the disk is at", labels=["level"]
        )
        level.add_metric([disk.level], 1)
        yield level

    def _upkeep(self) -> Iterator[Metric]:
        failed = GaugeMetricFamily(
            "till_agent_upkeep_failed", "1 where it failed since its last success", labels=["task"]
        )
        since = GaugeMetricFamily(
            "till_agent_upkeep_days_since",
            "Business days closed since the last success",
            labels=["task"],
        )
        for task, done in self._done.items():
            failed.add_metric([task], not done.ok)
            if done.ok_at:
                since.add_metric([task], done.days_since)
        yield from (failed, since)


async def exposition(backend: Backend) -> bytes:
    """Write the metrics of this moment."""
    heads = await backend.journal.read(chains.heads)
    done = await backend.journal.read(upkeep.done)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot(backend, heads, done))
    return generate_latest(registry)
