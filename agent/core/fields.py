"""A mapping (a parsed TOML file) to a frozen struct, field by field: every error at once.

`msgspec` stops at the first error; a technician at a shop's machine wants them all. Each problem
carries the path as it stands in the file, what is wrong, and what to write instead.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, TypeVar, cast, get_args, get_origin

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


class FieldProblem(msgspec.Struct, frozen=True):
    """One thing wrong with one field."""

    path: str
    """As in the file: `till[0].printer`, `store.currency`."""
    detail: str
    remedy: str


def convert(data: Mapping[str, Any], struct: type[S]) -> tuple[S | None, list[FieldProblem]]:
    """Convert a mapping to a struct; the value is None exactly when there are problems.

    Nested structs, tuples of structs and plain fields are each converted on their own, so one
    wrong value hides no other.
    """
    value, problems = _convert(data, struct, "")
    return (None if problems else value), problems


def convert_checked(
    data: Mapping[str, Any], struct: type[S], check: Callable[[S], Iterable[FieldProblem]]
) -> tuple[S | None, list[FieldProblem]]:
    """Convert a mapping like `convert`, and check what can be read of it by rules of its own.

    The rules see the values that do fit, and defaults in place of those that do not; a rule is not
    heard about a path that has a problem already. Where something a struct needs is missing, or a
    whole table is something else, the rules have nothing to look at and wait.
    """
    value, problems = _convert(data, struct, "")
    if value is not None:
        known = {problem.path for problem in problems}
        problems += [found for found in check(value) if found.path not in known]
    return (None if problems else value), problems


def _convert(
    data: Mapping[str, Any], struct: type[S], prefix: str
) -> tuple[S | None, list[FieldProblem]]:
    """Give the struct of what fits, defaults in place of what does not; None where none can be."""
    problems = list(_unknown(data, struct, prefix))
    values: dict[str, Any] = {}
    whole = True
    for field in msgspec.structs.fields(struct):
        path = f"{prefix}{field.encode_name}"
        if field.encode_name in data:
            value, found = _field(data[field.encode_name], field.type, path)
            problems += found
            if value is not None:
                values[field.name] = value
            elif field.required or _struct_in(field.type):
                whole = False
        elif field.required:
            problems.append(_missing(path, field.type))
            whole = False
    return (struct(**values) if whole else None), problems


def _unknown(
    data: Mapping[str, Any], struct: type[msgspec.Struct], prefix: str
) -> Iterator[FieldProblem]:
    known = [field.encode_name for field in msgspec.structs.fields(struct)]
    for key in data:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            remedy = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
            yield FieldProblem(f"{prefix}{key}", f"{key!r} is not a known setting", remedy)


def _missing(path: str, kind: object) -> FieldProblem:
    return FieldProblem(path, "is missing", f"add it; it takes {_described(kind)}")


def _field(value: object, kind: object, path: str) -> tuple[object, list[FieldProblem]]:
    nested = _struct_in(kind)
    if nested is not None and get_origin(kind) is dict:
        nested = None
    if nested is not None and get_origin(kind) is tuple:
        return _table_array(value, nested, path)
    if nested is not None:
        return _table(value, nested, path)
    if get_origin(kind) is dict and isinstance(value, Mapping):
        return _entries(value, get_args(kind)[1], path)
    try:
        return msgspec.convert(value, cast("type[object]", kind)), []
    except msgspec.ValidationError:
        problem = FieldProblem(path, f"{value!r} does not fit", f"write {_described(kind)}")
        return None, [problem]


def _entries(
    value: Mapping[str, Any], kind: object, path: str
) -> tuple[object, list[FieldProblem]]:
    """Convert a table of names that the file chooses, each entry on its own."""
    found = {name: _field(entry, kind, f"{path}.{name}") for name, entry in value.items()}
    fitting = {name: entry for name, (entry, _) in found.items() if entry is not None}
    return fitting, [problem for _, problems in found.values() for problem in problems]


def _struct_in(kind: object) -> type[msgspec.Struct] | None:
    for part in (kind, *get_args(kind)):
        if isinstance(part, type) and issubclass(part, msgspec.Struct):
            return part
    return None


def _table(
    value: object, struct: type[msgspec.Struct], path: str
) -> tuple[object, list[FieldProblem]]:
    if isinstance(value, Mapping):
        return _convert(value, struct, f"{path}.")
    return None, [FieldProblem(path, "is not a table", f"write [{path}] and its settings below")]


def _table_array(
    value: object, struct: type[msgspec.Struct], path: str
) -> tuple[object, list[FieldProblem]]:
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        return None, [FieldProblem(path, "is not a list of tables", f"write [[{path}]] per entry")]
    rows = [_convert(row, struct, f"{path}[{index}].") for index, row in enumerate(value)]
    whole = tuple(row for row, _ in rows)
    return (None if None in whole else whole), [problem for _, found in rows for problem in found]


_WORDS: dict[object, str] = {
    str: "a text in quotes",
    int: "a whole number",
    bool: "true or false",
}


def _described(kind: object) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in arguments)
    if origin is tuple:
        return f"a list, each {_described(arguments[0])}"
    if origin is dict:
        return f"name = value lines, each value {_described(arguments[1])}"
    if arguments:
        return " or ".join(_described(part) for part in arguments if part is not type(None))
    return _WORDS.get(getattr(kind, "__supertype__", kind), "a table")
