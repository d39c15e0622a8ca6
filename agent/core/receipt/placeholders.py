"""Words in braces in a template's texts: what they mean, and filling them in."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from agent.core.fields import FieldProblem

PLACEHOLDERS: Mapping[str, str] = {
    "store_name": "the shop's name",
    "address": "its address, in one line",
    "vat_id": "its VAT number",
    "date": "the day, as the language writes it",
    "time": "the time of day at the shop",
    "business_date": "the day the paper counts for",
    "till": "the till's id",
    "actor": "who was signed on",
    "currency": "ISO 4217 code of the amounts",
    "thanks": "the language's word of thanks",
    "receipt_no": "the receipt's number",
    "external_receipt_no": "the number POS software gave it",
    "sale_id": "the sale's UUID",
    "total": "what was to be paid, with its currency",
}
"""Name → what it is filled with."""
ON_RECEIPTS = frozenset(("receipt_no", "external_receipt_no", "sale_id", "total"))
"""Those that only a receipt can fill."""


def fill(text: str, values: Mapping[str, str]) -> str | None:
    """Put values in; None where the text has words in braces and none of them has a value.

    >>> fill("No. {receipt_no} {{", {"receipt_no": "7"}), fill("By {actor}", {"actor": ""})
    ('No. 7 {', None)
    """
    parts = list(_parts(text))
    found = [values.get(name, "") for _, name in parts if name is not None]
    if found and not any(found):
        return None
    return "".join(
        f"{before}{values.get(name, '') if name is not None else ''}" for before, name in parts
    )


def problems_in(text: str, path: str, *, on_report: bool = False) -> Iterator[FieldProblem]:
    """Say what is wrong with the braces of a text.

    Args:
        text: of the template.
        path: of the text, for the problem.
        on_report: whether it is also to stand on papers that are no receipts.
    """
    try:
        names = [name for _, name in _parts(text) if name is not None]
    except ValueError as error:
        yield FieldProblem(path, f"{text!r}: {error}", "write {{ and }} where a brace is meant")
        return
    for name in names:
        if name not in PLACEHOLDERS:
            yield _unknown(name, path)
        elif on_report and name in ON_RECEIPTS:
            yield FieldProblem(
                path,
                f"{{{name}}} is not known on a report, and this block is in report.sections",
                "take the block out of report.sections, or use another word",
            )


def _unknown(name: str, path: str) -> FieldProblem:
    near = get_close_matches(name, PLACEHOLDERS, n=1)
    known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
    meant = f"did you mean {{{near[0]}}}? " if near else ""
    return FieldProblem(path, f"{{{name}}} is not known", f"{meant}there are {known}")


def _parts(text: str) -> Iterator[tuple[str, str | None]]:
    """Take a text apart: what stands before each name, and the name."""
    for before, name, form, conversion in string.Formatter().parse(text):
        if form or conversion:
            raise ValueError("a word in braces takes no ':' and no '!'")
        yield before, name
