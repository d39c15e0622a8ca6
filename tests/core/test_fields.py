"""Every error of a mapping at once, each with path, reason and remedy."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest

from agent.core.fields import FieldProblem, convert, convert_checked


class Inner(msgspec.Struct, frozen=True):
    name: str
    size: int = 3
    flavour: Literal["sweet", "sour"] = "sweet"


class Outer(msgspec.Struct, frozen=True, rename={"rows": "row"}):
    inner: Inner
    rows: tuple[Inner, ...] = ()
    rates: dict[str, int] = {}
    words: tuple[str, ...] = ()
    extra: Inner | None = None
    maybe: int | None = None
    flag: bool = False


def test_a_good_mapping_becomes_the_struct():
    """Right settings would be refused or lost on the way."""
    value, problems = convert(
        {"inner": {"name": "a"}, "row": [{"name": "b", "size": 4}], "words": ["x"], "flag": True},
        Outer,
    )
    assert [] == problems
    assert Outer(Inner("a"), (Inner("b", 4),), words=("x",), flag=True) == value


def test_all_errors_come_at_once():
    """A technician would mend one line only to be told of the next."""
    value, problems = convert(
        {
            "inner": {"name": 1, "sise": 2},
            "row": [{}, {"name": "b", "size": "4"}],
            "rates": {"a": "x"},
        },
        Outer,
    )
    assert value is None
    assert ["inner.sise", "inner.name", "row[0].name", "row[1].size", "rates.a"] == [
        problem.path for problem in problems
    ]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (
            {"inner": {"name": "a", "sise": 1}},
            FieldProblem("inner.sise", "'sise' is not a known setting", "did you mean 'size'?"),
        ),
        (
            {"inner": {"name": "a", "zzzz": 1}},
            FieldProblem(
                "inner.zzzz", "'zzzz' is not a known setting", "known here: name, size, flavour"
            ),
        ),
        ({}, FieldProblem("inner", "is missing", "add it; it takes a table")),
        (
            {"inner": 5},
            FieldProblem("inner", "is not a table", "write [inner] and its settings below"),
        ),
        (
            {"inner": {"name": "a"}, "row": {"name": "b"}},
            FieldProblem("row", "is not a list of tables", "write [[row]] per entry"),
        ),
        (
            {"inner": {"name": "a", "flavour": "hot"}},
            FieldProblem("inner.flavour", "'hot' does not fit", 'write one of "sweet", "sour"'),
        ),
        (
            {"inner": {"name": "a"}, "words": [1]},
            FieldProblem("words", "[1] does not fit", "write a list, each a text in quotes"),
        ),
        (
            {"inner": {"name": "a"}, "rates": 1},
            FieldProblem(
                "rates", "1 does not fit", "write name = value lines, each value a whole number"
            ),
        ),
        (
            {"inner": {"name": "a"}, "maybe": "x"},
            FieldProblem("maybe", "'x' does not fit", "write a whole number"),
        ),
        (
            {"inner": {"name": "a"}, "extra": {"name": 5}},
            FieldProblem("extra.name", "5 does not fit", "write a text in quotes"),
        ),
    ],
)
def test_each_problem_says_what_to_write(data, problem):
    """An error without a remedy leaves the technician guessing."""
    assert (None, [problem]) == convert(data, Outer)


def _small(value):
    """A rule that only a struct can be held against."""
    for index, inner in enumerate((value.inner, *value.rows)):
        if inner.size > 9:
            yield FieldProblem(f"{index}.size", "is too large", "write 9 at most")


def test_rules_are_heard_beside_wrong_fields():
    """A technician would mend a spelling only to be told of a wrong value next."""
    data = {"inner": {"name": "a", "size": 10, "sise": 2}, "words": "x", "row": [{"name": "b"}]}
    value, problems = convert_checked(data, Outer, _small)
    assert value is None
    assert ["inner.sise", "words", "0.size"] == [problem.path for problem in problems]


def test_rules_look_at_a_good_mapping():
    """A wrong value of the right type would be let through, or a good file refused."""
    assert (Outer(Inner("a")), []) == convert_checked({"inner": {"name": "a"}}, Outer, _small)
    value, problems = convert_checked({"inner": {"name": "a", "size": 10}}, Outer, _small)
    assert (None, ["0.size"]) == (value, [problem.path for problem in problems])


def test_one_field_has_one_problem():
    """The default in place of a wrong value would be held against the technician too."""

    def check(_value):
        yield FieldProblem("words", "are too few", "write more")

    _, problems = convert_checked({"inner": {"name": "a"}, "words": 5}, Outer, check)
    assert ["5 does not fit"] == [problem.detail for problem in problems]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"inner": {}},
        {"inner": {"name": 5, "size": 10}},
        {"inner": {"name": "a", "size": 10}, "row": [{}]},
        {"inner": {"name": "a", "size": 10}, "row": 5},
        {"inner": {"name": "a", "size": 10}, "extra": 5},
    ],
)
def test_rules_wait_where_there_is_nothing_to_look_at(data):
    """A rule would break over a value that is not there, or blame what is only missing."""
    value, problems = convert_checked(data, Outer, _small)
    assert value is None
    assert problems
    assert not any("too large" in problem.detail for problem in problems)
