"""What has become of a lead: the word a timeline or its owner is shown."""

from __future__ import annotations

from agent.core.leads.opened import OpenLead
from agent.core.leads.rules import CreditRule, counts

OPEN, PARTLY, CONVERTED, WITHDRAWN, EXPIRED = "open", "partly", "converted", "withdrawn", "expired"
STANDINGS = (OPEN, PARTLY, CONVERTED, WITHDRAWN, EXPIRED)


def standing(lead: OpenLead, rule: CreditRule, at: int) -> str:
    """Tell what has become of a lead.

    Args:
        lead: as `credit` left it.
        rule: of the day.
        at: now, in seconds since 1970.

    Returns:
        `converted` once all of it was bought, `withdrawn` where the customer emptied it first,
        `expired` when its time is up, else `partly` bought or `open`.
    """
    if lead.spent:
        return CONVERTED if lead.converted else WITHDRAWN
    if not counts(rule, lead, at):
        return EXPIRED
    return PARTLY if lead.converted else OPEN
