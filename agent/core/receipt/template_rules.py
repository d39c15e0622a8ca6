"""A template file to a template: every error at once, each with its path, reason and remedy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import msgspec

from agent.core.fields import FieldProblem, convert_checked
from agent.core.receipt.placeholders import problems_in
from agent.core.receipt.template import BLOCKS, BlockSettings, TemplateSettings
from agent.core.receipt.words import WORDS, Words

NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
SECTIONS_MAX = 60
"""More than a receipt has parts; a list this long was pasted twice."""
LINES_MAX = 40
TEXT_MAX = 300
"""Characters of one line: more is a page, and no QR code that a telephone reads off paper."""
WORD_MAX = 60
LOGO_WIDTHS = range(8, 833)
"""Dots; 832 are 104 mm, the widest head of a receipt printer."""

RECEIPT_MUST: Mapping[str, str] = {
    "copy": "a second paper must be told from the first",
    "seller": "a receipt must say who sold",
    "identity": "a receipt must carry its number and its date",
    "lines": "a receipt must say what was sold",
    "totals": "a receipt must say what was to be paid",
    "taxes": "a receipt must show the tax of each rate",
}
"""Section that no receipt may lack → why."""
REPORT_MUST: Mapping[str, str] = {
    "copy": RECEIPT_MUST["copy"],
    "seller": "a report must say whose it is",
    "report": "without its figures a report is none",
}
_ANYWHERE = ("logo", "rule", "feed")
_OFTEN = frozenset(("copy", "rule", "feed"))
_RECEIPT_PARTS = (*RECEIPT_MUST, "tenders", "points", "return_code", *_ANYWHERE)
_REPORT_PARTS = (*REPORT_MUST, *_ANYWHERE)
_RESERVED = frozenset((*_RECEIPT_PARTS, *_REPORT_PARTS))

Problems = Iterator[FieldProblem]


def parse_template(
    data: Mapping[str, Any],
) -> tuple[TemplateSettings | None, list[FieldProblem]]:
    """Convert a parsed TOML file; the value is None exactly when there are problems."""
    return convert_checked(data, TemplateSettings, _problems)


def _problems(template: TemplateSettings) -> Iterable[FieldProblem]:
    return [problem for rule in _RULES for problem in rule(template)]


def _sections(template: TemplateSettings) -> Problems:
    listed = (
        ("receipt.sections", template.receipt.sections, _RECEIPT_PARTS, RECEIPT_MUST),
        ("report.sections", template.report.sections, _REPORT_PARTS, REPORT_MUST),
    )
    for path, sections, parts, must in listed:
        known = (*parts, *dict.fromkeys((*BLOCKS, *template.block)))
        yield from _named(path, sections, known)
        yield from _lacking(path, sections, must)
        if len(sections) > SECTIONS_MAX:
            yield FieldProblem(
                path, f"has {len(sections)} sections", f"{SECTIONS_MAX} are the most"
            )


def _named(path: str, sections: Sequence[str], known: Sequence[str]) -> Problems:
    for place, name in enumerate(sections):
        at = f"{path}[{place}]"
        if name not in known:
            yield FieldProblem(at, f"there is no section {name!r} here", _did_you_mean(name, known))
        elif name in _RESERVED - _OFTEN and name in sections[:place]:
            yield FieldProblem(at, f"{name!r} is there twice", "remove one of them")


def _lacking(path: str, sections: Sequence[str], must: Mapping[str, str]) -> Problems:
    for name, reason in must.items():
        if name not in sections:
            yield FieldProblem(path, f"{name!r} is missing: {reason}", f'add "{name}"')


def _blocks(template: TemplateSettings) -> Problems:
    for name, block in template.block.items():
        path = f"block.{name}"
        if name in _RESERVED:
            yield FieldProblem(path, f"{name!r} is a section of its own", "choose another name")
        elif not NAME.fullmatch(name):
            yield FieldProblem(
                path, f"{name!r} is no name", "begin with a letter; use a-z, 0-9, - and _"
            )
        on_report = name in template.report.sections
        yield from _texts(f"{path}.lines", block.lines, on_report=on_report)
        yield from _symbols(path, block, on_report=on_report)


def _symbols(path: str, block: BlockSettings, *, on_report: bool) -> Problems:
    for field, text in (("barcode", block.barcode), ("qr", block.qr)):
        if text is None:
            continue
        yield from _text(f"{path}.{field}", text, on_report=on_report)
        if not text.strip():
            yield FieldProblem(f"{path}.{field}", "is empty", "write what it says, or remove it")


def _spoken_texts(template: TemplateSettings) -> Problems:
    known = tuple(dict.fromkeys((*BLOCKS, *template.block)))
    for tag, texts in template.text.items():
        yield from _language(f"text.{tag}", tag)
        for name, lines in texts.items():
            path = f"text.{tag}.{name}"
            if name not in known:
                yield FieldProblem(path, f"there is no block {name!r}", _did_you_mean(name, known))
            yield from _texts(path, lines, on_report=name in template.report.sections)


def _texts(path: str, lines: Sequence[str], *, on_report: bool) -> Problems:
    if len(lines) > LINES_MAX:
        yield FieldProblem(path, f"has {len(lines)} lines", f"{LINES_MAX} are the most")
    for place, line in enumerate(lines):
        yield from _text(f"{path}[{place}]", line, on_report=on_report)


def _text(path: str, text: str, *, on_report: bool) -> Problems:
    if len(text) > TEXT_MAX:
        yield FieldProblem(
            path, f"has {len(text)} characters", f"{TEXT_MAX} are the most; make it two"
        )
    yield from problems_in(text, path, on_report=on_report)


def _words(template: TemplateSettings) -> Problems:
    words = tuple(field.name for field in msgspec.structs.fields(Words))
    for tag, changes in template.words.items():
        yield from _language(f"words.{tag}", tag)
        for name, said in changes.items():
            path = f"words.{tag}.{name}"
            if name not in words:
                remedy = _did_you_mean(name, words)
                yield FieldProblem(path, f"there is no word {name!r}", remedy)
            elif (name == "tenders") != isinstance(said, dict):
                yield _shape(path, name, tag)
            elif isinstance(said, dict):
                for kind, word in said.items():
                    yield from _word(f"{path}.{kind}", word)
            else:
                yield from _word(path, said)


def _shape(path: str, name: str, tag: str) -> FieldProblem:
    if name == "tenders":
        remedy = f'write [words.{tag}.tenders] and below it cash = "…"'
    else:
        remedy = f'write {name} = "…"'
    return FieldProblem(path, "does not fit", remedy)


def _word(path: str, word: str) -> Problems:
    if not word.strip() or not word.isprintable() or len(word) > WORD_MAX:
        yield FieldProblem(
            path, f"{word!r} is no word for a line", f"write 1 to {WORD_MAX} characters, no breaks"
        )


def _language(path: str, tag: str) -> Problems:
    if tag.lower().partition("-")[0] not in WORDS:
        yield FieldProblem(
            path, f"{tag!r} is no language of receipts", _did_you_mean(tag, tuple(WORDS))
        )


def _logo(template: TemplateSettings) -> Problems:
    logo = template.logo
    if logo is None:
        return
    if not logo.file.strip():
        yield FieldProblem("logo.file", "is empty", "name a picture, or remove [logo]")
    if logo.width not in LOGO_WIDTHS:
        yield FieldProblem(
            "logo.width",
            f"{logo.width} dots are not between {LOGO_WIDTHS[0]} and {LOGO_WIDTHS[-1]}",
            "write 384 for 58 mm paper, at most 576 for 80 mm",
        )
    if not 1 <= logo.threshold <= 255:
        yield FieldProblem(
            "logo.threshold", f"{logo.threshold} is not between 1 and 255", "write 128"
        )


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"


_RULES: tuple[Callable[[TemplateSettings], Problems], ...] = (
    _sections,
    _blocks,
    _spoken_texts,
    _words,
    _logo,
)
