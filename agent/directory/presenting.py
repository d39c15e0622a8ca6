"""What was presented at the till lately, stretched: by it a card is found and opened.

A stretch takes milliseconds on purpose, so it is made once, in a thread of its own where somebody
can wait for it, and remembered for a while. All of it is in memory only.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from agent.core.identifiers import PartyId
from agent.core.privacy.keys import ScopeKey, stretch, token
from agent.core.recognition import Identifier
from agent.directory.keyring import Pepper, uses_of

STRETCHERS = 1
"""Stretches made at once: on a machine of two processors the other one is left to selling."""
STRETCHED_MAX = 256
"""Identifiers whose stretch is remembered: those of one customer, and of those before."""
PEOPLE_MAX = 1_000
"""People whose cards can be opened again: more than stand at an agent's tills."""


class Presented(NamedTuple):
    """An identifier as the rows of one scope and generation know it."""

    key: ScopeKey
    stretched: bytes

    @property
    def token(self) -> bytes:
        """By which its row is found."""
        return token(uses_of(self.key), self.stretched)


class Presenting:
    """Stretches, and who was found by them."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._stretched: OrderedDict[tuple[Identifier, Pepper], bytes] = OrderedDict()
        self._people: OrderedDict[PartyId, dict[bytes, None]] = OrderedDict()
        self._threads = ThreadPoolExecutor(STRETCHERS, "stretch")

    async def prepare(self, identifiers: Iterable[Identifier], keys: Sequence[ScopeKey]) -> None:
        """Stretch in the thread what will be looked up next, so that nobody else waits for it."""
        wanted = {(one, pepper): None for one in identifiers for pepper in _peppers(keys)}
        missing = [each for each in wanted if each not in self._stretched]
        run = asyncio.get_running_loop().run_in_executor
        made = await asyncio.gather(
            *(run(self._threads, stretch, one, *pepper) for one, pepper in missing)
        )
        for each, stretched in zip(missing, made, strict=True):
            self._keep(each, stretched)

    def presented(self, identifier: Identifier, keys: Sequence[ScopeKey]) -> list[Presented]:
        """Give an identifier as each of these keys' rows know it; slow where it is new."""
        return [Presented(key, self._stretch(identifier, key)) for key in keys]

    def met(self, party_id: PartyId, by: Iterable[Presented]) -> None:
        """Remember by what a party was found."""
        held = self._people.setdefault(party_id, {})
        held.update(dict.fromkeys(one.stretched for one in by))
        self._people.move_to_end(party_id)
        if len(self._people) > PEOPLE_MAX:
            self._people.popitem(last=False)

    def of(self, party_id: PartyId, keys: Sequence[ScopeKey]) -> list[Presented]:
        """Give all by which a party was found, as each of these keys' rows know it."""
        held = self._people.get(party_id, {})
        return [Presented(key, stretched) for stretched in held for key in keys]

    def forget(self, party_id: PartyId) -> None:
        """Remember nothing of a party."""
        self._people.pop(party_id, None)

    def close(self) -> None:
        """End the thread."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _stretch(self, identifier: Identifier, key: ScopeKey) -> bytes:
        each = (identifier, (key.pepper, key.stretching))
        held = self._stretched.get(each)
        return self._keep(each, held or stretch(identifier, *each[1]))

    def _keep(self, each: tuple[Identifier, Pepper], stretched: bytes) -> bytes:
        self._stretched[each] = stretched
        self._stretched.move_to_end(each)
        if len(self._stretched) > STRETCHED_MAX:
            self._stretched.popitem(last=False)
        return stretched


def _peppers(keys: Sequence[ScopeKey]) -> set[Pepper]:
    return {(key.pepper, key.stretching) for key in keys}
