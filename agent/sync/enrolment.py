"""Trading a one-time code for a credential, and what the agent keeps of it, per till."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from agent.contracts.hq import HqLink, HqUnreachable
from agent.core.entries.kinds import LANES
from agent.core.exchange.credentials import accept_answer, make_request
from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.signed import Sign, unhex
from agent.core.exchange.wire import (
    ANCESTORS_MAX,
    Ancestor,
    Credential,
    EnrolAnswer,
    EnrolRequest,
    Predecessor,
)
from agent.core.faults import NotFoundFault
from agent.core.identifiers import StoreId, TillId
from agent.journal import Connection, Journal, chains, lineage, registry
from agent.journal.root_key import verifier

ATTEMPTS = 3
"""A person waits for the outcome: a short outage is bridged, a long one is said."""
LONGEST_WAIT_S = 2
REVOKED = "revoked"
"""Key of the registry: why HQ has revoked this device."""


class Enrolled(msgspec.Struct, frozen=True):
    """What is kept of an enrolment, in the journal's registry."""

    till: TillId
    request: EnrolRequest
    """As sent, without the code: to be readmitted with by an HQ that has forgotten the till."""
    answer: EnrolAnswer

    @property
    def journals(self) -> frozenset[str]:
        """Ids of the journals that HQ has bound to this till, those gone on from included."""
        shown = msgspec.json.decode(self.answer.credential, type=Credential)
        before = {one.journal_id for one in shown.predecessors.values()}
        ancestors = {one.journal_id for one in shown.ancestors}
        return frozenset(shown.journals.values()) | before | ancestors

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
) -> Enrolled:
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

    Returns:
        What was kept; `answer.replaced` tells of the machine that stood there before.

    Raises:
        NotFoundFault: the till is not in the settings.
        CredentialFault: HQ's answer is for another device, or from another HQ.
        HqUnreachable, HqSlowDown, HqRefused: no credential was given.
    """
    journals = await journal.read(lambda conn: own_journals(conn, till))
    request = make_request(
        sign,
        code=code.strip(),
        device_key=device_key,
        store=store,
        till=till,
        journals={lane: own.journal_id for lane, own in journals.items()},
        journal_keys={lane: own.device_key for lane, own in journals.items()},
    )
    before = {lane: own.succeeds for lane, own in journals.items() if own.succeeds}
    ended = await journal.read(lambda conn: ended_journals(conn, till, journals))
    request = msgspec.structs.replace(request, predecessors=before, ancestors=ended)
    answer: EnrolAnswer = await asking()(link.enrol, request)
    known = root_key or await _known_root(journal)
    accept_answer(answer, request, verifier(_same_hq(known, answer)))
    kept = Enrolled(till, msgspec.structs.replace(request, code=""), answer)
    await journal.write(lambda conn: _keep_anew(conn, kept))
    return kept


def asking() -> AsyncRetrying:
    """Ask again where no answer came: HQ gives the same request the same answer."""
    return AsyncRetrying(
        retry=retry_if_exception_type(HqUnreachable),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=LONGEST_WAIT_S / 4, max=LONGEST_WAIT_S),
        reraise=True,
    )


def revoked(conn: Connection) -> str:
    """Tell why HQ has revoked this device; empty of one that may report."""
    return str(registry.get(conn, REVOKED) or "")


def set_revoked(conn: Connection, reason: str) -> None:
    """Note that HQ has revoked this device, until a person enrols it anew."""
    registry.put(conn, REVOKED, reason or "without a reason given")


def keep(conn: Connection, enrolled: Enrolled) -> None:
    """Write an enrolment into the registry."""
    registry.put(conn, _key(enrolled.till), msgspec.to_builtins(enrolled))


def enrolment(conn: Connection, till: TillId) -> Enrolled | None:
    """Read a till's enrolment; None while it has none, or none that can be read any more."""
    kept = registry.get(conn, _key(till))
    try:
        return None if kept is None else msgspec.convert(kept, Enrolled)
    except msgspec.ValidationError:
        return None


def enrolments(conn: Connection, tills: Sequence[TillId]) -> list[Enrolled]:
    """Read the enrolments there are."""
    return [found for till in tills if (found := enrolment(conn, till))]


class OwnJournal(msgspec.Struct, frozen=True):
    """An open journal as enrolment needs to know it."""

    journal_id: str
    device_key: bytes
    """In its genesis."""
    succeeds: Predecessor | None


def own_journals(conn: Connection, till: TillId) -> dict[str, OwnJournal]:
    """Read the open journals of a till, by lane.

    Raises:
        NotFoundFault: the agent has no such till.
    """
    rows = conn.execute(
        "SELECT lane, id, device_key FROM journal WHERE till = ? AND sealed = 0", (till,)
    ).fetchall()
    if not rows:
        raise NotFoundFault(
            f"this agent has no till {till!r}",
            remedy="name a till of the settings, or add it there and restart the agent",
            name="unknown-till",
        )
    return {
        lane: OwnJournal(journal_id, key, lineage.predecessor(conn, journal_id))
        for lane, journal_id, key in rows
    }


def ended_journals(conn: Connection, till: TillId, lanes: Iterable[str]) -> tuple[Ancestor, ...]:
    """List the journals that a till's open ones go on from, as far as they stand in this file."""
    most = ANCESTORS_MAX // len(LANES)
    return tuple(
        _ancestor(conn, member.number)
        for lane in lanes
        for member in islice(lineage.lineage(conn, till, lane), 1, most + 1)
    )


def _ancestor(conn: Connection, number: int) -> Ancestor:
    ((journal_id, lane, first, key, before),) = conn.execute(
        "SELECT id, lane, genesis, device_key, predecessor FROM journal WHERE no = ?", (number,)
    ).fetchall()
    return Ancestor(journal_id, lane, first.hex(), key.hex(), (before or b"").hex())


def _keep_anew(conn: Connection, enrolled: Enrolled) -> None:
    """A person at HQ has let this machine in: an earlier revocation is over."""
    keep(conn, enrolled)
    registry.put(conn, REVOKED, None)


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
