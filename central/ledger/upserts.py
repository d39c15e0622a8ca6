"""`INSERT … ON CONFLICT`, in the words of whichever database runs the statement.

SQLite took the clause over from PostgreSQL, and SQLAlchemy compiles PostgreSQL's form of it for
both: the dialect of the connection decides, so that a statement may be made once at import. What
PostgreSQL has alone (`constraint=`) is not to be used.
"""

from __future__ import annotations

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import Insert


def upsert(table: Table) -> Insert:
    """Begin an insert that may go on with `on_conflict_do_update` or `on_conflict_do_nothing`.

    Args:
        table: of `METADATA`; `index_elements` name its primary key or a unique constraint.
    """
    # An insert's count is not kept by itself: here it tells whether the row was new.
    return Insert(table).execution_options(preserve_rowcount=True)
