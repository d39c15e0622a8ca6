"""`till-agent import-items`: the catalogue from a file, at an agent that has no HQ to send it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from agent.core.faults import InputFault, StateFault
from agent.core.recognition.catalogue import Told, codes_of, joined, read_catalogue, taken
from agent.core.recognition.items import Item
from agent.core.rows import ENCODING, ERRORS, Problem
from agent.daemon.control import DaemonAway, ask
from agent.daemon.files import DIRECTORY, JOURNAL, become_owner, state_dir
from agent.program.terminal import print_json, say, say_aside
from agent.settings import Settings, load

CHUNK_ITEMS = 1000
CHUNK_BYTES = 512 * 1024
"""Half of what the daemon takes in one request."""


class Imported(msgspec.Struct, frozen=True):
    """What became of a catalogue."""

    file: str
    items: int
    """Items that could be read."""
    kept: int
    """Items the till has now; one that an HQ once brought is not replaced by a file."""
    skipped: int
    """Rows left out; each has its line among the problems."""
    problems: tuple[Problem, ...] = ()


def import_catalogue(config: Path, file: Path, *, json: bool) -> int:
    """Read a catalogue into the till's directory; gives the exit code, 1 where rows were left out.

    An item of the file replaces what was held of it, prices included; other items stay.

    Raises:
        StateFault: the settings name an HQ, which is where items come from then.
        InputFault: the file cannot be read at all.
        JournalLocked: a daemon runs, but does not answer.
    """
    settings = load(config)
    if settings.hq is not None:
        raise StateFault(
            f"this agent gets its items from HQ at {settings.hq.url}",
            remedy=f"import them there: till-central import-items {file}",
            name="has-hq",
        )
    problems: list[Problem] = []
    items = list(_usable(_read(settings, file, problems), settings, problems))
    report = Imported(
        file=file.name,
        items=len(items),
        kept=_hand_over(settings, items),
        skipped=sum(problem.skipped for problem in problems),
        problems=tuple(sorted(problems, key=lambda problem: problem.line)),
    )
    print_json(report) if json else _show(report)
    return int(report.skipped > 0)


def _read(settings: Settings, file: Path, problems: list[Problem]) -> list[Told]:
    try:
        with file.open(encoding=ENCODING, errors=ERRORS, newline="") as lines:
            currency = settings.store.currency
            return read_catalogue(str(file), lines, problems, currency=currency)
    except OSError as error:
        raise InputFault(
            f"{file} cannot be read: {error.strerror}",
            remedy="check the path, and that this user may read the file",
            name="file-unreadable",
        ) from error


def _usable(told: Iterable[Told], settings: Settings, problems: list[Problem]) -> Iterator[Item]:
    """Leave out what the till could not sell: unknown taxes, a code of another item."""
    owner: dict[str, str] = {}
    for each in told:
        item = joined(each.items)
        try:
            _check_taxes(item, settings)
            _claim(item, owner)
        except InputFault as fault:
            problems += [Problem(line, fault.detail, fault.remedy) for line in each.lines]
        else:
            yield item


def _check_taxes(item: Item, settings: Settings) -> None:
    for tax in item.taxes:
        if tax not in settings.tax:
            known = ", ".join(settings.tax) or "none"
            raise InputFault(
                f"the settings have no tax {tax!r}",
                remedy=f"add it under [tax], or write one of those there: {known}",
            )


def _claim(item: Item, owner: dict[str, str]) -> None:
    for code in codes_of(item):
        if owner.get(code, item.item_id) != item.item_id:
            raise taken(code, owner[code])
    owner.update(dict.fromkeys(codes_of(item), item.item_id))


def _hand_over(settings: Settings, items: list[Item]) -> int:
    try:
        return sum(
            ask(settings, "POST", "/v1/items", {"items": chunk})["items"]
            for chunk in _chunks(items)
        )
    except DaemonAway:
        return _put(settings, items)


def _chunks(items: Iterable[Item]) -> Iterator[list[msgspec.Raw]]:
    chunk: list[msgspec.Raw] = []
    size = 0
    for item in items:
        encoded = msgspec.json.encode(item)
        if chunk and (len(chunk) == CHUNK_ITEMS or size + len(encoded) > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(msgspec.Raw(encoded))
        size += len(encoded) + 1
    if chunk:
        yield chunk


def _put(settings: Settings, items: list[Item]) -> int:
    """Open the directory as its owner, while no daemon has it."""
    from agent.directory import Directory
    from agent.journal.lock import Lock
    from agent.journal.preparation import check_directory

    directory = state_dir(settings)
    become_owner(directory)
    check_directory(directory)
    lock = Lock.take(directory / JOURNAL)
    try:
        held = Directory.open(directory / DIRECTORY)
        try:
            return held.import_items(items)
        finally:
            held.close()
    finally:
        lock.release()


def _show(report: Imported) -> None:
    for problem in report.problems:
        left_out = "left out: " if problem.skipped else ""
        say_aside(f"line {problem.line}: {left_out}{problem.reason}")
        say_aside(f"→ {problem.remedy}")
    say(
        f"{report.file}: {report.kept} of {report.items} items kept, {report.skipped} rows left out"
    )
