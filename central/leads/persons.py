"""Who is one person, for what is derived here: all ids somebody is known by."""

from __future__ import annotations

from sqlalchemy import Connection

from central.identity.parties import canonicals, members_of


def members(conn: Connection, party_id: str) -> tuple[str, ...]:
    """List every id of the person, the canonical one first; one nobody ever met stands alone."""
    [person] = canonicals(conn, [party_id]).values()
    return (person, *(each for each in members_of(conn, person) if each != person))
