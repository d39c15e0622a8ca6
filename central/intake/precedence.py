"""Which of two machines stands at a till, where both hold a credential that HQ has signed.

A person's word counts first: the higher generation. Within one, a key has one heir; where there are
two, HQ was put back to an older state in between and has let an old copy of a key in again. The
heir it has forgotten is then the true one, for had there been another it would not have been given
at all. So a thief of an old key gives way, in whatever order the two come (P5).
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Row, select

from agent.core.exchange.lineages import key_of, keys_of, parting
from agent.core.exchange.wire import Credential
from central.intake.binding import NotAdmitted
from central.intake.incidents import keep_incident
from central.intake.places import rivals
from central.ledger.authority_tables import ADMISSIONS
from central.ledger.tables import CREDENTIALS

TWO_HEIRS = "two-heirs"


class _Rival(NamedTuple):
    """Another device that is let in at the till."""

    keyid: str
    credential: Credential


def require_place(conn: Connection, shown: Credential, asks: str, now: str) -> None:
    """Let a credential count where no other device's outweighs it.

    Args:
        conn: of `writing`.
        shown: signed by the root key.
        asks: key id of the device that shows it: its own, or the one that renews it.
        now: HQ's time, for show.

    Raises:
        NotAdmitted: another device stands at this till.
    """
    keyid, known = key_of(shown), _admission(conn, shown)
    is_current = known is not None and known.generation >= shown.generation
    others = _rivals(conn, shown)
    if is_current and known is not None and known.replaced_at is not None:
        if not any(other.keyid == asks for other in _heirs(others, keyid)):
            raise _taken(shown)
        return
    usurpers = [other for other in others if _parted_since(conn, shown, other.credential)]
    for other in others:
        is_heir = is_current and keyid in other.credential.lineage
        if not (is_heir or other in usurpers or _precedes(shown, other.credential)):
            raise _taken(shown)
    for other in usurpers:
        if not _heirs(usurpers, other.keyid):
            _tell(conn, shown, other, now)


def refuse_second_heir(conn: Connection, shown: Credential) -> None:
    """Refuse a new key in the place of one that has its heir already.

    Raises:
        NotAdmitted: `second-heir`.
    """
    if _heirs(_rivals(conn, shown), key_of(shown)):
        raise NotAdmitted(
            f"the key {key_of(shown)} of till {shown.till} of {shown.store} has been renewed "
            "already, by another new key",
            remedy="find out which machine has the other one; if this is the right machine, enrol "
            f"it with a new code: till-central enrol-code {shown.store} {shown.till}",
            name="second-heir",
        )


def _precedes(shown: Credential, other: Credential) -> bool:
    """Tell whether a credential is newer than another by what both say."""
    if shown.generation != other.generation:
        return shown.generation > other.generation
    return key_of(other) in shown.lineage


def _parted_since(conn: Connection, shown: Credential, other: Credential) -> bool:
    """Tell whether HQ gave another heir to a key of `shown` in a time after it had lost `shown`."""
    parted = parting(keys_of(shown), keys_of(other))
    if shown.generation != other.generation or parted is None or not parted.own:
        return False
    return _gave(conn, parted.parent, parted.other) and not _gave(conn, parted.parent, parted.own)


def _gave(conn: Connection, parent: str, heir: str) -> bool:
    """Tell whether this database remembers that HQ gave a key an heir."""
    query = select(CREDENTIALS.c.renews).where(CREDENTIALS.c.keyid == heir)
    return conn.execute(query).scalar_one_or_none() == parent


def _heirs(others: list[_Rival], keyid: str) -> list[_Rival]:
    return [other for other in others if keyid in other.credential.lineage]


def _rivals(conn: Connection, shown: Credential) -> list[_Rival]:
    rows = rivals(conn, shown.store, shown.till, key_of(shown))
    return [_Rival(row.keyid, _read(row.credential)) for row in rows]


def _read(text: str) -> Credential:
    return msgspec.json.decode(text, type=Credential)


def _admission(conn: Connection, shown: Credential) -> Row[tuple[object, ...]] | None:
    held = ADMISSIONS.c
    query = select(ADMISSIONS).where(
        held.store == shown.store, held.till == shown.till, held.keyid == key_of(shown)
    )
    return conn.execute(query).one_or_none()


def _taken(shown: Credential) -> NotAdmitted:
    return NotAdmitted(
        f"another device stands at till {shown.till} of {shown.store} now",
        remedy="if this machine is the right one, enrol it with a new code: "
        f"till-central enrol-code {shown.store} {shown.till}",
        name="revoked",
    )


def _tell(conn: Connection, shown: Credential, other: _Rival, now: str) -> None:
    keep_incident(
        conn,
        (TWO_HEIRS, shown.store, shown.till, other.keyid),
        at=now,
        detail=f"two machines hold till {shown.till} of {shown.store} by renewing one key: "
        f"{key_of(shown)} had done so before this HQ was put back to an older state, and is let in "
        f"again; {other.keyid} has done so since, by an old copy of the key, and is shut out",
        remedy=f"find out who has the device {other.keyid}; if it was stolen: till-central revoke "
        f"{other.keyid}; look at what came in from that till since then",
    )
