"""The credit rules in force: those of the settings, all of them, past ones included.

A rule counts from its day until the next one begins, so whoever changes the sharing adds a rule and
leaves the others standing.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, select

from agent.core.leads import CreditRule
from central.ledger.due import LEAD, note_due
from central.ledger.lead_tables import CREDIT_RULES, LEADS
from central.ledger.upserts import upsert

_json = msgspec.json.Encoder(order="deterministic")

LAST_WITHIN_A_WEEK = CreditRule("last-within-a-week", "last")
"""What counts where the settings name no rule: the lead touched last, for seven days."""


class RuleSetting(CreditRule, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A credit rule as `[[credit_rule]]` of the settings says it."""


def register(conn: Connection, rules: Sequence[CreditRule]) -> None:
    """Have these rules count and no others; whatever changes has every lead derived anew."""
    before = rules_held(conn)
    conn.execute(delete(CREDIT_RULES))
    for rule in rules:
        row = {"name": rule.name, "version": rule.version, "valid_from": rule.valid_from}
        conn.execute(upsert(CREDIT_RULES).values(**row, body=_json.encode(rule)))
    if rules_held(conn) != before:
        note_due(conn, LEAD, conn.execute(select(LEADS.c.lead_id).distinct()).scalars())


def rules_held(conn: Connection) -> list[CreditRule]:
    """List all rules, by name and version."""
    query = select(CREDIT_RULES.c.body).order_by(CREDIT_RULES.c.name, CREDIT_RULES.c.version)
    return [
        msgspec.json.decode(body, type=CreditRule) for body in conn.execute(query).scalars()
    ] or [LAST_WITHIN_A_WEEK]
