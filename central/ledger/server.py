"""PostgreSQL as HQ's database: what a connection is told, and what is read back of it.

Transactions are READ COMMITTED, and rely on locks a person can list (`pg_locks`): what one journal
sends is decided under the lock of its cursor row, everything else takes the one *turn* first, as
`central.ledger.engine` says. PostgreSQL's SERIALIZABLE would find the same conflicts, but page by
page: on tables as small as these it undoes transactions that have nothing to do with each other.

Durability rests on `synchronous_commit` (of this connection, set and read back) and on `fsync` and
`full_page_writes` (of the server, read). A standby that must have a commit first is the server's
business: `synchronous_standby_names`, with `remote_apply` or `on`.

What is insert-only is guarded by triggers that refuse UPDATE, DELETE and TRUNCATE, as on SQLite
(step 0008). A role that serves and owns nothing can not take them away; the owner migrates.
`till-central ledger verify` finds a changed row whoever changed it.
"""

from __future__ import annotations

import sys

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError

from central.ledger.faults import BUSY_TIMEOUT_S, POOL_SIZE, LedgerFault

DRIVER = "postgresql+psycopg"
OLDEST = 140000
"""The oldest version that notices, in the middle of a statement, that its client is gone."""
_LOST_RACES = ("40001", "40P01")
"""serialization_failure, deadlock_detected (PostgreSQL, appendix A)."""
_LOCKED = "55P03"
"""lock_not_available."""
_DISK_FULL = "53100"
"""disk_full."""
_AWAY = ("57P01", "57P02", "57P03", "57P05", "25P03", "53300", "53400")
"""The server stops, has crashed, cannot connect now, ended sessions that were idle; it has too
many connections."""
_CONNECTION = "08"
_LIMIT = "54"
"""Program Limit Exceeded: a value longer than a page of an index, for one."""
_SESSION = (
    f"SET lock_timeout = '{BUSY_TIMEOUT_S}s'",
    # A program that was killed, or whose machine is gone, must not keep its locks.
    f"SET idle_in_transaction_session_timeout = '{2 * BUSY_TIMEOUT_S}s'",
    "SET client_connection_check_interval = '1s'",
    "SET TIME ZONE 'UTC'",
)
_NOT_DURABLE = ("off", "local", "remote_write")
_KEEPALIVES = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "application_name": "till-central",
}


def server_engine(url: URL) -> Engine:
    """Make an engine whose every session commits durably, and try it out.

    Raises:
        LedgerFault: the server cannot be reached or does not let us in, is too old, a standby,
            not UTF-8, or would lose commits in a power cut.
    """
    engine = create_engine(
        url.set(drivername=DRIVER),
        isolation_level="READ COMMITTED",
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        pool_pre_ping=True,
        connect_args=_KEEPALIVES,
        hide_parameters=True,  # They are names and phone numbers, and errors go into the log.
    )
    event.listen(engine, "connect", _configure)
    try:
        with engine.connect() as conn:
            faults = list(_faults(conn))
    except DBAPIError as error:
        engine.dispose()
        raise _unreachable(url, error) from error
    if faults:
        engine.dispose()
        raise LedgerFault(f"the database {_place(url)} {faults[0][0]}", remedy=faults[0][1])
    return engine


def is_lost_race(error: DBAPIError) -> bool:
    """Tell whether the transaction may simply be done again."""
    return _state(error) in _LOST_RACES


def is_away(error: DBAPIError) -> bool:
    """Tell whether the server stopped, or the connection to it was lost."""
    state = _state(error)
    lost = error.connection_invalidated or (not state and _is_of_server(error))
    return lost or state in _AWAY or state.startswith(_CONNECTION)


def is_full(error: DBAPIError) -> bool:
    """Tell whether the server had no room left on its disk."""
    return _state(error) == _DISK_FULL


def exceeds_limit(error: DBAPIError) -> bool:
    """Tell whether what was to be stored is more than the server ever takes, as in an index."""
    return _state(error).startswith(_LIMIT)


def is_passing(error: DBAPIError) -> bool:
    """Tell whether the database is merely away or busy: nothing is wrong with the statement."""
    return is_away(error) or is_lost_race(error) or _state(error) == _LOCKED


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _is_of_server(error: DBAPIError) -> bool:
    """An operational error that comes from no server at all is of the way to it."""
    # What raised it is loaded; an HQ on SQLite need not load it for a fifth of a second to compare.
    driver = sys.modules.get("psycopg")
    return driver is not None and isinstance(error.orig, driver.OperationalError)


def _configure(connection: DBAPIConnection, _record: object) -> None:
    """Tell a new session what we rely on; outside a transaction, so that nothing undoes it."""
    connection.autocommit = True
    cursor = connection.cursor()
    for statement in _SESSION:
        cursor.execute(statement)
    cursor.execute("SHOW synchronous_commit")
    (level,) = cursor.fetchone() or ("",)
    if level in _NOT_DURABLE:
        cursor.execute("SET synchronous_commit = on")
    cursor.close()
    connection.autocommit = False


def _faults(conn: Connection) -> list[tuple[str, str]]:
    """List what makes this server no place for receipts; nothing is found of a good one."""

    def setting(name: str) -> str:
        return str(conn.execute(text(f"SHOW {name}")).scalar_one())

    found = []
    if int(setting("server_version_num")) < OLDEST:
        have = setting("server_version")
        found.append((f"is PostgreSQL {have}", "update the server to PostgreSQL 14 or later"))
    if setting("server_encoding") != "UTF8":
        remedy = "create it anew: createdb --template template0 --encoding UTF8 NAME"
        found.append((f"is encoded in {setting('server_encoding')}, not UTF-8", remedy))
    if conn.execute(text("SELECT pg_is_in_recovery()")).scalar_one():
        found.append(("is a standby, which takes no writes", "name the primary server"))
    found += [
        (f"runs with {name} = off", f"set {name} = on: acks promise durability")
        for name in ("fsync", "full_page_writes")
        if setting(name) != "on"
    ]
    if setting("synchronous_commit") in _NOT_DURABLE:
        remedy = "let this role set synchronous_commit = on"
        found.append(("does not wait for the disk when it commits", remedy))
    return found


def _unreachable(url: URL, error: DBAPIError) -> LedgerFault:
    said = str(error.orig).strip().splitlines()
    return LedgerFault(
        f"the database {_place(url)} cannot be used: {said[0] if said else 'no answer'}",
        remedy="check that the server runs and lets this user in (pg_hba.conf), that the database "
        "exists (createdb), and the password: [central] database_password_file, or the variable "
        "TILL_CENTRAL_DATABASE_PASSWORD",
    )


def _place(url: URL) -> str:
    """Name the database as a person knows it, without its password."""
    return url.set(drivername="postgresql").render_as_string(hide_password=True)
