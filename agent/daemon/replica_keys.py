"""Opening what HQ grants, by the device key, and keeping it with the directory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agent.core.exchange.granting import SignedKeys, read_keys
from agent.core.exchange.replica import REGION
from agent.core.exchange.signed import Verify
from agent.directory import Directory
from agent.journal.device_key import DeviceKey

FILE_NAME = "replica.keys"
"""In the state directory; encrypted with the machine's key."""
AT_ONCE = 500
"""People let go of in one step: some milliseconds."""
BREATH_S = 0.05


class ReplicaKeys:
    """The `KeyStore` of the sync loop."""

    def __init__(self, directory: Directory, key: Callable[[], DeviceKey]) -> None:
        """Keep keys with `directory`; `key` gives the device's present one."""
        self._directory, self._key = directory, key

    def take(self, signed: SignedKeys, verify: Verify) -> list[str]:
        """See `KeyStore.take`; a region of which there is no key any more is let go of."""
        key = self._key()
        seed = key.private.private_bytes_raw()
        renewed = self._directory.take_keys(*read_keys(signed, key.public_bytes, seed, verify))
        self._leave()
        return renewed

    def lacks(self) -> bool:
        """See `KeyStore.lacks`."""
        return self._directory.lacks_keys()

    def scopes(self) -> frozenset[str]:
        """See `KeyStore.scopes`."""
        return self._directory.keyring.scopes

    def _leave(self) -> None:
        """Take a step, and the next one after others had their turn."""
        held = (scope for scope in self._directory.scopes() if scope.startswith(REGION))
        left = [scope for scope in held if scope not in self.scopes()]
        if left and self._directory.leave(left[0], AT_ONCE):
            asyncio.get_running_loop().call_later(BREATH_S, self._leave)
        elif len(left) > 1:
            self._leave()
