"""What a till says a person has answered, allowed or asked for; and what it had to mask."""

from __future__ import annotations

from sqlalchemy import Connection

from agent.core.card_numbers import CardNumbersMasked
from agent.core.consent import ConsentRecord, checked
from agent.core.consent.rights import SubjectRequest
from agent.core.history.readings import of_consent
from agent.core.identifiers import JournalId
from agent.core.prompts.ledger import PromptEvent, checked_event
from central.histories.entry import Entry
from central.identity.asking import keep_event
from central.identity.cards import reached
from central.identity.findings import note_found
from central.identity.interactions import record
from central.identity.objecting import keep_answer
from central.identity.parties import PROVISIONAL, Origin, ensure
from central.identity.requests import keep_request

NOBODY: frozenset[str] = frozenset()
Answering = ConsentRecord | PromptEvent | SubjectRequest | CardNumbersMasked


def said(conn: Connection, entry: Entry, body: Answering) -> frozenset[str]:
    """Give an answer its effect.

    Raises:
        InputFault: `bad-consent`, `bad-prompt-event`, `bad-day`: it cannot be kept as it is.
    """
    if isinstance(body, CardNumbersMasked):
        note_found(conn, f"sale/{body.sale_id}", body.findings, entry.now)
        return NOBODY
    place = f"{entry.journal_id}/{entry.seq}"
    ensure(conn, body.party_id, Origin("store", body.at), state=PROVISIONAL)
    if isinstance(body, ConsentRecord):
        _consented(conn, entry, body, place)
    elif isinstance(body, PromptEvent):
        keep_event(conn, checked_event(body), entry.now)
    else:
        keep_request(conn, body, entry.now)
    reached(conn, body.party_id, entry.journal_id, entry.seq)
    return frozenset({body.party_id})


def _consented(conn: Connection, entry: Entry, body: ConsentRecord, place: str) -> None:
    """Keep an answer, and the line of it on the timeline."""
    keep_answer(conn, checked(body), place, entry.now)
    happened = of_consent((JournalId(entry.journal_id), entry.seq), body)
    if happened.interaction is not None:
        record(conn, body.party_id, happened.interaction, entry.now)
