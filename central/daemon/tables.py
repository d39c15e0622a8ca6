"""Results as tables for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from central.console.standing import LaneStanding
from central.daemon.commands import Verified
from central.daemon.status import Status
from central.intake.outstanding import told
from central.ledger.verify import remedy_of

_OUT = Console(highlight=False, soft_wrap=True)


def show_status(status: Status) -> None:
    """Show how far every store is in, then what needs a person."""
    if status.stores:
        _show_stores(status)
    else:
        _OUT.print("No till is enrolled yet: till-central enrol-code STORE TILL")
    for line in _summary(status):
        _OUT.print(line, markup=False)
    if status.disk_low:
        _OUT.print(f"DISK LOW: {status.disk_low}", markup=False)
    for stall in status.stalls:
        _OUT.print(f"STALLED {stall.store} {stall.till} {stall.lane}: {stall.detail}", markup=False)
        _OUT.print(f"→ {stall.remedy}", markup=False)
    for incident in status.incidents:
        over = f" (over since {incident.closed_at})" if incident.closed_at else ""
        _OUT.print(f"{incident.at} {incident.name}{over}: {incident.detail}", markup=False)
        _OUT.print(f"→ {incident.remedy}", markup=False)
    for order in status.orders:
        _OUT.print(told(order), markup=False)
    for device in status.revoked:
        _OUT.print(f"device {device.keyid} revoked {device.at}: {device.reason}", markup=False)


def _show_stores(status: Status) -> None:
    table = Table(
        "Store", "Till", "Lane", "State", "Held", "Missing", "Not applied", "Last contact"
    )
    for store in status.stores:
        for till in store.tills:
            name = till.till if till.state == "active" else f"{till.till} ({till.state})"
            for lane in till.lanes:
                table.add_row(*map(escape, (store.store, name, *_lane(lane))))
    _OUT.print(table)
    for store in status.stores:
        days = f"complete up to {store.complete_up_to or '-'}"
        held = "; ".join(
            f"{each.till} {each.business_date} {each.state}: {each.detail}"
            for each in store.held_back_by
        )
        late = f", {store.late} late entries" if store.late else ""
        _OUT.print(f"{store.store}: {days}{late}{f' ({held})' if held else ''}", markup=False)


def _summary(status: Status) -> Iterator[str]:
    yield "everything is in" if status.everything_in else "not everything is in"
    yield f"epoch {status.epoch}"
    if status.quarantined:
        yield f"{status.quarantined} records are set aside: till-central quarantine list"
    if status.parked:
        yield f"{status.parked} applied records wait for another one that is still on its way"
    for trouble in status.troubles:
        yield (
            f"the database fails at entry {trouble.journal_id}:{trouble.seq} since "
            f"{trouble.since} ({trouble.tries} tries): {trouble.reason}"
        )
    found = status.chains
    checked = f"{found.verified} of {found.journals} journals verified"
    since = f", the oldest at {found.oldest_check_at}" if found.oldest_check_at else ""
    broken = f", {found.broken} BROKEN" if found.broken else ""
    yield f"{checked}{since}{broken}; {found.records_unverified} records since"
    kept = status.backups
    if kept.kept:
        yield (
            f"{kept.kept} backups, the oldest of {kept.oldest_at}, the last of {kept.last_at} in "
            f"{kept.last_place}; {kept.unsafe_records} records are not in every one of them"
        )
        for place in kept.lost:
            yield f"no whole backup lies at {place} any more: till-central backup --check"
    else:
        yield "no backup: stores keep everything; take one with till-central backup DIR"


def show_verified(verified: Verified) -> None:
    """Show each journal, and what does not hold."""
    for found in verified.journals:
        what = "ok" if found.fault is None else f"FAULT: {found.fault}"
        _OUT.print(f"{found.store} {found.till} {found.lane}: {found.have_seq} records, {what}")
    for journal_id in verified.unbound:
        _OUT.print(f"journal {journal_id}: FAULT: it has records, but belongs to no till")
    if verified.ok:
        speed = f"{verified.records} records, {verified.records_per_s} a second"
        _OUT.print(f"{len(verified.journals)} journals verified from their beginning: {speed}")
    else:
        faults = [found.fault for found in verified.journals if found.fault is not None]
        faults += ["it belongs to no till"] * bool(verified.unbound)
        for remedy in dict.fromkeys(map(remedy_of, faults)):
            _OUT.print(f"→ {remedy}")


def _lane(lane: LaneStanding) -> tuple[str, ...]:
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
    contact = lane.last_contact_at or "never"
    return lane.lane, lane.condition, str(lane.have_seq), missing, behind or "-", contact
