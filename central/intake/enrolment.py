"""Enrolment: a device shows a code, or the credential HQ once signed, and is let in.

The credential is signed by the root key. An HQ restored from a backup older than the enrolment
does not know the device any more, but it knows its own signature, and readmits it (P5). By its
credential a device also brings in the successors of its journals, and a new key of its own.
"""

from __future__ import annotations

import re

from msgspec.structs import replace
from sqlalchemy import Connection, select

from agent.core.entries.kinds import LANES
from agent.core.exchange.credentials import (
    is_proven,
    key_id,
    make_answer,
    own_ancestors,
    read_credential,
    readmitted,
)
from agent.core.exchange.lineages import lineage_of_heir
from agent.core.exchange.signed import unhex
from agent.core.exchange.wire import ANCESTORS_MAX, Credential, EnrolAnswer, EnrolRequest
from agent.core.faults import InputFault
from central.intake.binding import NotAdmitted, ancestors, bind, unknown
from central.intake.codes import redeem, spend
from central.intake.places import admit, next_generation, replace_others, revocation
from central.intake.precedence import refuse_second_heir, require_place
from central.intake.renewal import yet_to_renew
from central.intake.root_key import PUBLIC_KEY_BYTES, RootKey, verifier
from central.ledger.authority_tables import ADMISSIONS
from central.ledger.epoch import current_epoch
from central.ledger.tables import CREDENTIALS

_JOURNAL_ID = re.compile(r"[0-9a-f]{32}")
_SEQ_MAX = 2**63 - 1
_HASH_BYTES = 32


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
    _refuse_key(conn, request.device_key)
    if request.credential:
        return _by_credential(conn, request, root, now)
    return _by_code(conn, request, root, now)


def _by_code(conn: Connection, request: EnrolRequest, root: RootKey, now: str) -> EnrolAnswer:
    """A person at HQ has let this device in: whoever stood there before is let in no longer."""
    before = redeem(conn, request, now)
    if before is not None:
        return before
    generation = next_generation(conn, request.store, request.till)
    answer = _answer(conn, request, root, now, generation)
    credential = read_credential(answer.credential, answer.signature, root.verify)
    left = replace_others(conn, credential, now)
    admit(conn, credential, answer)
    bind(conn, credential, now, owner=_keyid(request), by_code=True)
    answer = replace(answer, replaced=left)
    spend(conn, request, answer, now)
    return answer


def _by_credential(conn: Connection, request: EnrolRequest, root: RootKey, now: str) -> EnrolAnswer:
    """Readmit a device HQ has forgotten, or take in what its credential entitles it to."""
    shown = readmitted(request, root.verify, verifier)
    old = key_id(unhex(shown.device_key))
    _refuse_key(conn, shown.device_key)
    require_place(conn, shown, _keyid(request), now)
    answer = _given_before(conn, request, root, shown.generation)
    if answer is not None:
        return answer
    is_renewal = shown.device_key != request.device_key
    if is_renewal:
        refuse_second_heir(conn, shown)
    if _is_forgotten(conn, shown):
        replace_others(conn, shown, now)
        admit(conn, shown, _as_shown(conn, request, root))
    bind(conn, shown, now, owner=_owner(conn, shown), by_credential=True)
    if _says_same(shown, request):
        return _as_shown(conn, request, root)
    lineage = lineage_of_heir(shown) if is_renewal else shown.lineage
    answer = _answer(conn, request, root, now, shown.generation, lineage)
    credential = read_credential(answer.credential, answer.signature, root.verify)
    admit(conn, credential, answer, renews=old if is_renewal else _parent(conn, old))
    bind(conn, credential, now, owner=_owner(conn, credential))
    return answer


def _is_forgotten(conn: Connection, shown: Credential) -> bool:
    held = ADMISSIONS.c
    query = select(held.generation).where(
        held.store == shown.store,
        held.till == shown.till,
        held.keyid == key_id(unhex(shown.device_key)),
    )
    known = conn.execute(query).scalar_one_or_none()
    return known is None or known < shown.generation


def _owner(conn: Connection, credential: Credential) -> str:
    """Tell who may append to a credential's journals: its key, or the one it has yet to renew."""
    return yet_to_renew(conn, key_id(unhex(credential.device_key)))


def _says_same(shown: Credential, request: EnrolRequest) -> bool:
    return (shown.device_key, shown.journals) == (request.device_key, request.journals)


def _as_shown(conn: Connection, request: EnrolRequest, root: RootKey) -> EnrolAnswer:
    return EnrolAnswer(
        request.credential,
        request.credential_signature,
        root.public.hex(),
        current_epoch(conn),
        ("global", f"store:{request.store}"),
    )


def _given_before(
    conn: Connection, request: EnrolRequest, root: RootKey, generation: int
) -> EnrolAnswer | None:
    """Give the same answer once more to a device whose reply was lost."""
    held = ADMISSIONS.c
    query = select(held.credential, held.signature).where(
        held.store == request.store, held.till == request.till, held.keyid == _keyid(request)
    )
    row = conn.execute(query).one_or_none()
    if row is None:
        return None
    given = read_credential(row.credential, row.signature, root.verify)
    if given.generation < generation or not _says_same(given, request):
        return None
    asked = replace(request, credential=row.credential, credential_signature=row.signature)
    return _as_shown(conn, asked, root)


def _parent(conn: Connection, keyid: str) -> str:
    """Name the key that HQ gave a device in the place of, whether it has taken over or not."""
    query = select(CREDENTIALS.c.renews).where(CREDENTIALS.c.keyid == keyid)
    return conn.execute(query).scalar_one_or_none() or ""


def _answer(
    conn: Connection,
    request: EnrolRequest,
    root: RootKey,
    now: str,
    generation: int,
    lineage: tuple[str, ...] = (),
) -> EnrolAnswer:
    return make_answer(
        root.sign,
        request,
        issued_at=now,
        root_key=root.public,
        epoch=current_epoch(conn),
        generation=generation,
        ancestors=(
            *ancestors(conn, request.predecessors.values()),
            *unknown(conn, own_ancestors(request) if request.code else ()),
        ),
        lineage=lineage,
    )


def _refuse_key(conn: Connection, device_key: str) -> None:
    """A revoked key comes back never, by no code and no credential: it may be in wrong hands."""
    reason = revocation(conn, device_key)
    if reason is not None:
        raise NotAdmitted(
            f"this device was revoked by HQ: {reason}",
            remedy="give the machine an empty state directory, and so a new key; then enrol it "
            "with a new code: till-central enrol-code STORE TILL",
            name="revoked",
        )


def _keyid(request: EnrolRequest) -> str:
    return key_id(unhex(request.device_key))


def _check_shape(request: EnrolRequest) -> None:
    if len(unhex(request.device_key)) != PUBLIC_KEY_BYTES:
        raise _malformed(f"device_key must be {PUBLIC_KEY_BYTES} bytes in hexadecimal")
    if set(request.journals) != set(LANES):
        raise _malformed(f"journals must name the lanes {', '.join(LANES)}")
    ids = list(request.journals.values())
    if len(set(ids)) != len(ids) or not all(map(_JOURNAL_ID.fullmatch, ids)):
        raise _malformed("each journal id must be 32 hexadecimal digits, each its own")
    if not set(request.predecessors) <= set(LANES) or not set(request.journal_keys) <= set(LANES):
        raise _malformed(f"predecessors and journal_keys are of the lanes {', '.join(LANES)}")
    if any(len(unhex(key)) != PUBLIC_KEY_BYTES for key in request.journal_keys.values()):
        raise _malformed(f"each of journal_keys must be {PUBLIC_KEY_BYTES} bytes in hexadecimal")
    if len(request.ancestors) > ANCESTORS_MAX:
        raise _malformed(f"a till names at most {ANCESTORS_MAX} journals that have ended")
    told = request.ancestors
    if not all(one.lane in LANES and _JOURNAL_ID.fullmatch(one.journal_id) for one in told):
        raise _malformed("an ended journal is named by its id and its lane")
    for before in request.predecessors.values():
        if not 0 <= before.seq <= _SEQ_MAX or len(unhex(before.hash)) != _HASH_BYTES:
            raise _malformed("a predecessor is named by its id, a number and a hash of 32 bytes")


def _malformed(detail: str) -> InputFault:
    return InputFault(detail, remedy="enrol with till-agent enrol, of the same version as HQ")
