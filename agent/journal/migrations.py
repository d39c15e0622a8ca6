"""From any earlier journal to today's: numbered SQL files, each applied once, in a transaction.

A released file is never edited; a change is the next number. Which were applied stands in the
journal itself (`sqlite_utils.Migrations`), so a journal of a newer program is recognised.
"""

from __future__ import annotations

from importlib.resources import files

from pysqlite3 import dbapi2
from sqlite_utils import Database, Migrations

from agent.journal.faults import JournalUnusable

migrations = Migrations("journal")


@migrations()
def m0001_first_sale(db: Database) -> None:
    """Journals, chain, bodies, read models, baskets, print jobs, events, positions."""
    _run(db, "0001_first_sale.sql")


@migrations()
def m0002_devices(db: Database) -> None:
    """Ages of print jobs, and which of them wait for a person."""
    _run(db, "0002_devices.sql")


@migrations()
def m0003_successors(db: Database) -> None:
    """Successor journals, and how far bodies were pruned."""
    _run(db, "0003_successors.sql")


@migrations()
def m0004_space(db: Database) -> None:
    """What is known of the room on the disk and of backups."""
    _run(db, "0004_space.sql")


@migrations()
def m0005_sync(db: Database) -> None:
    """HQ's signed orders, and what sync keeps besides the acked positions."""
    _run(db, "0005_sync.sql")


@migrations()
def m0006_proofs(db: Database) -> None:
    """Which proofs of wallet passes were taken."""
    _run(db, "0006_proofs.sql")


@migrations()
def m0007_value(db: Database) -> None:
    """What this agent's tills may spend of points and gift cards."""
    _run(db, "0007_value.sql")


def migrate(conn: dbapi2.Connection) -> None:
    """Bring a journal to today's schema; on today's schema it does nothing.

    Raises:
        JournalUnusable: `journal-newer`, a later version of the program wrote it.
    """
    db = Database(conn)
    ours = set(names())
    theirs = {migration.name for migration in migrations.applied(db)}
    if theirs - ours:
        raise JournalUnusable(
            f"the journal was written by a newer program (it knows {max(theirs - ours)})",
            remedy="install that version again; a journal never goes back to an older one",
            name="journal-newer",
        )
    migrations.apply(db)


def names() -> list[str]:
    """Give the names of all migrations, in their order."""
    return [migration.name for migration in migrations.pending(Database(memory=True))]


def made(count: int) -> dbapi2.Connection:
    """Make an empty journal in memory as so many migrations leave it, without a note of them."""
    conn = dbapi2.connect(":memory:", isolation_level=None)
    db = Database(conn)
    for migration in migrations.pending(db)[:count]:
        migration.fn(db)
    return conn


def _run(db: Database, name: str) -> None:
    """Run a script statement by statement: `executescript` would commit in between."""
    script = files("agent.journal").joinpath("schema", name).read_text("utf-8")
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if dbapi2.complete_statement(statement):
            db.execute(statement)
            statement = ""
