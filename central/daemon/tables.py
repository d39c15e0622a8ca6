"""Results as tables for a person at a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from central.daemon.commands import Status, Verified
from central.intake.lag import LaneLag

_OUT = Console(highlight=False, soft_wrap=True)


def show_status(status: Status) -> None:
    """Show how far every store is in, then what needs a person."""
    table = Table("Store", "Till", "Lane", "Held", "Missing", "Not applied", "Last contact")
    for store in status.stores:
        for till in store.tills:
            name = till.till if till.state == "active" else f"{till.till} ({till.state})"
            for lane in till.lanes:
                table.add_row(store.store, name, *_lane(lane))
    if status.stores:
        _OUT.print(table)
    else:
        _OUT.print("No till is enrolled yet: till-central enrol-code STORE TILL")
    if status.quarantined:
        _OUT.print(f"{status.quarantined} records are set aside: see `quarantined` in --json")
    for incident in status.incidents:
        _OUT.print(f"{incident.at} {incident.name}: {incident.detail}", markup=False)
        _OUT.print(f"→ {incident.remedy}", markup=False)


def show_verified(verified: Verified) -> None:
    """Show each journal, and what does not hold."""
    for found in verified.journals:
        what = "ok" if found.fault is None else f"FAULT: {found.fault}"
        _OUT.print(f"{found.store} {found.till} {found.lane}: {found.have_seq} records, {what}")
    for journal_id in verified.unbound:
        _OUT.print(f"journal {journal_id}: FAULT: it has records, but belongs to no till")
    if verified.ok:
        _OUT.print(f"{len(verified.journals)} journals verified from their beginning")
    else:
        _OUT.print("→ keep a copy of the database, find out who changed it, restore a backup")


def _lane(lane: LaneLag) -> tuple[str, ...]:
    missing = str(lane.lag) if lane.lag else "-"
    if lane.lag and lane.oldest_unacked_age_s:
        missing += f" (oldest {lane.oldest_unacked_age_s} s)"
    waiting = lane.have_seq - lane.applied_seq
    behind = " + ".join(
        text
        for count, text in (
            (waiting, str(waiting)),
            (lane.quarantined, f"{lane.quarantined} aside"),
        )
        if count
    )
    return lane.lane, str(lane.have_seq), missing, behind or "-", lane.last_contact_at or "never"
