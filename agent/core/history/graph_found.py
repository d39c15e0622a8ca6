"""Whether somebody who is told of with an identifier can be who was met with it.

Whoever tells of a person by a mailbox says no id: a web store's guest, a row of another system. To
take them for the first who ever typed that mailbox in would make one of two people without a rule,
and without an undo. So what stops a rule (`graph_persons`) stops this, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import msgspec

from agent.core.history.graph import Key, Trait, TraitKind
from agent.core.history.graph_names import agree, fit
from agent.core.history.graph_near import Near
from agent.core.identifiers import PartyId
from agent.core.recognition.strength import Evidence

_GIVEN_BY_ONE = frozenset({"web_account", "wallet"})
"""Whose these are says who gave them out, whatever name is told with them."""
_TOLD_OF = (TraitKind.NAME, TraitKind.BIRTH_DATE)


class Said(msgspec.Struct, frozen=True):
    """What is told of a person beside identifiers; empty: nothing."""

    name: str = ""
    birth_date: str = ""
    """ISO 8601."""


def fitting(near: Near, identifier: Key, said: Said, ids: Collection[PartyId]) -> bool:
    """Tell whether who is told of can be the person who has these ids and this identifier.

    Args:
        near: the facts.
        identifier: what both were met with.
        said: what is told.
        ids: all ids of one person.
    """
    if identifier.type in _GIVEN_BY_ONE:
        return True
    names, dates = (frozenset(_heard(near, ids, kind)) for kind in _TOLD_OF)
    is_account = identifier.type in near.book.accounts
    if said.birth_date and dates:
        if said.birth_date not in dates:
            return False
        # As by rule: one account and one date of birth are one person, however they are spelled.
        if is_account:
            return True
    return fit([said.name], names, slips=is_account)


def goes_by(near: Near, ids: Collection[PartyId], name: str) -> bool:
    """Tell whether a name can be that of the person who has these ids, but for slips of writing."""
    return fit([name], tuple(_heard(near, ids, TraitKind.NAME)), slips=True)


def claimed(near: Near, identifier: Key, said: Said) -> frozenset[PartyId]:
    """Give who has only claimed an identifier, and is called by no other name than is told.

    A guest who orders with their partner's mailbox is somebody of their own, and is so again when
    they come back.
    """
    return frozenset(
        each
        for each in near.holders(identifier, Evidence.CANDIDATE)
        if (names := frozenset(_heard(near, [each], TraitKind.NAME)))
        and all(agree([said.name], [name]) for name in names)
    )


def _heard(near: Near, ids: Iterable[PartyId], kind: TraitKind) -> Iterator[str]:
    return (
        fact.value
        for each in ids
        for fact in near.of_party(each)
        if isinstance(fact, Trait) and fact.kind is kind
    )
