"""Binding journals to a till and its device, successors to what they go on from.

A journal's genesis says all of it: store, till, lane, the device key it was begun under, and the
last hash of its predecessor. HQ recomputes it, so that a journal can be bound in one way only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, Row, select, update

from agent.core.entries.chain import genesis
from agent.core.exchange.credentials import key_id
from agent.core.exchange.signed import unhex
from agent.core.exchange.wire import Ancestor, Credential, Predecessor
from agent.core.faults import AccessFault
from agent.core.identifiers import JournalId, StoreId, TillId
from central.intake.archived import IMPORTED
from central.intake.incidents import keep_incident
from central.intake.places import REPLACED
from central.intake.renewal import renews
from central.ledger.tables import CHAIN, CURSORS, JOURNALS
from central.ledger.verify import VOUCHED_FOR

SUCCEEDED = "succeeded"


class NotAdmitted(AccessFault):
    """A device that is not, or no longer, to be let in."""

    name = "not-admitted"
    title = "The device is not admitted"


def bind(
    conn: Connection,
    credential: Credential,
    now: str,
    *,
    owner: str,
    by_code: bool = False,
    by_credential: bool = False,
) -> None:
    """Bind the journals of a credential to its till, and those they go on from.

    Args:
        conn: of `writing`.
        credential: signed by the root key; its device is admitted already.
        now: HQ's time, for show.
        owner: key id of who may append to a journal that is new here.
        by_code: a person at HQ lets the device in; one put back from a copy that is older than
            the renewal of its key then takes its journals back.
        by_credential: the device has shown this credential: whose its journals are HQ has found
            out before, in a time it may have forgotten, and has signed.

    Raises:
        NotAdmitted: a journal, or the one it goes on from, belongs to another till or device.
    """
    for ancestor in credential.ancestors:
        _bind_ancestor(conn, credential, ancestor, now, owner)
    for lane, journal_id in credential.journals.items():
        before = credential.predecessors.get(lane)
        row = _row(credential, lane, journal_id, before)
        held = _held(conn, journal_id)
        if held is not None:
            _rebind(conn, credential, held, row, owner, by_code=by_code, vouched=by_credential)
            continue
        if before is not None:
            _succeed(conn, credential, lane, journal_id, before, now)
        _insert(conn, row, now, owner)


def ancestors(conn: Connection, predecessors: Iterable[Predecessor]) -> tuple[Ancestor, ...]:
    """List the journals that are gone on from, and those before them, as far as HQ knows them."""
    found: dict[str, Ancestor] = {}
    waiting = [before.journal_id for before in predecessors]
    while waiting:
        row = _held(conn, waiting.pop(0))
        if row is not None and row.journal_id not in found:
            found[row.journal_id] = Ancestor(row.journal_id, row.lane, row.genesis.hex())
            waiting += [row.predecessor] if row.predecessor else []
    return tuple(found.values())


def unknown(conn: Connection, told: Iterable[Ancestor]) -> Iterator[Ancestor]:
    """Give those of a till's ended journals that HQ knows nothing of, or has forgotten."""
    return (one for one in told if _held(conn, one.journal_id) is None)


def _bind_ancestor(
    conn: Connection, credential: Credential, ancestor: Ancestor, now: str, owner: str
) -> None:
    """Take a journal in again that HQ has forgotten: it may still be sent what it lacks."""
    held = _held(conn, ancestor.journal_id)
    if held is not None:
        _reclaim(conn, credential, held, unhex(ancestor.genesis), owner)
        return
    row: dict[str, object] = {
        "journal_id": ancestor.journal_id,
        "store": credential.store,
        "till": credential.till,
        "lane": ancestor.lane,
        "birth_key": VOUCHED_FOR,
        "genesis": unhex(ancestor.genesis),
        "ended_at": now,
        "ended_why": SUCCEEDED,
    }
    _insert(conn, row, now, owner)


def _reclaim(
    conn: Connection,
    credential: Credential,
    held: Row[tuple[object, ...]],
    first: bytes,
    owner: str,
) -> None:
    """Hand a sealed journal to the device that has its successor: its key may be a new one."""
    place = (credential.store, credential.till, first)
    if held.keyid != owner and place == (held.store, held.till, held.genesis):
        conn.execute(
            update(JOURNALS)
            .where(JOURNALS.c.journal_id == held.journal_id)
            .values(keyid=owner, ended_why=SUCCEEDED)
        )


def _insert(conn: Connection, row: dict[str, object], now: str, owner: str) -> None:
    conn.execute(JOURNALS.insert().values(**row, keyid=owner, bound_at=now))
    first = {"journal_id": row["journal_id"], "have_seq": 0, "have_hash": row["genesis"]}
    conn.execute(CURSORS.insert().values(first))


def _held(conn: Connection, journal_id: str) -> Row[tuple[object, ...]] | None:
    query = select(JOURNALS).where(JOURNALS.c.journal_id == journal_id)
    return conn.execute(query).one_or_none()


def _row(
    credential: Credential, lane: str, journal_id: str, before: Predecessor | None
) -> dict[str, object]:
    birth_key = credential.journal_keys.get(lane, credential.device_key)
    last_hash = unhex(before.hash) if before else b""
    first = genesis(
        JournalId(journal_id),
        StoreId(credential.store),
        TillId(credential.till),
        lane,
        unhex(birth_key),
        last_hash,
    )
    return {
        "journal_id": journal_id,
        "store": credential.store,
        "till": credential.till,
        "lane": lane,
        "birth_key": birth_key,
        "genesis": first,
        "predecessor": before.journal_id if before else None,
        "predecessor_seq": before.seq if before else None,
        "predecessor_hash": last_hash or None,
    }


def _rebind(
    conn: Connection,
    credential: Credential,
    held: Row[tuple[object, ...]],
    row: dict[str, object],
    owner: str,
    *,
    by_code: bool,
    vouched: bool,
) -> None:
    """Bind a journal HQ knows once more, to the same till, under the key it began with."""
    same = all(getattr(held, name) == row[name] for name in ("store", "till", "lane", "genesis"))
    mine = {owner, key_id(unhex(credential.device_key)), key_id(unhex(str(row["birth_key"])))}
    is_mine = vouched or held.keyid in mine or renews(conn, owner, held.keyid)
    if not same or not (is_mine or (by_code and renews(conn, held.keyid, owner))):
        raise NotAdmitted(
            f"the journal {held.journal_id} belongs to till {held.till} of {held.store}",
            remedy="do not copy a state directory to another till: give this till an empty one",
            name="journal-taken",
        )
    values: dict[str, object] = {"keyid": owner}
    is_used = _goes_on_again(held, by_code=by_code)
    if is_used:
        values |= dict.fromkeys(("ended_at", "ended_why", "ended_seq", "ended_hash", "successor"))
    if held.keyid != owner or is_used:
        named = JOURNALS.c.journal_id == held.journal_id
        conn.execute(update(JOURNALS).where(named).values(values))


def _goes_on_again(held: Row[tuple[object, ...]], *, by_code: bool) -> bool:
    """Tell whether a journal that had ended is written to again.

    It was its device's turn no longer, or came as a file before its device did. One that was
    succeeded is used again only where a person lets an older copy of the disk in.
    """
    return held.ended_why in {REPLACED, IMPORTED} or (by_code and held.ended_why == SUCCEEDED)


def _succeed(
    conn: Connection,
    credential: Credential,
    lane: str,
    journal_id: str,
    before: Predecessor,
    now: str,
) -> None:
    """Note which journal goes on from which, and where; the old one stays as it is."""
    old = _held(conn, before.journal_id)
    if old is None:
        return  # HQ was restored from before it: the credential, or the code, vouches for it.
    if (old.store, old.till, old.lane) != (credential.store, credential.till, lane):
        raise NotAdmitted(
            f"the journal {before.journal_id} belongs to till {old.till} of {old.store}: none of "
            f"{credential.till} of {credential.store} can go on from it",
            remedy="give this till a state directory of its own, and enrol it anew",
            name="not-your-predecessor",
        )
    _check_agreed(conn, credential, lane, old, before, now)
    conn.execute(
        update(JOURNALS)
        .where(JOURNALS.c.journal_id == before.journal_id)
        .values(
            successor=journal_id,
            ended_at=now,
            ended_why=SUCCEEDED,
            ended_seq=before.seq,
            ended_hash=unhex(before.hash),
        )
    )


def _check_agreed(
    conn: Connection,
    credential: Credential,
    lane: str,
    old: Row[tuple[object, ...]],
    before: Predecessor,
    now: str,
) -> None:
    """Raise an alarm where a till goes on from what HQ never had; its sales are taken all the same.

    To refuse it would keep them out for ever: what it sells now is true whatever came before.
    """
    held = old.genesis if before.seq == 0 else _hash_at(conn, before.journal_id, before.seq)
    if held is not None and held != unhex(before.hash):
        keep_incident(
            conn,
            ("succession-differs", before.journal_id, before.hash),
            at=now,
            journal_id=before.journal_id,
            detail=f"{credential.store}/{credential.till} {lane} goes on from another entry "
            f"{before.seq} of journal {before.journal_id} than HQ holds (reason: {before.reason})",
            remedy="look at that till: its file was changed, or put together from two; have its "
            "journal exported and compare it with what HQ holds",
        )


def _hash_at(conn: Connection, journal_id: str, seq: int) -> bytes | None:
    query = select(CHAIN.c.hash).where(CHAIN.c.journal_id == journal_id, CHAIN.c.seq == seq)
    found: bytes | None = conn.execute(query).scalar_one_or_none()
    return found
