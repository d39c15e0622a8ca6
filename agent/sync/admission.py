"""Who this agent is at HQ: credentials, readmission, and successors that are yet to be bound.

Nothing about a successor is remembered apart: which of a till's journals HQ has bound stands in the
credential, which goes on from which in the journal. Where they differ, HQ is asked; a crash in
between changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec
import structlog

from agent.contracts.hq import HqLink, HqRefused
from agent.core.exchange.credentials import accept_answer, readmission, succession
from agent.core.exchange.signed import Sign, Verify
from agent.core.exchange.wire import Predecessor
from agent.core.faults import Fault
from agent.core.identifiers import JournalId, TillId
from agent.journal import Connection, Journal, lineage
from agent.journal.chains import Head
from agent.journal.root_key import verifier
from agent.sync.enrolment import Enrolled, enrolments, keep, revoked

_log = structlog.get_logger(__name__)
FORGOTTEN = frozenset({"unknown-device", "not-your-journal", "revoked"})
"""How HQ's refusals are named when it was restored from a backup and has forgotten the device, or
one till of a device it knows, or that this machine had taken its place back from another one."""

Step = dict[str, tuple[str, bytes, Predecessor]]
"""Lane → journal id, the key in its genesis, and where it goes on from."""


class Admission:
    """The tills of this agent as HQ knows them."""

    def __init__(
        self, link: HqLink, journal: Journal, tills: Sequence[TillId], sign: Sign | None
    ) -> None:
        """Take the way to HQ; `sign` signs by the device key."""
        self._link, self._journal, self._tills, self._sign = link, journal, tuple(tills), sign
        self._enrolled: dict[TillId, Enrolled] = {}
        self._bound: dict[TillId, frozenset[str]] = {}
        self._verifiers: dict[bytes, Verify] = {}
        self.revoked = ""
        """Why HQ has revoked this device; empty while it has not."""
        self._shown: set[TillId] = set()

    @property
    def enrolled(self) -> Mapping[TillId, Enrolled]:
        """The tills that have a credential."""
        return self._enrolled

    async def load(self) -> list[Enrolled]:
        """Read what is kept, and whether HQ has revoked this device."""
        self.revoked = await self._journal.read(revoked)
        return await self._journal.read(lambda conn: enrolments(conn, self._tills))

    def admit(self, enrolled: Enrolled) -> None:
        """Go by this enrolment from now on."""
        self._enrolled[enrolled.till] = enrolled
        self._shown.discard(enrolled.till)
        self._bound[enrolled.till] = enrolled.journals

    def renew_sign(self, sign: Sign) -> None:
        """Sign by another device key from now on."""
        self._sign = sign

    def may_send(self, till: TillId, journal_id: JournalId) -> bool:
        """Tell whether HQ knows this journal as the till's."""
        return journal_id in self._bound.get(till, ())

    def is_foreign(self, head: Head) -> bool:
        """Tell whether a journal is another machine's, or of a till that this agent has no more.

        Of a till that is not enrolled yet nobody can say.
        """
        if head.till not in self._tills:
            return True
        known = head.till in self._enrolled
        return known and head.sealed and not self.may_send(head.till, head.journal_id)

    def verify(self, till: TillId) -> Verify:
        """Give the check of signatures by the root key a till was enrolled under."""
        root_key = self._enrolled[till].root_key
        if root_key not in self._verifiers:
            self._verifiers[root_key] = verifier(root_key)
        return self._verifiers[root_key]

    async def readmit(self, till: TillId, fault: HqRefused) -> bool:
        """Show a forgetful HQ the credential it once signed.

        Returns:
            Whether to try again at once: HQ knows the till now. Where it refuses all the same, the
            till is readmitted at each try, but waits in between as after any refusal.
        """
        enrolled = self._enrolled.get(till)
        if fault.name not in FORGOTTEN or self._sign is None or enrolled is None:
            return False
        request = readmission(enrolled.request, enrolled.answer, self._sign)
        try:
            await self._link.enrol(request)
        except Fault as refusal:
            _log.warning("HQ does not take the till back", till=till, reason=str(refusal))
            return False
        if till in self._shown:
            return False
        self._shown.add(till)
        _log.info("HQ had forgotten this till and has taken it back", till=till)
        return True

    def epoch_changed(self) -> None:
        """HQ lives in another epoch: what it may have forgotten is news again."""
        self._shown.clear()

    async def bind_successors(self, till: TillId) -> int:
        """Have HQ bind the journals that go on from those it knows, one generation at a time.

        Returns:
            How many journals were bound.

        Raises:
            HqUnreachable, HqSlowDown, HqRefused: HQ has not; to be tried again.
            CredentialFault: HQ's answer is not for what was asked.
        """
        bound = 0
        if till not in self._enrolled or self._sign is None:
            return bound
        while step := await self._journal.read(partial(_next_step, self._enrolled[till])):
            await self._bind(self._enrolled[till], step, self._sign)
            bound += len(step)
        return bound

    async def _bind(self, enrolled: Enrolled, step: Step, sign: Sign) -> None:
        request = succession(enrolled.request, enrolled.answer, sign, step)
        answer = await self._link.enrol(request)
        accept_answer(answer, request, self.verify(enrolled.till))
        plain = msgspec.structs.replace(request, credential="", credential_signature="")
        kept = Enrolled(enrolled.till, plain, answer)
        await self._journal.write(lambda conn: keep(conn, kept))
        self.admit(kept)
        _log.info("HQ has bound a successor journal", till=kept.till, lanes=sorted(step))


def _next_step(enrolled: Enrolled, conn: Connection) -> Step:
    """Find the journals that go on from the credential's own, and are not in it yet."""
    step: Step = {}
    for lane, journal_id in enrolled.request.journals.items():
        successor = lineage.successor(conn, JournalId(journal_id))
        before = lineage.predecessor(conn, successor) if successor else None
        if successor is not None and before is not None:
            step[lane] = (successor, _device_key(conn, successor), before)
    return step


def _device_key(conn: Connection, journal_id: JournalId) -> bytes:
    rows = conn.execute("SELECT device_key FROM journal WHERE id = ?", (journal_id,)).fetchall()
    key: bytes = rows[0][0]
    return key
