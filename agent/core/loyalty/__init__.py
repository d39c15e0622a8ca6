"""Points and gift cards: what a sale earns, what a till may spend unasked, and one exact ledger.

`ledger` holds postings for ever, `bookings` makes them, `reversing` is the one place where a part
of them is taken back. `programme` is what HQ publishes of it all; `rules` and `earning` say what a
receipt earns. `leases` are what HQ lets one till spend of a balance, `purse` what that till has of
them. `members` adds up who was merged, and says what an undone merge leaves to be settled.

**At the till.** Earning asks nobody: `earn` over `basis_of` the sale, sealed as `ValueEarned` in
the transaction of the sale. Paying is `spend`: it gives the draws or says how much can be paid
here; with the completed sale they are sealed as `ValueSpent`, and `paid` takes them into the purse.
A lease for one sale is asked of HQ where it is reached, for points beyond the leases and for every
gift card. Whatever `due` lists is sealed as `LeaseClosed`. A refund to points or to a gift card is
`ValueRestored`, and asks nobody either.

**At HQ.** `grant` decides a lease out of `standing` over all who are merged; `granted` is booked,
then the order is signed. Facts of tills become bookings, of which `missing` are written. Goods that
came back are `goods_back` of the sale they came back in; each is `taken_back` from whatever stands
under its source, and asked again when a sale arrives later than its return. Orders of web stores
earn at HQ alone; `ordered` keeps what they earned at the share of what is kept of them.

Nothing depends on the order in which facts arrive but the share of a single return, to the unit;
sums and balances do not.
"""

from __future__ import annotations

from agent.core.loyalty.earning import (
    Basis,
    EarnedLine,
    Earning,
    EarnLine,
    GoodsBack,
    basis_of,
    earn,
    goods_back,
    promised_beyond,
)
from agent.core.loyalty.expiring import (
    Dated,
    Ended,
    Expiring,
    Term,
    at_of,
    corrections,
    ended,
    last_day,
    left_of,
    schedule,
)
from agent.core.loyalty.facts import (
    Draw,
    LeaseClosed,
    ValueEarned,
    ValueLoaded,
    ValueRestored,
    ValueSpent,
)
from agent.core.loyalty.faults import LoyaltyFault, worded
from agent.core.loyalty.leases import (
    GIFT_CAPS,
    POINTS_CAPS,
    Ask,
    Caps,
    Given,
    Lease,
    Recall,
    grant,
    read_lease,
)
from agent.core.loyalty.ledger import (
    FORFEITED,
    HELD,
    ISSUED,
    LEASED,
    OWNED,
    REDEEMED,
    Account,
    LedgerFault,
    Posting,
    Source,
    balances,
    booking,
    missing,
)
from agent.core.loyalty.lots import Left
from agent.core.loyalty.members import (
    Overspent,
    Shortfall,
    Standing,
    overspent,
    owned,
    shortfalls,
    standing,
    uncovered,
)
from agent.core.loyalty.programme import (
    POINTS,
    RULE,
    Programme,
    gift_owner,
    read_programme,
    unit_of,
)
from agent.core.loyalty.reversing import Reversal, move, reverse
from agent.core.loyalty.rules import (
    FACE_VALUE,
    GIFT_TENDER,
    POINTS_TENDER,
    EarnRule,
    Expiry,
    Worth,
    require_rules,
    require_worth,
)

__all__ = [
    "FACE_VALUE",
    "FORFEITED",
    "GIFT_CAPS",
    "GIFT_TENDER",
    "HELD",
    "ISSUED",
    "LEASED",
    "OWNED",
    "POINTS",
    "POINTS_CAPS",
    "POINTS_TENDER",
    "REDEEMED",
    "RULE",
    "Account",
    "Ask",
    "Basis",
    "Caps",
    "Dated",
    "Draw",
    "EarnLine",
    "EarnRule",
    "EarnedLine",
    "Earning",
    "Ended",
    "Expiring",
    "Expiry",
    "Given",
    "GoodsBack",
    "Lease",
    "LeaseClosed",
    "LedgerFault",
    "Left",
    "LoyaltyFault",
    "Overspent",
    "Posting",
    "Programme",
    "Recall",
    "Reversal",
    "Shortfall",
    "Source",
    "Standing",
    "Term",
    "ValueEarned",
    "ValueLoaded",
    "ValueRestored",
    "ValueSpent",
    "Worth",
    "at_of",
    "balances",
    "basis_of",
    "booking",
    "corrections",
    "earn",
    "ended",
    "gift_owner",
    "goods_back",
    "grant",
    "last_day",
    "left_of",
    "missing",
    "move",
    "overspent",
    "owned",
    "promised_beyond",
    "read_lease",
    "read_programme",
    "require_rules",
    "require_worth",
    "reverse",
    "schedule",
    "shortfalls",
    "standing",
    "uncovered",
    "unit_of",
    "worded",
]
