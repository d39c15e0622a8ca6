"""Which till a scanner serves: its claim, exclusive and lasting (UnifiedPOS: open, claim, enable).

A scanner that one till alone names belongs to that till without a word. One that several name
belongs to whoever claimed it; while nobody has, its scans are refused and told, never guessed. A
claim is kept in the journal: a restart of the agent in the middle of a queue changes nothing. It
ends by being released, by the end of the token it was made with, or with the till's or the
scanner's line in the settings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

import msgspec

from agent.core.faults import AccessFault, NotFoundFault, StateFault
from agent.core.identifiers import DeviceId, TillId
from agent.journal import Connection, Journal, pairing, registry

CLAIMS = "scanner-claims"
"""The registry's key; there is a handful of them, so that one value holds all."""

Named = Mapping[TillId, Sequence[DeviceId]]
"""The scanners each till names in the settings."""


class Claim(msgspec.Struct, frozen=True):
    """A scanner held by one till."""

    device: DeviceId
    till: TillId
    at: str
    """`Stamp.wall` of when it was claimed."""
    token: str | None = None
    """Hash of the token it was claimed with, whose end is the claim's; None for the admin's."""


class Ownership(msgspec.Struct, frozen=True):
    """A scanner as one till sees it."""

    device: DeviceId
    owner: TillId | None
    """Who gets its scans; None while several tills name it and none has claimed it."""
    mine: bool
    claimed_at: str | None
    """None where it needs no claim, or has none."""
    tills: tuple[TillId, ...]
    """Who may claim it."""


class Claims:
    """The owners of all scanners; decided in one place, so that no scan is ever sold twice."""

    def __init__(self, journal: Journal, named: Named) -> None:
        """Take up the claims of the last run.

        Args:
            journal: where they are kept.
            named: as in the settings.
        """
        self._journal = journal
        self._tills = _by_device(named)
        self._turn = asyncio.Lock()
        self._claims = {claim.device: claim for claim in journal.read_blocking(_kept)}

    def rename(self, named: Named) -> None:
        """Take new settings over; a claim of a till that no longer names its scanner is void."""
        self._tills = _by_device(named)

    def owner(self, device: DeviceId) -> TillId | None:
        """Tell which till a scanner's next scan goes to; None: to nobody."""
        tills = self._tills.get(device, ())
        if len(tills) == 1:
            return tills[0]
        claim = self._claim(device)
        return claim.till if claim else None

    def tills(self, device: DeviceId) -> tuple[TillId, ...]:
        """Tell which tills name a scanner."""
        return self._tills.get(device, ())

    def seen_by(self, till: TillId) -> list[Ownership]:
        """List the scanners a till names, and whose they are now."""
        return [self._view(device, till) for device, who in self._tills.items() if till in who]

    async def claim(
        self, device: DeviceId, till: TillId, *, at: str, token: str | None = None
    ) -> Ownership:
        """Give a scanner to a till, durably; claiming again what one has changes nothing.

        Raises:
            NotFoundFault: `no-such-scanner`.
            AccessFault: `not-your-scanner`.
            StateFault: `scanner-claimed`, by whom.
        """
        async with self._turn:
            self._require_named(device, till)
            held = self._claim(device)
            if held is not None and held.till != till:
                raise StateFault(
                    f"scanner {device} is held by till {held.till} since {held.at}",
                    remedy=f"release it at {held.till} first: POST /v1/tills/{held.till}/scanners/"
                    f"{device}/release",
                    name="scanner-claimed",
                )
            if held is None or held.token != token:
                await self._keep({**self._claims, device: Claim(device, till, at, token)})
            return self._view(device, till)

    async def release(self, device: DeviceId, till: TillId) -> Ownership:
        """Give a scanner back; one that the till does not hold stays as it is.

        Raises:
            NotFoundFault: `no-such-scanner`.
            AccessFault: `not-your-scanner`.
        """
        async with self._turn:
            self._require_named(device, till)
            held = self._claim(device)
            if held is not None and held.till == till:
                await self._keep({each: c for each, c in self._claims.items() if each != device})
            return self._view(device, till)

    async def end_tokens(self, tokens: Collection[str]) -> None:
        """Release what was claimed with tokens that are worth nothing any more."""
        async with self._turn:
            left = {each: c for each, c in self._claims.items() if c.token not in tokens}
            if len(left) < len(self._claims):
                await self._keep(left)

    async def _keep(self, claims: dict[DeviceId, Claim]) -> None:
        kept = msgspec.to_builtins(list(claims.values()))
        await self._journal.write(lambda conn: registry.put(conn, CLAIMS, kept))
        self._claims = claims

    def _claim(self, device: DeviceId) -> Claim | None:
        claim = self._claims.get(device)
        return claim if claim and claim.till in self._tills.get(device, ()) else None

    def _view(self, device: DeviceId, till: TillId) -> Ownership:
        claim, owner = self._claim(device), self.owner(device)
        return Ownership(
            device=device,
            owner=owner,
            mine=owner == till,
            claimed_at=claim.at if claim else None,
            tills=self._tills.get(device, ()),
        )

    def _require_named(self, device: DeviceId, till: TillId) -> None:
        if device not in self._tills:
            raise NotFoundFault(
                f"no till names a scanner {device}",
                remedy=f"scanners there are: {', '.join(self._tills) or 'none'}",
                name="no-such-scanner",
            )
        if till not in self._tills[device]:
            raise AccessFault(
                f"till {till} does not name scanner {device} in the settings",
                remedy=f'add "{device}" to scanners of [[till]] {till}, then claim it',
                name="not-your-scanner",
            )


def _kept(conn: Connection) -> list[Claim]:
    """Read the claims whose tokens still hold: some may have ended while no agent ran."""
    claims = msgspec.convert(registry.get(conn, CLAIMS) or [], list[Claim])
    return [each for each in claims if not each.token or pairing.find(conn, each.token)]


def _by_device(named: Named) -> dict[DeviceId, tuple[TillId, ...]]:
    found: dict[DeviceId, tuple[TillId, ...]] = {}
    for till, devices in named.items():
        for device in dict.fromkeys(devices):
            found[device] = (*found.get(device, ()), till)
    return found
