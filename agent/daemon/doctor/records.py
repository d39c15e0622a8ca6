"""What the journal says: is it sound, is every till enrolled, how old is the backlog."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from agent.core.entries.bodies import Body
from agent.core.faults import Fault, NotFoundFault
from agent.daemon.backlog import backlog
from agent.daemon.doctor import upkeep
from agent.daemon.doctor.finding import Finding, from_fault, ill, well
from agent.daemon.doctor.processes import Process
from agent.daemon.files import read_journal
from agent.journal import (
    Connection,
    JournalNotWritable,
    JournalUnusable,
    chains,
    cursors,
    pairing,
    salvaged,
    vanished,
)
from agent.journal.preparation import LINKS_CHECKED
from agent.journal.verify import verify_recent
from agent.settings import Settings

BACKLOG_HOURS_MAX = 24
"""A whole business day that HQ lacks: somebody should look, though nothing is lost."""
_NAME = "journal"
_KEEP = "stop the daemon, copy the state directory away, and call the chain's IT"


def journal(settings: Settings, held_by: Process | None) -> list[Finding]:
    """Check the journal's newest links, and what it says of HQ and of tokens."""
    try:
        return read_journal(settings, lambda conn: list(_findings(conn, settings, held_by)))
    except NotFoundFault:
        return [well(_NAME, "none yet; the first start makes it"), *_nothing_yet(settings)]
    except (JournalUnusable, JournalNotWritable) as fault:
        return [from_fault(_NAME, fault), upkeep.room(settings)]
    except Fault as fault:
        return [from_fault(_NAME, fault)]
    except OSError as error:
        return [ill(_NAME, f"cannot be read: {error}", "run as root: till-agent doctor")]


def _findings(conn: Connection, settings: Settings, held_by: Process | None) -> Iterator[Finding]:
    yield from _links(conn, held_by)
    yield from _salvaged(conn, path_of(settings).parent)
    if (gone := vanished.noted(conn)) is not None:
        yield ill("vanished journal", f"at {gone.at}: {gone.detail}", gone.remedy)
    if settings.hq is not None:
        yield from _enrolled(conn, settings)
        yield _behind(conn)
    yield from upkeep.findings(conn, settings, held_by)
    yield from _paired(conn, settings)


def _nothing_yet(settings: Settings) -> Iterator[Finding]:
    for till in settings.tills if settings.hq else ():
        yield _not_enrolled(settings, till.id)
    for till in settings.tills:
        yield _not_paired(till.id)


def _links(conn: Connection, held_by: Process | None) -> Iterator[Finding]:
    reports = verify_recent(conn, LINKS_CHECKED)
    for report in reports:
        if not report.ok:
            yield ill(_NAME, f"{report.till} {report.lane}: {report.fault}", _KEEP)
    if all(report.ok for report in reports):
        entries = sum(report.tail_seq for report in reports)
        whose = f"in use by {held_by}" if held_by else "in use by nobody"
        yield well(_NAME, f"{entries} entries, the newest links hold, {whose}")


def _salvaged(conn: Connection, directory: Path) -> Iterator[Finding]:
    """Keep telling of a damaged file for as long as it lies here."""
    done = salvaged.last(conn)
    if done is None or not (directory / done.kept).exists():
        return
    yield ill(
        "salvaged journal",
        f"{directory / done.kept} was damaged ({done.why}); {done.missing}",
        "check the disk (smartctl -a, dmesg); when the chain's IT has a copy, move the file away",
    )


def _enrolled(conn: Connection, settings: Settings) -> Iterator[Finding]:
    from agent.sync.enrolment import enrolment

    for till in settings.tills:
        if enrolment(conn, till.id) is None:
            yield _not_enrolled(settings, till.id)
        else:
            yield well(f"enrolment {till.id}", "HQ knows this till")


def _not_enrolled(settings: Settings, till: str) -> Finding:
    return ill(
        f"enrolment {till}",
        "HQ does not know this till; sales are kept here until it does",
        f"at HQ: till-central enrol-code {settings.store.id} {till}; then here: "
        f"till-agent enrol CODE --till {till}",
    )


def _behind(conn: Connection) -> Finding:
    unsent = sum(lane.unsent for lane in backlog(conn))
    if not unsent:
        return well("backlog", "HQ has everything")
    since = min(filter(None, _oldest_unsent(conn)), default=None)
    said = f"{unsent} entries are not at HQ, the oldest of {since or 'an unknown time'}"
    if since is not None and _age_h(since) > BACKLOG_HOURS_MAX:
        return ill("backlog", said, "see hq and enrolment above; then: till-agent status")
    return well("backlog", said)


def _oldest_unsent(conn: Connection) -> Iterator[str | None]:
    for head in chains.heads(conn):
        seq = cursors.held_seq(conn, head.journal_id) + 1
        if seq <= head.due_seq:
            yield _wall(chains.body_at(conn, head.journal_id, seq))


def _wall(body: Body | None) -> str | None:
    for name in ("completed", "cancelled", "at"):
        stamp = getattr(body, name, None)
        if stamp is not None:
            return str(stamp.wall)
    return None


def _age_h(wall: str) -> int:
    return int((datetime.now(UTC) - datetime.fromisoformat(wall)).total_seconds()) // 3600


def _paired(conn: Connection, settings: Settings) -> Iterator[Finding]:
    for till in settings.tills:
        tokens = pairing.count(conn, till.id)
        if tokens:
            yield well(f"pairing {till.id}", f"{tokens} token(s) for its page or POS software")
        else:
            yield _not_paired(till.id)


def _not_paired(till: str) -> Finding:
    return ill(
        f"pairing {till}",
        "no page and no POS software may speak for this till yet",
        f"till-agent pair {till}",
    )


def path_of(settings: Settings) -> Path:
    """Give the journal's file."""
    from agent.daemon.files import JOURNAL, state_dir

    return state_dir(settings) / JOURNAL
