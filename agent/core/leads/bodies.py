"""What a till seals about leads; channels tell theirs to HQ directly."""

from __future__ import annotations

import msgspec

from agent.core.identifiers import ActorId, PartyId, SaleId, StoreId, TillId
from agent.core.leads.model import Lead
from agent.core.sale.model import Stamp


class LeadTold(msgspec.Struct, frozen=True, omit_defaults=True, tag="lead.told"):
    """A lead begun or changed at a till: a quote, a wish, a pick-up promised. Journal `side`."""

    store: StoreId
    till: TillId
    at: Stamp
    lead: Lead
    actor: ActorId | None = None

    @property
    def party_id(self) -> PartyId | None:
        """Whom it speaks of."""
        return self.lead.party_id


class LeadRedeemed(msgspec.Struct, frozen=True, omit_defaults=True, tag="lead.redeemed"):
    """The code of a lead was shown while a sale was open. `side`.

    Shown is shown: whether the till had ever heard of that lead is no matter.
    """

    sale_id: SaleId
    lead_id: str
    store: StoreId
    till: TillId
    at: Stamp
    actor: ActorId | None = None
