"""A new device key, agreed with HQ while the old one still holds.

HQ takes the old key until the first batch signed by the new one, and gives the same request the
same answer: wherever this is cut off, it can be begun again.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agent.contracts.hq import HqLink
from agent.core.exchange.credentials import accept_answer, renewal
from agent.core.exchange.signed import Sign
from agent.core.exchange.wire import EnrolAnswer
from agent.core.faults import StateFault
from agent.core.identifiers import TillId
from agent.journal import Connection, Journal, renewals
from agent.journal.root_key import verifier
from agent.sync.enrolment import Enrolled, asking, enrolments, keep


class Signer(msgspec.Struct, frozen=True):
    """A device key as far as it is needed here."""

    public_bytes: bytes
    sign: Sign


async def renew(
    link: HqLink, journal: Journal, tills: Sequence[TillId], *, old: Signer, new: Signer
) -> list[TillId]:
    """Have HQ agree to a new key for every enrolled till of this machine, and keep its answers.

    The key file is swapped after this, by the caller (`agent.journal.device_key.take_over`).

    Returns:
        The tills that report under the new key from now on.

    Raises:
        StateFault: `not-enrolled`: there is nothing to renew.
        HqUnreachable, HqSlowDown, HqRefused: HQ has not agreed for every till; the old key holds.
        CredentialFault: HQ's answer is not for what was asked.
    """
    kept = await journal.read(lambda conn: enrolled_tills(conn, tills))
    renewed = [await _renewed(link, enrolled, old, new) for enrolled in kept]

    def write(conn: Connection) -> None:
        for enrolled in renewed:
            keep(conn, enrolled)
        renewals.note(conn, old.public_bytes, new.public_bytes)

    await journal.write(write)
    return [enrolled.till for enrolled in renewed]


def enrolled_tills(conn: Connection, tills: Sequence[TillId]) -> list[Enrolled]:
    """Read the enrolments whose key can be renewed.

    Raises:
        StateFault: `not-enrolled`: there is none.
    """
    kept = enrolments(conn, tills)
    if not kept:
        raise not_enrolled()
    return kept


def not_enrolled() -> StateFault:
    """Say that there is nothing to renew."""
    return StateFault(
        "no till of this machine is enrolled at HQ, so there is no key to renew there",
        remedy="enrol one: till-agent enrol CODE",
        name="not-enrolled",
    )


async def _renewed(link: HqLink, enrolled: Enrolled, old: Signer, new: Signer) -> Enrolled:
    request = renewal(
        enrolled.request,
        enrolled.answer,
        new_key=new.public_bytes,
        old_sign=old.sign,
        new_sign=new.sign,
    )
    answer: EnrolAnswer = await asking()(link.enrol, request)
    accept_answer(answer, request, verifier(enrolled.root_key))
    plain = msgspec.structs.replace(
        request, credential="", credential_signature="", replaces_key="", replaces_proof=""
    )
    return Enrolled(enrolled.till, plain, answer)
