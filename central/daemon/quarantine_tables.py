"""The quarantine as tables for a person at a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from central.daemon.quarantine_commands import Listed
from central.histories.quarantine import Aside, Decision
from central.histories.replaying import Replayed

_OUT = Console(highlight=False, soft_wrap=True)


def show_aside(found: Listed) -> None:
    """Show what is set aside, and what to do about it."""
    if not found.entries:
        _OUT.print("Nothing is set aside.")
    else:
        table = Table("Entry", "Store", "Till", "What is wrong", "Since", "Tries", "Decided")
        for each in found.entries:
            table.add_row(*map(escape, _row(each)))
        _OUT.print(table)
        for name, count in found.names.items():
            _OUT.print(f"{count} wait: {name}", markup=False)
        _OUT.print('→ till-central quarantine replay --name NAME --reason "…", or void')
    if found.parked:
        _OUT.print(f"{found.parked} applied entries wait for another one that is still on its way")


def show_decisions(decisions: list[Decision]) -> None:
    """Show who decided what, newest first."""
    table = Table("When", "Who", "What", "Entry", "Why", "Outcome")
    for each in decisions:
        entry = f"{each.journal_id}:{each.seq}"
        row = (each.at, each.actor, each.action, entry, each.reason, each.outcome)
        table.add_row(*map(escape, row))
    _OUT.print(table if decisions else "Nothing was decided yet.")


def show_replayed(replayed: Replayed) -> None:
    """Show what became of a replay."""
    _OUT.print(f"{replayed.tried} tried, {replayed.applied} applied")
    for each in replayed.failures:
        _OUT.print(f"{each.journal_id}:{each.seq} stays: {each.outcome}", markup=False)


def _row(each: Aside) -> tuple[str, ...]:
    decided = f"void by {each.voided_by}: {each.void_reason}" if each.voided_at else "-"
    return (
        f"{each.journal_id}:{each.seq}",
        each.store or "?",
        each.till or "?",
        f"{each.name}: {each.reason}",
        each.since,
        str(each.tries),
        decided,
    )
