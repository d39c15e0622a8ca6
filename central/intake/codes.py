"""One-time codes: who holds one may enrol one till of one store, once, within a day.

Only the hash is stored. The day is measured by HQ's own clock, which also wrote the expiry.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, insert, select, update

from agent.core.exchange.wire import EnrolAnswer, EnrolRequest
from agent.core.faults import AccessFault, InputFault
from central.ledger.tables import ENROL_CODES

CODE_BITS = 128
VALID_FOR = timedelta(hours=24)
ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
"""What an agent's settings take as the id of a store or a till: anything else fits no agent."""

# Crockford's base 32: no I, L, O, U, so that a code survives being read out on the telephone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS = -(-CODE_BITS // 5)
_GROUP = 5


class WrongCode(AccessFault):
    """A code that does not open this door."""

    name = "wrong-code"
    title = "The enrolment code is not accepted"


def issue_code(conn: Connection, store: str, till: str, now: str) -> str:
    """Make a code for one till; it is shown once and stored as a hash.

    Args:
        conn: of `ledger.writing`.
        store: as in the agent's `[store] id`.
        till: as in the agent's `[[till]] id`.
        now: HQ's time, UTC, ISO 8601.

    Raises:
        InputFault: the store or the till is no name.
    """
    for what, name in (("store", store), ("till", till)):
        if not ID.fullmatch(name):
            raise InputFault(
                f"{name!r} is no {what} id",
                remedy=f"give the {what} id of the agent's settings: 1 to 32 lower-case letters, "
                "digits and inner hyphens, such as till-1",
            )
    code = _new()
    row = {"code_hash": _hash(code), "store": store, "till": till}
    conn.execute(insert(ENROL_CODES).values(row | {"issued_at": now, "expires_at": _expiry(now)}))
    return code


def redeem(conn: Connection, request: EnrolRequest, now: str) -> EnrolAnswer | None:
    """Check the code of a request.

    Returns:
        The answer this very request got before, or None if it is to be answered now.

    Raises:
        WrongCode: unknown, for another till, used by another device, or too old.
    """
    row = conn.execute(
        select(ENROL_CODES).where(ENROL_CODES.c.code_hash == _hash(request.code))
    ).one_or_none()
    if row is None:
        raise _wrong("it is not known here")
    if (row.store, row.till) != (request.store, request.till):
        raise _wrong(f"it is for another till than {request.store} {request.till}")
    if row.answer is not None:
        return _same_again(row.device_key, row.answer, request)
    if row.expires_at <= now:
        raise _wrong(f"it was valid until {row.expires_at}")
    return None


def spend(conn: Connection, request: EnrolRequest, answer: EnrolAnswer, now: str) -> None:
    """Mark the code used, and keep its answer for a request whose reply was lost."""
    conn.execute(
        update(ENROL_CODES)
        .where(ENROL_CODES.c.code_hash == _hash(request.code))
        .values(
            used_at=now,
            device_key=request.device_key,
            answer=msgspec.json.encode(answer).decode(),
        )
    )


def _same_again(device_key: str, text: str, request: EnrolRequest) -> EnrolAnswer:
    answer = msgspec.json.decode(text, type=EnrolAnswer)
    journals = msgspec.json.decode(answer.credential, type=dict[str, object])["journals"]
    if device_key != request.device_key or journals != request.journals:
        raise _wrong("it was used by another device")
    return answer


def _new() -> str:
    text = "".join(secrets.choice(_ALPHABET) for _ in range(_CHARACTERS))
    return "-".join(text[at : at + _GROUP] for at in range(0, _CHARACTERS, _GROUP))


def _hash(code: str) -> str:
    """Hash a code the way it is meant: case, spaces and dashes say nothing."""
    plain = "".join(code.upper().replace("-", "").split())
    return hashlib.sha256(plain.encode()).hexdigest()


def _expiry(now: str) -> str:
    until = datetime.fromisoformat(now) + VALID_FOR
    return until.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _wrong(why: str) -> WrongCode:
    return WrongCode(
        f"the enrolment code is not accepted: {why}",
        remedy="ask HQ for a new one: till-central enrol-code STORE TILL",
    )
