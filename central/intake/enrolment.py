"""Enrolment: a device shows a code, or the credential HQ once signed, and is let in.

The credential is signed by the root key. An HQ restored from a backup older than the enrolment
does not know the device any more, but it knows its own signature, and readmits it (P5).
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, select, update

from agent.core.entries.chain import genesis
from agent.core.entries.kinds import LANES
from agent.core.exchange.credentials import is_proven, key_id, make_answer, readmitted
from agent.core.exchange.signed import unhex
from agent.core.exchange.wire import EnrolAnswer, EnrolRequest
from agent.core.faults import AccessFault, InputFault
from agent.core.identifiers import JournalId, StoreId, TillId
from central.intake.codes import redeem, spend
from central.intake.root_key import PUBLIC_KEY_BYTES, RootKey, verifier
from central.ledger.epoch import current_epoch
from central.ledger.tables import CREDENTIALS, CURSORS, JOURNALS
from central.ledger.upserts import upsert

_JOURNAL_ID = re.compile(r"[0-9a-f]{32}")


class NotAdmitted(AccessFault):
    """A device that is not, or no longer, to be let in."""

    name = "not-admitted"
    title = "The device is not admitted"


def enrol(conn: Connection, request: EnrolRequest, root: RootKey, now: str) -> EnrolAnswer:
    """Let a device in, in the caller's writing transaction.

    Raises:
        InputFault: the request is malformed.
        AccessFault: wrong code, no proof of the key, a revoked device, somebody else's journal.
    """
    _check_shape(request)
    if not is_proven(request, verifier(unhex(request.device_key))):
        raise NotAdmitted(
            "the request is not signed by the key it names",
            remedy="enrol again on the till itself: till-agent enrol CODE",
            name="no-proof",
        )
    if request.credential:
        return _readmit(conn, request, root, now)
    before = redeem(conn, request, now)
    if before is not None:
        return before
    answer = _answer(conn, request, root, now)
    _bind(conn, request, answer, now)
    spend(conn, request, answer, now)
    return answer


def _readmit(conn: Connection, request: EnrolRequest, root: RootKey, now: str) -> EnrolAnswer:
    credential = readmitted(request, root.verify)
    _refuse_revoked(conn, request)
    answer = EnrolAnswer(
        request.credential,
        request.credential_signature,
        root.public.hex(),
        current_epoch(conn),
        ("global", f"store:{credential.store}"),
    )
    _bind(conn, request, answer, now, readmission=True)
    return answer


def _answer(conn: Connection, request: EnrolRequest, root: RootKey, now: str) -> EnrolAnswer:
    return make_answer(
        root.sign, request, issued_at=now, root_key=root.public, epoch=current_epoch(conn)
    )


def _bind(
    conn: Connection,
    request: EnrolRequest,
    answer: EnrolAnswer,
    now: str,
    *,
    readmission: bool = False,
) -> None:
    if not readmission:
        _revoke_others(conn, request, now)
    new = upsert(CREDENTIALS).values(
        keyid=key_id(unhex(request.device_key)),
        device_key=request.device_key,
        store=request.store,
        till=request.till,
        credential=answer.credential,
        signature=answer.signature,
        issued_at=now,
    )
    # A device enrolled once more with a new code has been let in again by a person.
    renewed = ("store", "till", "credential", "signature", "issued_at", "revoked_at")
    conn.execute(
        new.on_conflict_do_update(
            index_elements=["keyid"], set_={name: new.excluded[name] for name in renewed}
        )
    )
    for lane, journal_id in request.journals.items():
        _bind_journal(conn, request, lane, journal_id, now)


def _bind_journal(
    conn: Connection, request: EnrolRequest, lane: str, journal_id: str, now: str
) -> None:
    device_key = unhex(request.device_key)
    row = {
        "store": request.store,
        "till": request.till,
        "lane": lane,
        "keyid": key_id(device_key),
        "genesis": _genesis(request, lane, journal_id, device_key),
    }
    held = conn.execute(select(JOURNALS).where(JOURNALS.c.journal_id == journal_id)).one_or_none()
    if held is None:
        conn.execute(JOURNALS.insert().values(journal_id=journal_id, bound_at=now, **row))
        first = {"journal_id": journal_id, "have_seq": 0, "have_hash": row["genesis"]}
        conn.execute(CURSORS.insert().values(first))
    elif any(getattr(held, name) != value for name, value in row.items()):
        raise NotAdmitted(
            f"the journal {journal_id} belongs to till {held.till} of {held.store}",
            remedy="do not copy a state directory to another till: give this till an empty one",
            name="journal-taken",
        )


def _genesis(request: EnrolRequest, lane: str, journal_id: str, device_key: bytes) -> bytes:
    return genesis(
        JournalId(journal_id), StoreId(request.store), TillId(request.till), lane, device_key
    )


def _revoke_others(conn: Connection, request: EnrolRequest, now: str) -> None:
    """One till, one device: the machine that stood there before is let in no longer."""
    conn.execute(
        update(CREDENTIALS)
        .where(
            CREDENTIALS.c.store == request.store,
            CREDENTIALS.c.till == request.till,
            CREDENTIALS.c.device_key != request.device_key,
            CREDENTIALS.c.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


def _refuse_revoked(conn: Connection, request: EnrolRequest) -> None:
    """A successor enrolled in its place, or a revocation, outweighs a credential from before."""
    mine = CREDENTIALS.c.device_key == request.device_key
    place = (CREDENTIALS.c.store == request.store) & (CREDENTIALS.c.till == request.till)
    others = select(CREDENTIALS.c.keyid).where(place, ~mine, CREDENTIALS.c.revoked_at.is_(None))
    revoked = select(CREDENTIALS.c.keyid).where(mine, CREDENTIALS.c.revoked_at.is_not(None))
    if conn.execute(others).first() or conn.execute(revoked).first():
        raise NotAdmitted(
            f"another device stands at till {request.till} of {request.store} now",
            remedy="if this machine is the right one, enrol it with a new code: "
            f"till-central enrol-code {request.store} {request.till}",
            name="revoked",
        )


def _check_shape(request: EnrolRequest) -> None:
    if len(unhex(request.device_key)) != PUBLIC_KEY_BYTES:
        raise _malformed(f"device_key must be {PUBLIC_KEY_BYTES} bytes in hexadecimal")
    if set(request.journals) != set(LANES):
        raise _malformed(f"journals must name the lanes {', '.join(LANES)}")
    ids = list(request.journals.values())
    if len(set(ids)) != len(ids) or not all(map(_JOURNAL_ID.fullmatch, ids)):
        raise _malformed("each journal id must be 32 hexadecimal digits, each its own")


def _malformed(detail: str) -> InputFault:
    return InputFault(detail, remedy="enrol with till-agent enrol, of the same version as HQ")
