"""Consent and the rights of a person: what may be done with their data, and what they may ask for.

- `purposes`, `record`: what data is used for and on what ground; one answer with its proof.
  `naming` says which answers are still in effect, `checking` yes or no with the reason, `replying`
  completes a new answer, `notice` writes the receipt of it.
- `rights`: a request and its legal day. `retention` says per class of data what becomes of it,
  `erasure` decides one erasure and writes its orders, `proof` waits for every copy;
  `suppression` remembers whom not to write to, and nothing else.
- `sections`, `export`: what a person is handed of their own data.

No clock decides between two answers: a later one names the records it replaces. Of answers that
did not know of each other the most restrictive wins, on one contact point or on all. A merge of
two customers is the union of their records, its undoing takes them apart again; nothing is written
for either. Objections alone outlive the undoing: both sides of a former merge stay bound by them
until they say yes again.
"""

from __future__ import annotations

from agent.core.consent.checking import NOT_ASKED, Verdict, check, compact, person, standings
from agent.core.consent.purposes import ANY, PURPOSES, Basis, Purpose
from agent.core.consent.record import (
    Asked,
    ConsentRecord,
    Mark,
    State,
    answer_mark,
    checked,
    mark_of,
    told_event,
)
from agent.core.consent.replying import reply, to_replace

__all__ = [
    "ANY",
    "NOT_ASKED",
    "PURPOSES",
    "Asked",
    "Basis",
    "ConsentRecord",
    "Mark",
    "Purpose",
    "State",
    "Verdict",
    "answer_mark",
    "check",
    "checked",
    "compact",
    "mark_of",
    "person",
    "reply",
    "standings",
    "to_replace",
    "told_event",
]
