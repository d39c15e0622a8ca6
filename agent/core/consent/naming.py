"""Which marks speak about what is asked, and which of them another mark has put an end to.

A mark ends another by naming it. What it ends is only what both speak of: who says yes to e-mail
after a no to everything has still said no to letters. An objection is ended by a yes alone, or by
a newer objection; one that came over from another party is ended for this party alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

import msgspec

from agent.core.consent.purposes import ANY, PURPOSES, Purpose, ancestry
from agent.core.consent.record import Asked, Mark, State

NOES = frozenset({State.OBJECTED, State.WITHDRAWN, State.REFUSED})
_ENDS_AN_OBJECTION = frozenset({State.GIVEN, State.OBJECTED})


class Named(msgspec.Struct, frozen=True):
    """The marks of one person, and who names whom."""

    marks: tuple[Mark, ...]
    by: Mapping[str, tuple[Mark, ...]]
    """Record id → the marks that name it."""
    knotted: frozenset[str]
    """Ids that name each other in a circle: no honest recorder makes one, and none of them ends
    another of them."""


def named(marks: Iterable[Mark]) -> Named:
    """Sort out who names whom, for any number of questions."""
    once = tuple(dict.fromkeys(marks))
    by: dict[str, tuple[Mark, ...]] = {}
    for mark in once:
        for other in mark.replaces:
            by[other] = (*by.get(other, ()), mark)
    return Named(once, by, _knotted(once))


def covers(mark: Mark, asked: Asked, purposes: Mapping[str, Purpose] = PURPOSES) -> bool:
    """Tell whether a mark speaks about what is asked.

    A yes speaks of its own purpose and of no wider contact than it names. A no to one address
    also speaks where any address of that contact may be used, and an objection also of what is
    part of its purpose.
    """
    if not asked.point and mark.point and mark.state in NOES:
        return _purpose(mark, asked, purposes) and mark.contact == asked.contact
    return _purpose(mark, asked, purposes) and reaches(mark, asked)


def reaches(mark: Mark, asked: Asked) -> bool:
    """Tell whether a mark speaks of every contact point that is asked about."""
    return mark.contact in (ANY, asked.contact) and mark.point in ("", asked.point)


def in_effect(
    held: Named, asked: Asked, purposes: Mapping[str, Purpose] = PURPOSES
) -> tuple[Mark, ...]:
    """Give the marks that decide what is asked; of other parties' only the objections."""
    return tuple(
        mark
        for mark in held.marks
        if covers(mark, asked, purposes)
        and not (mark.inherited and mark.state is not State.OBJECTED)
        and not any(_speaks(ender, mark, asked, purposes) for ender in enders(held, mark))
    )


def enders(held: Named, mark: Mark) -> tuple[Mark, ...]:
    """Give the marks that put an end to this one, where they speak of the same."""
    return tuple(ender for ender in held.by.get(mark.record_id, ()) if _may_end(held, ender, mark))


def _may_end(held: Named, ender: Mark, mark: Mark) -> bool:
    if ender.record_id == mark.record_id or (ender.inherited and not mark.inherited):
        return False
    if mark.state is State.OBJECTED and ender.state not in _ENDS_AN_OBJECTION:
        return False
    return not {ender.record_id, mark.record_id} <= held.knotted


def _speaks(ender: Mark, mark: Mark, asked: Asked, purposes: Mapping[str, Purpose]) -> bool:
    """Tell whether the ender covers all that the mark says of what is asked."""
    both = Asked(asked.purpose, asked.contact, mark.point or asked.point)
    return _purpose(ender, both, purposes) and reaches(ender, both)


def _purpose(mark: Mark, asked: Asked, purposes: Mapping[str, Purpose]) -> bool:
    if mark.purpose == asked.purpose:
        return True
    if mark.state is State.OBJECTED and mark.purpose in ancestry(asked.purpose, purposes):
        return True
    return mark.purpose == ANY and mark.state in NOES


def _knotted(marks: Iterable[Mark]) -> frozenset[str]:
    """Find the ids on a circle, or between two: those reached from neither end."""
    names: dict[str, set[str]] = {mark.record_id: set() for mark in marks}
    for mark in marks:
        names[mark.record_id] |= {other for other in mark.replaces if other in names}
    between = {each for others in names.values() for each in others if names[each]}
    if not between:
        return frozenset()
    names = {each: names[each] & between for each in between}
    stuck = _stuck(names)
    namers: dict[str, set[str]] = {each: set() for each in stuck}
    for each in stuck:
        for other in names[each] & stuck:
            namers[other].add(each)
    return _stuck(namers)


def _stuck(names: Mapping[str, set[str]]) -> frozenset[str]:
    """Give those that are left when whatever names nothing that is left is taken away."""
    sorter = TopologicalSorter(names)
    try:
        sorter.prepare()
    except CycleError:
        free = set[str]()
        while ready := sorter.get_ready():
            free.update(ready)
            sorter.done(*ready)
        return frozenset(names) - free
    return frozenset()
