"""Backups, restores and orders, told to a person at a terminal."""

from __future__ import annotations

from agent.program.terminal import say
from central.daemon.authority import CheckedAll, Ordered, Renewed
from central.daemon.backups import Made
from central.daemon.restoring import Restored
from central.intake.outstanding import told
from central.privacy.rights import SignedProof


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


def show_proof(signed: SignedProof) -> None:
    """Tell where the erasure of a person stands: replica by replica, and what stays."""
    shown = signed.proof
    state = "complete" if shown.complete else f"under way, due {shown.due}"
    say(f"request {shown.request_id}: {state}{', LATE' if shown.late else ''}")
    for each in shown.replicas:
        why = ", ".join((*each.outcomes, *([each.note] if each.note else [])))
        say(f"  {each.replica_id}: {each.state.value}{f' ({why})' if why else ''}")
    reasons = dict.fromkeys(
        (each.data_class, each.reason, each.law, each.until) for each in shown.kept
    )
    for data_class, reason, law, until in reasons:
        say(f"  kept: {data_class.value}{f' until {until}' if until else ''}: {reason} ({law})")
    for undecided in shown.unclear:
        say(f"  undecided: {undecided.key}: {undecided.reason} → {undecided.remedy}")
    if not shown.complete:
        say("→ tills report by themselves; run it again for what has come in since")


def show_restored(restored: Restored) -> None:
    """Tell what is back, and what happens next."""
    say(
        f"{restored.backup_id}, taken {restored.taken_at}, is back: {restored.records} records of "
        f"{restored.journals} journals; epoch {restored.epoch} has begun"
    )
    if restored.erased_again:
        say(f"{restored.erased_again} orders to erase are younger than it: they are carried out")
    if restored.tokens_ended_again:
        say(f"{restored.tokens_ended_again} tokens were ended since: they open nothing")
    if restored.aside:
        say(f"What was there before is kept: {restored.aside}")
        say("→ delete it when it is needed no more: whoever is erased from now on stays in it")
    say("→ start HQ: the tills send again what is missing; till-central status shows how far it is")


def show_renewed(renewed: tuple[Renewed, ...]) -> None:
    """Tell whose keys are new, and what happens next."""
    for each in renewed:
        say(f"{each.scope}: generation {each.generation} of its key is sealed with from now on")
    say("→ tills that reach HQ take the new key within a minute and read their customers anew")
    say("→ a stolen device also needs: till-central revoke STORE TILL --reason …, before this")


def show_ordered(ordered: Ordered) -> None:
    """Tell which orders went out, and who still owes an answer."""
    for order in ordered.orders:
        say(told(order))
