"""Backups, restores and orders, told to a person at a terminal."""

from __future__ import annotations

from agent.program.terminal import say
from central.daemon.authority import CheckedAll, Ordered
from central.daemon.backups import Made
from central.daemon.restoring import Restored
from central.intake.outstanding import told


def show_made(made: Made) -> None:
    """Tell what was backed up, and what it means for the stores."""
    say(f"{made.place}: {made.records} records of {made.journals} journals, verified")
    for removed in made.removed:
        say(f"{removed} made room for it")
    say(f"{made.kept} backups are kept; stores must still hold {made.safe_lag} records themselves")
    for journal_id, fault in made.faults.items():
        say(f"FAULT of journal {journal_id}, here as in the backup: {fault}")
    if made.root_key:
        say("→ the root key is in it: whoever reads this backup can be HQ; lock it away")
    else:
        say("→ the root key is not in it: keep a copy of root.key apart, locked away")


def show_checked(checked: CheckedAll) -> None:
    """Tell how each backup was found."""
    for each in checked.backups:
        detail = f": {each.detail}" if each.detail else ""
        say(f"{each.backup_id} ({each.taken_at}) at {each.place}: {each.state}{detail}")
    if not checked.backups:
        say("There is no backup: stores keep everything. till-central backup DIR")
    elif not checked.ok:
        say(
            "→ bring the medium back; what is gone for good: till-central backup --forget ID, "
            "and stores may then prune what the remaining ones hold"
        )


def show_restored(restored: Restored) -> None:
    """Tell what is back, and what happens next."""
    say(
        f"{restored.backup_id}, taken {restored.taken_at}, is back: {restored.records} records of "
        f"{restored.journals} journals; epoch {restored.epoch} has begun"
    )
    if restored.aside:
        say(f"What was there before is kept: {restored.aside}")
    say("→ start HQ: the tills send again what is missing; till-central status shows how far it is")


def show_ordered(ordered: Ordered) -> None:
    """Tell which orders went out, and who still owes an answer."""
    for order in ordered.orders:
        say(told(order))
