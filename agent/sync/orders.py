"""HQ's signed orders: verified, carried out before anything else of their page, acknowledged.

Effect and receipt are one transaction: an `order.received` entry in `side` of each till, once, in
which HQ's own signature travels back. An HQ that was restored from before the order gets it from
there (P5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeAlias

import msgspec

from agent.contracts.clock import Clock
from agent.core.consent.erasure import ErasePerson, also_meant
from agent.core.entries.bodies import OrderReceived, PartyEnrolled
from agent.core.entries.chain import SALT_SIZE
from agent.core.entries.kinds import SIDE
from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.orders import (
    ERASE,
    FEED_KEY,
    IDENTITY,
    LEASE,
    RECALL,
    REVOKE,
    Order,
    RevokeBody,
    SignedOrder,
    read_order,
)
from agent.core.exchange.wire import FeedItem
from agent.core.faults import InputFault, NotFoundFault
from agent.core.identifiers import JournalId, PartyId, TillId
from agent.journal import Connection, Journal, chains, erasures, persons, purses, tails
from agent.journal.root_key import verifier
from agent.sync.enrolment import Enrolled, revoked, set_revoked
from agent.sync.lease_orders import concerned, take_lease, take_recall
from agent.sync.troubles import Troubles

DONE, NOTHING, UNKNOWN = "done", "nothing-to-do", "unknown-order"
ANOTHER = "another-entry"
"""Outcomes of `OrderReceived`."""
_PUT = "put"
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

Kept: TypeAlias = tuple[JournalId, int, str]
"""An entry that stands under an ordered number and is not the one that is meant."""
Effect: TypeAlias = tuple[str, tuple[Kept, ...]]
"""Outcome, and what was kept."""
Forget = Callable[[Sequence[PartyId]], None]
"""Takes people out of the directory whose enrolment was erased."""


class OrderDesk:
    """Carries out what HQ orders."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        troubles: Troubles,
        *,
        enrolled: Callable[[], Mapping[TillId, Enrolled]],
        device_key: bytes | None,
        forget: Forget,
        on_revoked: Callable[[str], None],
    ) -> None:
        """Prepare.

        Args:
            journal: where bodies are erased and receipts written.
            clock: for the time shown.
            troubles: told of an order that is not genuine, and of a revocation.
            enrolled: the tills that acknowledge, with HQ's root key.
            device_key: public half of this device's key.
            forget: told of people whose enrolment was erased, before it is acknowledged.
            on_revoked: told that HQ has revoked this very device, with the reason.
        """
        self._journal, self._clock, self._troubles = journal, clock, troubles
        self._enrolled, self._forget, self._on_revoked = enrolled, forget, on_revoked
        self.device_key = device_key

    async def take(self, items: Sequence[FeedItem]) -> None:
        """Carry out the orders among the items of a page, each once, in their order.

        Raises:
            Fault: the journal could not be written; the page must be read again.
        """
        for item in items:
            if item.key.startswith(FEED_KEY) and item.op == _PUT:
                await self._take(item)

    async def _take(self, item: FeedItem) -> None:
        tills = self._enrolled()
        enrolled = next(iter(tills.values()), None)
        if enrolled is None:
            return
        try:
            signed = _signed(item)
            order = read_order(signed, verifier(enrolled.root_key))
            if FEED_KEY + order.order_id != item.key:
                raise _not_genuine(f"{item.key} holds the order {order.order_id}")
        except CredentialFault as fault:
            self._troubles.raise_(
                item.key, fault.name, str(fault), till=enrolled.till, remedy=fault.remedy
            )
            return
        await self._carry_out(order, signed, list(tills))

    async def _carry_out(self, order: Order, signed: SignedOrder, tills: list[TillId]) -> None:
        due = await self._journal.read(
            lambda conn: _not_received(conn, order, concerned(conn, order, tills))
        )
        if due:
            people = await self._journal.read(lambda conn: _people(conn, order))
            if people:
                self._forget(people)
            await self._journal.write(lambda conn: self._write(conn, order, signed, due))
        await self._after(order)

    def _write(
        self, conn: Connection, order: Order, signed: SignedOrder, tills: list[TillId]
    ) -> None:
        # A lease comes by the feed and as an answer: who was first is known in here alone.
        tills = _not_received(conn, order, tills)
        if not tills:
            return
        outcome, kept = self._effect(conn, order, tills)
        for till in tills:
            stamp = self._clock.stamp()
            body = OrderReceived(signed.order, signed.signature, stamp, outcome, kept)
            chains.append(conn, till, body, salt=self._clock.random(SALT_SIZE))
            conn.execute(
                "INSERT INTO order_received (till, order_id, outcome) VALUES (?, ?, ?)",
                (till, order.order_id, outcome),
            )
            if order.kind == RECALL:
                store = tails.open_tail(conn, till, SIDE).store
                purses.close_due(conn, till, store, stamp, lambda: self._clock.random(SALT_SIZE))

    def _effect(self, conn: Connection, order: Order, tills: Sequence[TillId]) -> Effect:
        """Do what is ordered, in the transaction of the receipt; gives the outcome."""
        effects: dict[str, Callable[[Connection, Order], Effect]] = {
            ERASE: self._erase,
            REVOKE: self._revoke,
            LEASE: _lease,
            RECALL: partial(_recall, tills),
        }
        if order.kind == IDENTITY:
            return DONE, ()  # to bear witness is all that is asked: the receipt does
        effect = effects.get(order.kind)
        if effect is None:
            return UNKNOWN, ()
        try:
            return effect(conn, order)
        except (*_UNREADABLE, InputFault):
            return UNKNOWN, ()

    def _erase(self, conn: Connection, order: Order) -> Effect:
        body = msgspec.json.decode(order.body, type=ErasePerson)
        at, outcome, kept = self._clock.stamp().wall, NOTHING, list[Kept]()
        besides = also_meant(body, persons.about(conn, body.parties))
        for entry in (*body.entries, *besides):
            # Most entries of an order are other tills'.
            with suppress(NotFoundFault):
                found = erasures.erase(
                    conn,
                    entry.journal_id,
                    entry.seq,
                    commitment=entry.commitment,
                    order_id=order.order_id,
                    at=at,
                )
                outcome = DONE
                kept += [(entry.journal_id, entry.seq, other) for other in found.others]
        return (ANOTHER if kept else outcome), tuple(kept)

    def _revoke(self, conn: Connection, order: Order) -> Effect:
        body = msgspec.json.decode(order.body, type=RevokeBody)
        if not self._is_mine(body):
            return NOTHING, ()
        set_revoked(conn, body.reason)
        return DONE, ()

    def _is_mine(self, body: RevokeBody) -> bool:
        return self.device_key is not None and body.device_key == self.device_key.hex()

    async def _after(self, order: Order) -> None:
        """Stop reporting where this device was revoked, also where a crash came in between."""
        if order.kind == REVOKE and (reason := await self._journal.read(revoked)):
            self._on_revoked(reason)


def _lease(conn: Connection, order: Order) -> Effect:
    take_lease(conn, order)
    return DONE, ()


def _recall(tills: Sequence[TillId], conn: Connection, order: Order) -> Effect:
    take_recall(conn, order, tills)
    return DONE, ()


def _signed(item: FeedItem) -> SignedOrder:
    try:
        return msgspec.json.decode(item.body, type=SignedOrder)
    except _UNREADABLE as error:
        raise _not_genuine(f"the item {item.key} holds no signed order: {error}") from error


def _not_genuine(reason: str) -> CredentialFault:
    return CredentialFault(
        f"an order was not carried out: {reason}",
        remedy="compare the versions of HQ and agent; if they are equal, find out who sent it",
        name="order-not-genuine",
    )


def _not_received(conn: Connection, order: Order, tills: Sequence[TillId]) -> list[TillId]:
    """List the tills that have not acknowledged an order yet."""
    sql = "SELECT till FROM order_received WHERE order_id = ?"
    known = {row[0] for row in conn.execute(sql, (order.order_id,)).fetchall()}
    return [till for till in tills if till not in known]


def _people(conn: Connection, order: Order) -> list[PartyId]:
    """Find the people who are about to be erased here: named, or by their enrolment."""
    if order.kind != ERASE:
        return []
    try:
        body = msgspec.json.decode(order.body, type=ErasePerson)
    except _UNREADABLE:
        return []
    found = (erasures.standing(conn, *msgspec.structs.astuple(each)) for each in body.entries)
    bodies = erasures.bodies(conn, (place for each in found for place in each.places))
    people = (each.party_id for each in bodies if isinstance(each, PartyEnrolled))
    return list(dict.fromkeys((*body.parties, *people)))
