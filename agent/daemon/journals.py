"""`till-agent journal verify|tail|export|import`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from agent.core.entries.archive import ArchiveRefused
from agent.core.entries.bodies import EntryCarried
from agent.core.entries.canonical import decode
from agent.core.exchange.wire import WireRecord
from agent.core.faults import Fault, InputFault
from agent.daemon.backups import as_archive, is_backup
from agent.daemon.clock import SystemClock
from agent.daemon.files import device_key, opened_journal, read_journal
from agent.daemon.unfounding import taken_back
from agent.journal import Connection, chains, moving, reading
from agent.journal.archives import Checked, check, lines, take_in, write
from agent.journal.device_key import keyid
from agent.journal.prune import pruned_seq
from agent.journal.verify import JournalReport, verify
from agent.program.part_file import claimed, part_of
from agent.program.terminal import print_json, say, say_aside
from agent.settings import Settings, load

_PRIVATE = 0o600
"""An export holds what customers said."""


def verify_journals(config: Path, *, json: bool) -> int:
    """Check every journal completely; gives the exit code."""
    reports = read_journal(load(config), verify)
    return _show(
        reports,
        json=json,
        remedy="stop the daemon, copy the state directory away, check its disk (`dmesg`), then: "
        "till-agent journal salvage; it keeps this file, and goes on with all that can be read",
    )


def _show(reports: list[JournalReport], *, json: bool, remedy: str) -> int:
    if json:
        print_json(reports)
    for report in [] if json else reports:
        verdict = "intact" if report.ok else f"BROKEN: {report.fault}"
        say(f"{report.till} {report.lane:<5} {report.tail_seq} entries, {verdict}{_more(report)}")
    if all(report.ok for report in reports):
        return 0
    say_aside(f"→ {remedy}")
    return 1


def _more(report: JournalReport) -> str:
    """Say what else matters of a journal: that it ended, what only HQ has, what HQ lacks."""
    said = ", sealed" if report.sealed else ""
    said += f", pruned up to {report.pruned_seq}" if report.pruned_seq else ""
    return said + (f", {report.unacked} not at HQ" if report.unacked else "")


def tail_journals(config: Path, count: int, *, json: bool) -> None:
    """Show the last entries of each journal."""
    shown = read_journal(load(config), lambda conn: list(_tails(conn, count)))
    if json:
        print_json(shown)
    for entry in [] if json else shown:
        body = msgspec.json.encode(entry["body"]).decode()
        say(f"{entry['till']} {entry['lane']} {entry['seq']} {body}")


def _tails(conn: Connection, count: int) -> Iterator[dict[str, Any]]:
    for head in chains.heads(conn):
        base = max(1, head.tail_seq - count + 1, pruned_seq(conn, head.journal_id) + 1)
        for record in chains.records(conn, head.journal_id, base, count):
            yield {"till": head.till, "lane": head.lane, "seq": record.seq, "body": _body(record)}


def _body(record: WireRecord) -> object:
    if record.erased_by:
        return {"erased_by": record.erased_by}
    try:
        body = decode(record.kind, record.version, record.body)
        shown: dict[str, Any] = msgspec.to_builtins(body)
        if isinstance(body, EntryCarried) and body.body:
            shown["body"] = msgspec.json.decode(body.body)
    except (Fault, msgspec.DecodeError) as problem:
        return {"unreadable": str(problem)}
    return shown


def verify_file(file: Path, *, json: bool) -> int:
    """Prove an exported file, or a backup, from its first to its last byte; gives the exit code.

    Raises:
        ArchiveRefused: it is not what a till-agent wrote, or not all of it.
        JournalUnusable: it is a backup, and so damaged that SQLite cannot read it.
        InputFault: it cannot be read.
    """
    if is_backup(file):
        return _show(reading(file, verify), json=json, remedy="take another copy, if there is one")
    checked = _checked(file)
    if json:
        print_json(checked)
        return 0
    for journal in checked.journals:
        say(f"{journal.till} {journal.lane:<5} {journal.tail_seq} entries, intact")
    say(
        f"{file}: written by device {keyid(bytes.fromhex(checked.device_key))} of "
        f"{checked.store} at {checked.made_at}, {checked.records} entries"
    )
    return 0


def export_journals(config: Path, file: Path) -> None:
    """Write every journal into a file that proves itself, and read it back to make sure.

    Raises:
        InputFault: the file is there already, or cannot be written.
        ArchiveRefused: what was written does not prove itself: the journal is damaged.
    """
    settings = load(config)
    made_at = SystemClock().stamp().wall
    _require_new(file)
    try:
        with claimed(part_of(file, "till-agent"), _PRIVATE) as part:
            count = read_journal(settings, lambda conn: _written(conn, settings, made_at, part))
            _read_back(Path(part.name))
            _require_new(file)
            Path(part.name).rename(file)
            moving.sync(file.parent)
    except OSError as error:
        raise _unwritable(file, error) from error
    say(f"{count} lines in {file}, read back and proven")


def _written(conn: Connection, settings: Settings, made_at: str, part: BinaryIO) -> int:
    # Only now: where there is no journal, no key is made either.
    key = device_key(settings)
    count = write(part, lines(conn, settings.store.id, made_at, key))
    part.flush()
    os.fsync(part.fileno())
    return count


def _require_new(file: Path) -> None:
    try:
        is_there = file.exists()
    except OSError as error:
        raise _unwritable(file, error) from error
    if is_there:
        raise InputFault(
            f"{file} is there already", remedy="name a new file; nothing is overwritten"
        )


def _unwritable(file: Path, error: OSError) -> InputFault:
    return InputFault(
        f"{file} cannot be written: {error}", remedy="name a file this user may write"
    )


def import_journals(config: Path, file: Path, *, json: bool) -> None:
    """Take the journals of an exported file, or of a backup, in: sealed, for HQ to get them.

    Raises:
        ArchiveRefused: it is not what a till-agent wrote, or not all of it; nothing was taken in.
        StateFault: `journal-differs`: a journal is here with other entries.
        JournalLocked: the agent runs.
    """
    settings, at = load(config), SystemClock().stamp().wall
    with as_archive(settings, file) as archive:
        _checked(archive)
        with taken_back(settings, Fault), opened_journal(settings) as (journal, _):
            taken = journal.write_blocking(lambda conn: take_in(conn, archive, at))
    if json:
        print_json(taken)
        return
    for each in taken:
        verdict = "taken in" if each.taken else "here already"
        say(f"{each.till} {each.lane:<5} {each.entries} entries of {each.journal}, {verdict}")
    if any(each.taken for each in taken):
        say_aside(
            "→ the agent asks HQ what it holds of them (till-agent status says so); what HQ lacks "
            "goes there as a file: till-agent journal export, till-central import-journal"
        )


def _checked(file: Path) -> Checked:
    try:
        return check(file)
    except OSError as error:
        raise InputFault(
            f"{file} cannot be read: {error}", remedy="name a file of: till-agent journal export"
        ) from error


def _read_back(file: Path) -> None:
    """A file that does not prove itself is worse than none: it never gets its name."""
    try:
        _checked(file)
    except Fault as fault:
        raise ArchiveRefused(
            f"what was written does not prove itself: {fault.detail}",
            remedy="the journal itself is damaged, or the disk: till-agent journal verify",
            name="export-not-proven",
        ) from fault
