"""`till-agent journal verify|tail|export`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from agent.core.entries.canonical import decode
from agent.core.exchange.wire import WireRecord
from agent.core.faults import Fault, InputFault
from agent.daemon.files import read_journal
from agent.journal import Connection, chains
from agent.journal.chains import Head
from agent.journal.verify import verify
from agent.program.terminal import print_json, say, say_aside
from agent.settings import load

PAGE = 500


def verify_journals(config: Path, *, json: bool) -> int:
    """Check every journal completely; gives the exit code."""
    reports = read_journal(load(config), verify)
    if json:
        print_json(reports)
    for report in [] if json else reports:
        verdict = "intact" if report.ok else f"BROKEN: {report.fault}"
        say(f"{report.till} {report.lane:<5} {report.tail_seq} entries, {verdict}")
    if all(report.ok for report in reports):
        return 0
    say_aside("→ stop the daemon, copy the state directory away, and call the chain's IT")
    return 1


def tail_journals(config: Path, lines: int, *, json: bool) -> None:
    """Show the last entries of each journal."""
    shown = read_journal(load(config), lambda conn: list(_tails(conn, lines)))
    if json:
        print_json(shown)
    for entry in [] if json else shown:
        body = msgspec.json.encode(entry["body"]).decode()
        say(f"{entry['till']} {entry['lane']} {entry['seq']} {body}")


def _tails(conn: Connection, lines: int) -> Iterator[dict[str, Any]]:
    for head in chains.heads(conn):
        base = max(1, head.tail_seq - lines + 1)
        for record in chains.records(conn, head.journal_id, base, lines):
            yield {"till": head.till, "lane": head.lane, "seq": record.seq, "body": _body(record)}


def _body(record: WireRecord) -> object:
    if record.erased_by:
        return {"erased_by": record.erased_by}
    try:
        return msgspec.to_builtins(decode(record.kind, record.version, record.body))
    except Fault as fault:
        return {"unreadable": str(fault)}


def export_journals(config: Path, file: Path) -> None:
    """Write every record with its hashes as JSON lines: enough to verify and to read elsewhere.

    Raises:
        InputFault: the file cannot be written.
    """
    settings = load(config)

    def write(conn: Connection) -> int:
        count = 0
        with file.open("wb") as target:
            for line in _exported(conn):
                target.write(msgspec.json.encode(line) + b"\n")
                count += 1
        return count

    try:
        count = read_journal(settings, write)
    except OSError as error:
        raise InputFault(
            f"{file} cannot be written: {error}", remedy="name a file this user may write"
        ) from error
    say(f"{count} lines in {file}")


def _exported(conn: Connection) -> Iterator[dict[str, Any]]:
    for head in chains.heads(conn):
        yield {
            "journal": head.journal_id,
            "till": head.till,
            "lane": head.lane,
            "genesis": head.genesis.hex(),
            "tail_seq": head.tail_seq,
            "tail_hash": head.tail_hash.hex(),
        }
        yield from _records(conn, head)


def _records(conn: Connection, head: Head) -> Iterator[dict[str, Any]]:
    for base in range(1, head.tail_seq + 1, PAGE):
        for record in chains.records(conn, head.journal_id, base, PAGE):
            yield {
                "journal": head.journal_id,
                "seq": record.seq,
                "kind": record.kind,
                "version": record.version,
                "salt": record.salt.hex(),
                # The sealed bytes are JSON text; as a string they survive byte for byte.
                "body": record.body.decode(),
                "erased_by": record.erased_by,
                "commitment": record.commitment.hex(),
                "hash": chains.hash_at(conn, head.journal_id, record.seq).hex(),
            }
