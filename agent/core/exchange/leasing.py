"""How a till asks HQ for a part of a balance: one signed request, one signed order in return.

Asked again under the same id, HQ gives the order that it gave: an answer lost on the way costs
nothing, and the order comes by the feed as well.
"""

from __future__ import annotations

import msgspec

from agent.core.identifiers import JournalId, SaleId, StoreId, TillId
from agent.core.loyalty import Ask


class LeaseAsk(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a till asks for: `POST /v1/journals/{journal}/leases`.

    The answer is a `SignedOrder` of kind `lease`.
    """

    lease_id: str
    """UUIDv7, made by the till: the id of the order, if one is given."""
    owner: str
    """A party id, or what a gift card is called by."""
    unit: str
    """`points`, or an ISO 4217 currency, of which amounts are minor units."""
    value: int
    """How much, in the unit; 0 asks for all that can be given in advance."""
    store: StoreId
    till: TillId
    journal: JournalId
    """The till's `side` journal, which the spending will be told in."""
    sale_id: SaleId | None = None
    """The one sale it is for; without one it is asked for in advance."""

    def on(self, day: str, value: int) -> Ask:
        """Say it as HQ decides it: on its own business date."""
        return Ask(
            owner=self.owner,
            unit=self.unit,
            value=value,
            store=self.store,
            till=self.till,
            journal=self.journal,
            day=day,
            sale_id=self.sale_id,
        )
