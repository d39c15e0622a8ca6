"""Trading a one-time code for a credential, and what the agent keeps of it, per till."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from agent.contracts.hq import HqLink, HqUnreachable
from agent.core.exchange.credentials import accept_answer, make_request
from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.signed import Sign, unhex
from agent.core.exchange.wire import Credential, EnrolAnswer, EnrolRequest
from agent.core.faults import NotFoundFault
from agent.core.identifiers import StoreId, TillId
from agent.journal import Connection, Journal, chains, registry
from agent.sync.keys import verifier

ATTEMPTS = 3
"""A person waits for the outcome: a short outage is bridged, a long one is said."""
LONGEST_WAIT_S = 2


class Enrolled(msgspec.Struct, frozen=True):
    """What is kept of an enrolment, in the journal's registry."""

    till: TillId
    request: EnrolRequest
    """As sent, without the code: to be readmitted with by an HQ that has forgotten the till."""
    answer: EnrolAnswer

    @property
    def root_key(self) -> bytes:
        """HQ's public key, which acks are checked by."""
        return unhex(self.answer.root_key)


async def enrol(
    link: HqLink,
    journal: Journal,
    *,
    store: StoreId,
    till: TillId,
    code: str,
    device_key: bytes,
    sign: Sign,
    root_key: bytes | None = None,
) -> Credential:
    """Enrol a till at HQ with a one-time code, and keep the credential.

    Args:
        link: the way to HQ.
        journal: has the till's journals, and keeps the credential.
        store: as in the settings.
        till: as in the settings.
        code: from `till-central enrol-code STORE TILL`; used up by this.
        device_key: Ed25519 public key, 32 bytes.
        sign: signs by its private half.
        root_key: HQ's public key where it is known already, else HQ's answer is believed once.

    Raises:
        NotFoundFault: the till is not in the settings.
        CredentialFault: HQ's answer is for another device, or from another HQ.
        HqUnreachable, HqSlowDown, HqRefused: no credential was given.
    """
    request = make_request(
        sign,
        code=code.strip(),
        device_key=device_key,
        store=store,
        till=till,
        journals=await _journals(journal, till),
    )
    answer: EnrolAnswer = await _asking()(link.enrol, request)
    known = root_key or await _known_root(journal)
    credential = accept_answer(answer, request, verifier(_same_hq(known, answer)))
    kept = Enrolled(till, msgspec.structs.replace(request, code=""), answer)
    await journal.write(lambda conn: keep(conn, kept))
    return credential


def _asking() -> AsyncRetrying:
    """Ask again where no answer came: HQ gives the same request the same answer."""
    return AsyncRetrying(
        retry=retry_if_exception_type(HqUnreachable),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=LONGEST_WAIT_S / 4, max=LONGEST_WAIT_S),
        reraise=True,
    )


def keep(conn: Connection, enrolled: Enrolled) -> None:
    """Write an enrolment into the registry."""
    registry.put(conn, _key(enrolled.till), msgspec.to_builtins(enrolled))


def enrolment(conn: Connection, till: TillId) -> Enrolled | None:
    """Read a till's enrolment; None while it has none."""
    kept = registry.get(conn, _key(till))
    return None if kept is None else msgspec.convert(kept, Enrolled)


def enrolments(conn: Connection, tills: Sequence[TillId]) -> list[Enrolled]:
    """Read the enrolments there are."""
    return [found for till in tills if (found := enrolment(conn, till))]


async def _journals(journal: Journal, till: TillId) -> dict[str, str]:
    heads = await journal.read(chains.heads)
    journals = {
        head.lane: str(head.journal_id) for head in heads if head.till == till and not head.sealed
    }
    if not journals:
        raise NotFoundFault(
            f"this agent has no till {till!r}",
            remedy="name a till of the settings, or add it there and restart the agent",
            name="unknown-till",
        )
    return journals


async def _known_root(journal: Journal) -> bytes | None:
    """One agent reports to one HQ: the first till's enrolment pins it for the others."""
    heads = await journal.read(chains.heads)
    tills = sorted({head.till for head in heads})
    known = await journal.read(lambda conn: enrolments(conn, tills))
    return known[0].root_key if known else None


def _same_hq(known: bytes | None, answer: EnrolAnswer) -> bytes:
    shown = unhex(answer.root_key)
    if known is not None and known != shown:
        raise CredentialFault(
            "this HQ has another root key than the one this agent is enrolled at",
            remedy="check [hq] url; to move to another HQ, set the agent up anew",
            name="another-hq",
        )
    return shown


def _key(till: TillId) -> str:
    return f"enrolled/{till}"
