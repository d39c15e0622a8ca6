"""Bugs where bytes have changed: salvage at the till, snapshots on their way to it."""

from __future__ import annotations

from agent.journal import preparation, remains, successors
from central.feed import building
from tests.simulation.mutants.planting import Planted, always


def _no_tail(_original):
    return lambda *_: iter(())


def _all_but_last(original):
    """What a file is made of lacks the last change of what is sold to whom; its position has it."""

    def portion(conn, scope, after):
        changes = original(conn, scope, after)
        told = [each for each in changes if each.key.startswith(("item:", "party:"))]
        return [each for each in changes if each is not (told or [None])[-1]]

    return portion


PLANTED = (
    Planted(
        "salvage-keeps-no-tail",
        "Of a damaged file only what is proven is kept, and nothing carried over.",
        (
            (remains.Remains, "_carried", _no_tail),
            (remains.Remains, "_readable", _no_tail),
        ),
        "damage",
    ),
    Planted(
        "broken-log-overlooked",
        "A log that was damaged in the middle is taken for one that a power cut has torn.",
        ((preparation, "_check_log", always(None)),),
        "damage",
    ),
    Planted(
        "unproven-taken-for-proven",
        "What a damaged file cannot prove is carried over as if it were proven.",
        (
            (remains, "commits", always(True)),
            (remains, "follows", always(True)),
            (successors, "_is_sealed", always(True)),
        ),
        "damage",
        start=6,
    ),
    Planted(
        "snapshot-lacks-a-change",
        "HQ's file of a scope lacks the last change before the position it names.",
        ((building, "_portion", _all_but_last),),
        "snapshots",
    ),
)
