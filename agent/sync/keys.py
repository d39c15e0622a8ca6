"""Having the keys of customers' cards: asked for at start, and when rows come that need new ones.

A scope of which HQ has begun a new generation is read again from the start, so that no row of the
old one stays. Until keys come, whoever is held here is not recognised; sales go on (P1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Protocol

import structlog

from agent.contracts.clock import Clock
from agent.contracts.hq import HqLink, HqSlowDown, HqUnreachable
from agent.core.exchange.granting import SignedKeys
from agent.core.exchange.replica import KEYS_RULE
from agent.core.exchange.signed import Verify
from agent.core.exchange.waits import asked_ms, backoff_ms
from agent.core.faults import Fault
from agent.core.identifiers import TillId
from agent.sync.feeds import FeedFollower, OnChange
from agent.sync.troubles import Troubles

_log = structlog.get_logger(__name__)
_DRAW_BYTES = 4
TROUBLE = "keys-not-taken"


class KeyStore(Protocol):
    """Where keys are kept, by whoever can open what HQ grants."""

    def take(self, signed: SignedKeys, verify: Verify) -> list[str]:
        """Open and keep keys; give the scopes of which there is a new generation.

        Raises:
            Fault: they are not HQ's, not for this device, or cannot be kept.
        """
        ...

    def lacks(self) -> bool:
        """Tell whether there are rows here whose key has not come."""
        ...

    def scopes(self) -> frozenset[str]:
        """Name the scopes that HQ has given keys of: those this till reads."""
        ...


class KeyKeeper:
    """Asks HQ for the keys of this device."""

    def __init__(
        self,
        link: HqLink,
        store: KeyStore,
        clock: Clock,
        *,
        verify: Callable[[], Verify | None],
        on_renewed: Callable[[str], None],
        on_trouble: Callable[[Fault | None], None],
        on_scopes: Callable[[frozenset[str]], None] = lambda _scopes: None,
    ) -> None:
        """Prepare.

        Args:
            link: the way to HQ.
            store: where keys are kept.
            clock: random draws for jitter.
            verify: gives the check by HQ's root key; None while no till is enrolled.
            on_renewed: told each scope of which there is a new generation.
            on_trouble: told what is wrong with HQ's answer, and None once it is right.
            on_scopes: told the scopes there are keys of, each time HQ has given some.
        """
        self._link, self._store, self._clock = link, store, clock
        self._verify, self._on_renewed, self._on_trouble = verify, on_renewed, on_trouble
        self._on_scopes = on_scopes
        self._wanted = asyncio.Event()
        self._failures = 0

    def ask(self) -> None:
        """Ask HQ soon."""
        self._wanted.set()

    def look(self, changed: Iterable[str] = ()) -> None:
        """Ask HQ where it tells of a new key, or something has come that does not open yet."""
        if any(key.startswith(KEYS_RULE) for key in changed) or self._store.lacks():
            self.ask()

    def before(self, on_change: OnChange) -> OnChange:
        """Look at what has changed before somebody else is told of it."""

        async def told(scope: str, keys: list[str]) -> None:
            self.look(keys)
            await on_change(scope, keys)

        return told

    async def run(self) -> None:
        """Ask at once and whenever it is due, until cancelled; a failure is waited out."""
        while True:
            self._wanted.clear()
            wait_ms = await self._turn()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_ms / 1000 if wait_ms else None):
                    await self._wanted.wait()

    async def _turn(self) -> int:
        """Ask once; return after how many milliseconds to ask again, 0 for never by itself."""
        verify = self._verify()
        if verify is None:
            return 0
        try:
            renewed = self._store.take(await self._link.keys(), verify)
        except HqSlowDown as fault:
            return max(asked_ms(fault.delay_ms, self._failed(), self._draw()), 1)
        except HqUnreachable:
            return max(backoff_ms(self._failed(), self._draw()), 1)
        except Fault as fault:
            self._on_trouble(fault)
            return max(backoff_ms(self._failed(), self._draw()), 1)
        self._failures = 0
        self._on_trouble(None)
        self._on_scopes(self._store.scopes())
        for scope in renewed:
            self._on_renewed(scope)
        return 0

    def _failed(self) -> int:
        self._failures += 1
        return self._failures

    def _draw(self) -> int:
        return int.from_bytes(self._clock.random(_DRAW_BYTES), "big")


def keeper(
    store: KeyStore | None,
    link: HqLink,
    clock: Clock,
    *,
    verify: Callable[[], Verify | None],
    followers: Mapping[str, FeedFollower],
    troubles: Troubles,
    till: TillId,
    on_scopes: Callable[[frozenset[str]], None],
) -> KeyKeeper | None:
    """Have the keys of a sync loop kept: what is wrong is a trouble, a new key begins a scope anew.

    Returns:
        None where there is nothing to keep keys for.
    """
    if store is None:
        return None

    def renewed(scope: str) -> None:
        if follower := followers.get(scope):
            _log.info("the key of a scope is new, it is read anew", scope=scope)
            follower.begin_anew()

    def troubled(fault: Fault | None) -> None:
        if fault is None:
            troubles.clear("keys", TROUBLE)
        else:
            troubles.raise_("keys", TROUBLE, fault.detail, till=till, remedy=fault.remedy)

    return KeyKeeper(
        link,
        store,
        clock,
        verify=verify,
        on_renewed=renewed,
        on_trouble=troubled,
        on_scopes=on_scopes,
    )
