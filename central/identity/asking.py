"""What may be asked of customers, and what was: on every channel, kept once (ask once).

Definitions go to every till as the rule `prompts`; what a till needs of somebody's answers is
smaller still: per question the day until which it is silent. That travels on their card.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select

from agent.core.history import Unified
from agent.core.identifiers import PartyId
from agent.core.prompts import Prompt, PromptEvent, Silence, catalogue, silences
from central.ledger.bulk import among
from central.ledger.outbox import GLOBAL, publish
from central.ledger.privacy_tables import PROMPT_EVENTS, PROMPTS
from central.ledger.upserts import upsert

RULE = "rule:prompts"
"""Key of the feed item that has all definitions: a JSON list of core.prompts Prompt."""
_encode = msgspec.json.Encoder(order="deterministic").encode
_KEEP = upsert(PROMPT_EVENTS).on_conflict_do_nothing()
_DEFINED = select(PROMPTS.c.body).order_by(PROMPTS.c.ordinal)
_ORDERED = select(PROMPT_EVENTS).order_by(PROMPT_EVENTS.c.party_id, PROMPT_EVENTS.c.event_id)


def define(conn: Connection, prompts: Sequence[Prompt]) -> dict[str, Prompt]:
    """Replace what may be asked, and tell every till.

    Raises:
        InputFault: `bad-prompt`, with everything that is wrong with any; nothing was changed.
    """
    checked = catalogue(prompts)
    conn.execute(delete(PROMPTS))
    rows = [
        {"prompt_id": prompt.prompt_id, "ordinal": ordinal, "body": _encode(prompt)}
        for ordinal, prompt in enumerate(checked.values(), 1)
    ]
    if rows:
        conn.execute(insert(PROMPTS), rows)
    publish(conn, GLOBAL, RULE, "put", _encode(list(checked.values())))
    return checked


def defined(conn: Connection) -> dict[str, Prompt]:
    """Give what may be asked, by id, in the order it was defined in."""
    bodies = conn.execute(_DEFINED).scalars()
    prompts = [msgspec.json.decode(body, type=Prompt) for body in bodies]
    return {prompt.prompt_id: prompt for prompt in prompts}


def keep_event(conn: Connection, event: PromptEvent, now: str) -> bool:
    """Keep that something was asked or answered; False where it is kept already."""
    row = {
        "party_id": event.party_id,
        "event_id": event.event_id,
        "prompt_id": event.prompt_id,
        "outcome": event.outcome.value,
        "recorded_at": now,
        "body": _encode(event),
    }
    return conn.execute(_KEEP, row).rowcount == 1


def events_of_all(conn: Connection, party_ids: Sequence[str]) -> dict[PartyId, list[PromptEvent]]:
    """List what was asked of some ids, by id."""
    found: defaultdict[PartyId, list[PromptEvent]] = defaultdict(list)
    for row in conn.execute(_ORDERED.where(among(conn, PROMPT_EVENTS.c.party_id, party_ids))):
        found[PartyId(row.party_id)].append(msgspec.json.decode(row.body, type=PromptEvent))
    return found


def silences_of_all(
    conn: Connection, persons: Iterable[Unified], *, today: str = ""
) -> dict[PartyId, tuple[Silence, ...]]:
    """Say until when each question is silent, of some persons.

    Args:
        conn: any transaction.
        persons: with all their ids.
        today: leave out silences that are over by this day; empty: none is left out.
    """
    ids = {each.canonical_id: (each.canonical_id, *each.merged_from) for each in persons}
    events = events_of_all(conn, [each for members in ids.values() for each in members])
    if not events:
        return {}
    prompts = defined(conn)
    told = {
        chosen: [event for each in members for event in events.get(each, ())]
        for chosen, members in ids.items()
    }
    return {chosen: silences(said, prompts, today=today) for chosen, said in told.items() if said}


def known_of(person: Unified) -> tuple[str, ...]:
    """Name what is known of a person, never its value: nobody asks for it again."""
    fields = (field for field, word in person.fields.items() if word.value)
    means = (named.identifier.type.value for named in person.identifiers)
    answers = (f"consent:{mark.purpose}/{mark.contact}" for mark in person.marks)
    return tuple(sorted({*fields, *means, *answers}))
