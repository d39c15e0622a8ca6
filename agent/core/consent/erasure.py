"""Erasing a person: what goes, what stays for which reason until when, and the order that travels.

The decision is made once, over everything HQ holds, and can be made again at any time: when a
period ends, and when a till that was away brings more. What the order says is small and holds no
personal data: ids that mean nothing to who does not hold the data anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import msgspec

from agent.core.consent.retention import DataClass, Rule, kept_until
from agent.core.consent.rights import Kind, SubjectRequest, ready
from agent.core.days import FOREVER, day
from agent.core.faults import InputFault
from agent.core.identifiers import JournalId, PartyId, StoreId

GLOBAL = "global"
"""The feed scope of every till."""


class EntryKey(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A sealed entry of a journal, as an order to erase names it."""

    journal_id: JournalId
    seq: int
    commitment: str
    """Hexadecimal: which of two entries under one number is meant."""


class Holding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One piece of data that is held of the person."""

    key: str
    """HQ's own name of it, the same whenever it is asked: `attribute:…`, `entry:…`."""
    data_class: DataClass
    since: str = ""
    """The day its period counts from; needed where its class is kept for years."""
    open: bool = False
    """Something is still owed: an order under way, a deposit, a balance."""
    entry: EntryKey | None = None
    """Of one that stands in a till's journal."""
    store: StoreId | None = None
    """Where that journal is."""


class Hold(msgspec.Struct, frozen=True):
    """Data that must stay for a dispute, whatever the rules say (GDPR, Article 17(3)(e))."""

    keys: frozenset[str]
    """Of holdings; empty: everything of the person."""
    reason: str
    until: str = FOREVER
    """The last day, or `FOREVER`: until somebody takes the hold away."""


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that stays, with what the person is told of it."""

    key: str
    data_class: DataClass
    law: str
    reason: str
    until: str = ""
    """The last day; empty: no day is set, because it names nobody or something is still owed."""


class Unclear(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something nobody can decide about yet: it neither goes nor rightly stays."""

    key: str
    data_class: DataClass
    reason: str
    remedy: str


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is to be done about one request."""

    request_id: str
    parties: tuple[PartyId, ...]
    """Every id of the person, sorted."""
    erase: tuple[Holding, ...]
    keep: tuple[Kept, ...]
    decided_on: str
    classes: tuple[DataClass, ...] = ()
    """Those of which nothing may stay: what a till has not sent yet of them goes, too."""
    unclear: tuple[Unclear, ...] = ()
    """The rest is not held up by these; the erasure is not complete before they are decided."""

    @property
    def again_on(self) -> str:
        """The last day of the period that ends first; the day after, the plan is made again."""
        return min(
            (kept.until for kept in self.keep if kept.until not in ("", FOREVER)), default=""
        )


class ErasePerson(msgspec.Struct, frozen=True, omit_defaults=True):
    """Body of the order: an `exchange.orders.EraseBody` with the person it is about.

    Who does not know the further fields erases the entries all the same.
    """

    entries: tuple[EntryKey, ...]
    request_id: str = ""
    parties: tuple[PartyId, ...] = ()
    """Cards, tokens and prompts of these go."""
    classes: tuple[DataClass, ...] = ()
    """What a till's own journal holds of them in these classes goes, too, whether HQ knows of it
    or not. Other classes are HQ's to decide about, thing by thing."""


def plan(
    request: SubjectRequest,
    parties: Iterable[PartyId],
    holdings: Iterable[Holding],
    rules: Mapping[DataClass, Rule],
    *,
    today: str,
    holds: Sequence[Hold] = (),
) -> Plan:
    """Decide what goes and what stays.

    Args:
        request: to erase, by whoever it is about.
        parties: every id that is this person.
        holdings: everything HQ holds of them, in any order.
        rules: of every class of data, as of `rules_of`.
        today: the day.
        holds: what must stay for a dispute.

    Raises:
        StateFault: as `rights.ready`.
        InputFault: `bad-day`; `nobody-named`.
    """
    ready(request, Kind.ERASE)
    ids = tuple(sorted(set(parties)))
    if not ids:
        raise InputFault(
            "the request names nobody",
            remedy="name a party; its other ids are found by the identity graph",
            name="nobody-named",
        )
    on = day(today).isoformat()
    once = {held.key: held for held in sorted(holdings, key=repr)}
    told = [(once[key], _decided(once[key], rules, on, holds)) for key in sorted(once)]
    return Plan(
        request_id=request.request_id,
        parties=ids,
        erase=tuple(held for held, found in told if found is None),
        keep=tuple(found for _, found in told if isinstance(found, Kept)),
        decided_on=on,
        classes=_whole_classes(rules, on, holds),
        unclear=tuple(found for _, found in told if isinstance(found, Unclear)),
    )


def orders_of(decided: Plan) -> tuple[tuple[str, ErasePerson], ...]:
    """Give the orders to sign, as (feed scope, body): for all tills, and per store with entries."""
    everyone = ErasePerson((), decided.request_id, decided.parties, decided.classes)
    placed = sorted((held.store, held.entry) for held in decided.erase if held.entry and held.store)
    return (
        (GLOBAL, everyone),
        *(
            (f"store:{store}", msgspec.structs.replace(everyone, entries=_entries(of_store)))
            for store, of_store in groupby(placed, key=lambda pair: pair[0])
        ),
    )


def also_meant(
    body: ErasePerson, held: Iterable[tuple[EntryKey, DataClass, Iterable[PartyId]]]
) -> tuple[EntryKey, ...]:
    """Give the entries a till must erase besides: its own of these parties, not sent yet.

    Args:
        body: of the order.
        held: the till's `side` entries, with their class and the parties each speaks of.
    """
    named, gone = set(body.entries), set(body.parties)
    more = {
        entry
        for entry, data_class, of in held
        if entry not in named and data_class in body.classes and gone.intersection(of)
    }
    return tuple(sorted(more))


def supplement(before: Sequence[Plan], now: Plan) -> Plan | None:
    """Give what a plan made again erases beyond the plans before it; None where it is nothing.

    Made again when a till that was away has brought more of the person, or a period has ended.
    """
    done = {held.key for earlier in before for held in earlier.erase}
    more = tuple(held for held in now.erase if held.key not in done)
    known = {party for earlier in before for party in earlier.parties}
    if not more and known.issuperset(now.parties):
        return None
    return msgspec.structs.replace(now, erase=more)


def _decided(
    held: Holding, rules: Mapping[DataClass, Rule], today: str, holds: Sequence[Hold]
) -> Kept | Unclear | None:
    """Say why a thing stays, or cannot be decided about; None where it goes."""
    try:
        found = _kept(held, rules, today, holds)
        if found is None and held.entry is not None and held.store is None:
            raise _undecided("it stands in a journal, and nobody says in which store", "name it")
    except InputFault as fault:
        return Unclear(held.key, held.data_class, fault.detail, fault.remedy)
    return found


def _kept(
    held: Holding, rules: Mapping[DataClass, Rule], today: str, holds: Sequence[Hold]
) -> Kept | None:
    rule = rules.get(held.data_class)
    if rule is None:
        raise _undecided("nobody has said what becomes of its class", "add a rule to the settings")
    reasons = [_by_rule(held, rule, today), *(_by_hold(held, hold, today) for hold in holds)]
    found = [kept for kept in reasons if kept is not None]
    return max(found, key=lambda kept: kept.until or FOREVER, default=None)


def _whole_classes(
    rules: Mapping[DataClass, Rule], today: str, holds: Sequence[Hold]
) -> tuple[DataClass, ...]:
    """Give the classes of which nothing is kept, whatever it is."""
    if any(not hold.keys and _is_on(hold, today) for hold in holds):
        return ()
    gone = (each for each, rule in rules.items() if not (rule.nameless or rule.while_open))
    return tuple(sorted(each for each in gone if not rules[each].years))


def _is_on(hold: Hold, today: str) -> bool:
    """Tell whether a dispute goes on; one whose end cannot be read does."""
    try:
        return day(today) <= day(hold.until)
    except InputFault:
        return True


def _by_rule(held: Holding, rule: Rule, today: str) -> Kept | None:
    if rule.nameless or (rule.while_open and held.open):
        return Kept(held.key, held.data_class, rule.law, rule.reason)
    if not rule.years:
        return None
    if not held.since:
        raise _undecided("its class is kept for years, and nobody says from which day", "say it")
    until = kept_until(rule, held.since)
    return Kept(held.key, held.data_class, rule.law, rule.reason, until) if today <= until else None


def _by_hold(held: Holding, hold: Hold, today: str) -> Kept | None:
    if (hold.keys and held.key not in hold.keys) or not _is_on(hold, today):
        return None
    return Kept(held.key, held.data_class, "GDPR Art. 17(3)(e)", hold.reason, hold.until)


def _entries(placed: Iterable[tuple[str, EntryKey]]) -> tuple[EntryKey, ...]:
    return tuple(entry for _, entry in placed)


def _undecided(detail: str, remedy: str) -> InputFault:
    return InputFault(detail, remedy=remedy, name="holding-undecided")
