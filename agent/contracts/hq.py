"""What the agent asks of a way to HQ (a link), and the errors by who must act."""

from __future__ import annotations

from typing import Protocol

from agent.core.exchange.granting import SignedKeys
from agent.core.exchange.leasing import LeaseAsk
from agent.core.exchange.orders import SignedOrder
from agent.core.exchange.snapshots import SignedManifest
from agent.core.exchange.wire import (
    Ack,
    Batch,
    Behind,
    EnrolAnswer,
    EnrolRequest,
    FeedPage,
    Fork,
)
from agent.core.faults import AccessFault, NotFoundFault, UnavailableFault


class HqUnreachable(UnavailableFault):
    """HQ does not answer; try again later, sell on meanwhile."""

    name = "hq-unreachable"
    title = "HQ does not answer"


class HqSlowDown(UnavailableFault):
    """HQ asks for patience (429, 503); `delay_ms` says how much."""

    name = "hq-slow-down"
    title = "HQ asks for patience"

    def __init__(self, detail: str, *, remedy: str, delay_ms: int) -> None:
        """Keep how long HQ wants to be left alone."""
        super().__init__(detail, remedy=remedy)
        self.delay_ms = delay_ms


class HqTooLarge(UnavailableFault):
    """HQ refuses the size of a batch (413): send less at once."""

    name = "hq-too-large"
    title = "The batch is too large for HQ"


class HqRefused(AccessFault):
    """HQ does not accept this device, this signature or this version; a person must act."""

    name = "hq-refused"
    title = "HQ refuses this till"


class NoCommonVersion(HqRefused):
    """HQ and this agent share no version of journal sync (426): one of them must be updated."""

    name = "sync-version"
    title = "HQ speaks another version"


class NoSnapshot(NotFoundFault):
    """HQ has no snapshot of a scope, or no longer the one that was asked for."""

    name = "no-snapshot"
    title = "HQ has no such snapshot"


class HqLink(Protocol):
    """A way to HQ: http, a drop box folder, or a fake in memory."""

    async def send(self, batch: Batch) -> Ack | Behind | Fork:
        """Hand over a batch and get HQ's durable answer.

        Raises:
            HqUnreachable, HqSlowDown, HqTooLarge, HqRefused.
        """
        ...

    async def feed(self, scope: str, after: str, wait_s: int) -> FeedPage:
        """Read changes of a scope after a cursor (`""` from the start), waiting for some.

        Raises:
            FeedGone: HQ's feed no longer contains the cursor; read it from the start.
            HqUnreachable, HqSlowDown, HqRefused.
        """
        ...

    async def snapshot(self, scope: str) -> SignedManifest:
        """Ask what snapshot of a scope there is.

        Raises:
            NoSnapshot: none, since the feed is short: read it page by page.
            HqSlowDown: one is being made.
            HqUnreachable, HqRefused.
        """
        ...

    async def snapshot_chunk(self, scope: str, snapshot_id: str, number: int) -> bytes:
        """Get a piece of a snapshot, from 0, as it travelled: whoever asks checks it.

        Raises:
            NoSnapshot: HQ does not have this one any more; ask for the manifest again.
            HqUnreachable, HqSlowDown, HqRefused.
        """
        ...

    async def keys(self) -> SignedKeys:
        """Get the keys of this device's scopes, sealed to it: whoever asks checks them.

        Raises:
            HqUnreachable, HqSlowDown, HqRefused.
        """
        ...

    async def lease(self, asked: LeaseAsk) -> SignedOrder:
        """Ask for a part of a balance; asked again under its id, the same is given.

        Raises:
            HqRefused: not given, and why: by the name and the remedy of HQ's own fault.
            HqUnreachable, HqSlowDown.
        """
        ...

    async def enrol(self, request: EnrolRequest) -> EnrolAnswer:
        """Trade a one-time code for a credential.

        Raises:
            HqUnreachable, HqSlowDown, HqRefused.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...
