"""`till-agent status`: the tills, the devices, the way to HQ, and what HQ does not have yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from agent.core.faults import NotFoundFault
from agent.daemon.backlog import LaneBacklog, backlog
from agent.daemon.control import DaemonAway, ask
from agent.daemon.files import read_journal
from agent.journal.salvaged import Salvaged
from agent.program.terminal import say
from agent.settings import Settings, load

_MB = 1 << 20


class StatusReport(msgspec.Struct, frozen=True):
    """What `status --json` prints."""

    store: str
    running: bool
    unsent: int
    """Entries of all journals that HQ has not acknowledged."""
    journals: list[LaneBacklog]
    hq: str | None
    """HQ's address in the settings; None where the agent works alone."""
    daemon: dict[str, Any] = {}
    """`GET /v1/status` of the running daemon."""


def gather(config: Path) -> StatusReport:
    """Ask the journal file, and the daemon where it runs.

    Raises:
        SettingsFault, JournalUnusable, AccessFault: neither can be asked.
    """
    settings = load(config)
    daemon = _daemon(settings)
    journals = _journals(settings, running=daemon is not None)
    return StatusReport(
        store=settings.store.id,
        running=daemon is not None,
        unsent=sum(lane.unsent for lane in journals),
        journals=journals,
        hq=settings.hq.url if settings.hq else None,
        daemon=daemon or {},
    )


def _daemon(settings: Settings) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = ask(settings, "GET", "/v1/status")
    except DaemonAway:
        return None
    return found


def _journals(settings: Settings, *, running: bool) -> list[LaneBacklog]:
    try:
        return read_journal(settings, backlog)
    except NotFoundFault:
        if running:
            raise
        return []


def show(report: StatusReport) -> None:
    """Say it in a few lines."""
    say(f"store {report.store}: daemon {'runs' if report.running else 'DOES NOT RUN'}")
    said = {one["journal_id"]: one["said"] for one in _sync(report).get("journals", [])}
    for lane in report.journals:
        say(f"  {lane.till} {lane.lane:<5} {lane.entries} entries, {lane.unsent} not at HQ")
        if report.hq and (words := said.get(lane.journal_id) or _ended(lane)):
            say(f"    {words}")
    _show_sync(report)
    _show_salvaged(report)
    _show_vanished(report)
    _show_directory(report)
    _show_disk(report)
    _show_upkeep(report)
    for device in report.daemon.get("devices", []):
        detail = f" ({device['detail']})" if device.get("detail") else ""
        say(f"  device {device['id']}: {device['state']}{detail}")
    if not report.running:
        say("→ start it: systemctl start till-agent")


def _show_salvaged(report: StatusReport) -> None:
    done = report.daemon.get("salvaged")
    if done:
        missing = msgspec.convert(done, Salvaged).missing
        say(f"  the journal was damaged and salvaged at {done['at']}: {missing}")
        say(f"    → keep {done['kept']} for the chain's IT, and check the disk")


def _show_vanished(report: StatusReport) -> None:
    gone = report.daemon.get("vanished")
    if gone:
        say(f"  at {gone['at']}: {gone['detail']}")
        say(f"    → {gone['remedy']}")


def _show_directory(report: StatusReport) -> None:
    held, known = report.daemon.get("directory"), report.daemon.get("known_customers")
    if trouble := report.daemon.get("directory_trouble"):
        say(f"  {trouble}")
    if held:
        say(f"  customers held here: {held['parties']}")
    if known:
        parts = f", {known['pieces']} of {known['of']} parts"
        here = "" if known["pieces"] == known["of"] else parts
        say(
            f"  customers known elsewhere: a filter of {known['bytes'] / _MB:.1f} MB{here}, "
            f"built {known['built_at'] or 'at an unknown time'}, "
            f"errs on {known['errs_ppm'] / 10_000:.2f} % of strangers"
        )
    elif held and report.hq:
        say("  customers known elsewhere: HQ has sent no filter yet")


def _show_disk(report: StatusReport) -> None:
    disk = report.daemon.get("disk")
    if not disk:
        return
    mb = {
        name: max(0, disk[name]) // _MB for name in ("free", "usable", "reserve", "reserve_wanted")
    }
    days = disk["days_left"]
    lasts = "" if days is None else f", for {days} business days"
    say(
        f"  disk {disk['level']}: {mb['usable']} MB to use{lasts}; "
        f"{mb['reserve']} of {mb['reserve_wanted']} MB in reserve"
    )
    if disk["level"] != "ok":
        say(f"    → {disk['remedy']}")


def _show_upkeep(report: StatusReport) -> None:
    for done in report.daemon.get("upkeep", []):
        if done["ok_at"]:
            say(f"  {done['task']}: {done['ok_at']}, {done['detail']}")
        if done["fault"]:
            say(f"  {done['task']} FAILED at {done['fault_at']}: {done['reason']}")
            say(f"    → {done['remedy']}")


def _sync(report: StatusReport) -> dict[str, Any]:
    return report.daemon.get("sync") or {}


def _ended(lane: LaneBacklog) -> str:
    return f"{lane.successor[:8]} goes on from it" if lane.successor else ""


def _show_sync(report: StatusReport) -> None:
    sync = _sync(report)
    if report.hq is None:
        say("  HQ: none in the settings, the agent works alone")
    elif sync:
        say(f"  HQ {report.hq}: {_hq_state(sync)}")
        for line in (sync.get("said"), sync.get("last_error")):
            if line:
                say(f"    {line}")
        for trouble in sync.get("troubles", []):
            _show_trouble(trouble)


def _hq_state(sync: dict[str, Any]) -> str:
    if not (sync["enrolled"] or sync["online"] or sync.get("last_error")):
        # Nobody has asked it: without a credential there is nothing to say to it.
        return "not enrolled yet; get a code there, then: till-agent enrol CODE"
    state = "answers" if sync["online"] else "DOES NOT ANSWER"
    enrolled = "" if sync["enrolled"] else ", NOT ENROLLED (till-agent enrol CODE)"
    return f"{state} since {sync['since']}{enrolled}"


def _show_trouble(trouble: dict[str, Any]) -> None:
    since = f" (since {trouble['since']})" if trouble.get("since") else ""
    lane = f" {trouble['lane']}" if trouble["lane"] else ""
    say(f"    {trouble['till']}{lane}: {trouble['detail']}{since}")
    if trouble.get("remedy"):
        say(f"      → {trouble['remedy']}")
