"""The one metadata object all of HQ's tables hang on, and the column shapes they share.

Portability (sharded PostgreSQL): every primary key and unique constraint leads with the column
the table is spread by, nothing counts globally, and no value hangs on a trigger: those there are
only refuse.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, MetaData, Text

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def text_key(name: str) -> Column[str]:
    """Make a text column of a primary key.

    >>> text_key("journal_id").primary_key
    True
    """
    return Column(name, Text, primary_key=True)


def required_text(name: str) -> Column[str]:
    """Make a text column that is always filled; times are UTC, ISO 8601, and only ever shown.

    >>> required_text("at").nullable
    False
    """
    return Column(name, Text, nullable=False)


def number_key(name: str) -> Column[int]:
    """Make an integer column of a primary key.

    >>> number_key("seq").autoincrement
    False
    """
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


def required_number(name: str) -> Column[int]:
    """Make a filled integer column: minor units, thousandths, basis points, seq or a count.

    >>> required_number("seq").nullable
    False
    """
    return Column(name, BigInteger, nullable=False)


def required_bytes(name: str) -> Column[bytes]:
    """Make a filled column of bytes: a hash, a key, a text as it was sealed.

    >>> required_bytes("hash").nullable
    False
    """
    return Column(name, LargeBinary, nullable=False)


def flag(name: str) -> Column[bool]:
    """Make a filled yes-or-no column.

    >>> flag("verified").nullable
    False
    """
    return Column(name, Boolean, nullable=False)
