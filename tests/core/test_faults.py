"""Faults: a name, a reason and a remedy, for whoever can act (P12)."""

from __future__ import annotations

import pytest

from agent.core.faults import (
    AccessFault,
    Fault,
    InputFault,
    NotFoundFault,
    StateFault,
    UnavailableFault,
)

KINDS = [Fault, InputFault, NotFoundFault, StateFault, AccessFault, UnavailableFault]


def test_a_fault_reads_as_one_line():
    """A log would name the trouble without the way out."""
    assert "no paper (put a roll in)" == str(Fault("no paper", remedy="put a roll in"))


def test_a_name_narrows_the_class_and_only_this_fault():
    """The API would answer with the wrong problem type."""
    named = StateFault("paid", remedy="wait", name="not-paid")
    assert ("not-paid", "wrong-state") == (named.name, StateFault("x", remedy="y").name)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_what_a_problem_needs(kind):
    """An error would reach the caller without status, title or type (RFC 9457)."""
    assert 400 <= kind.status < 600
    assert kind.title
    assert kind.name == kind.name.lower().strip()


def test_kinds_are_told_apart_by_name():
    """Two kinds of reader would see the same problem type."""
    assert len(KINDS) == len({kind.name for kind in KINDS})
