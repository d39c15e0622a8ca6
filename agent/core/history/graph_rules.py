"""The rules by which two parties are one person, and what stops them: data, each with a version.

Only a rule of this table ever joins two parties by itself, and only on proof that names cannot
give. Everything else, however likely, is a proposal for a person to decide: an agreeing name, an
e-mail nobody proved, a payment card, a statistical model. One wrong merge shows somebody else's
purchases to a stranger; one missed merge is found in a list.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from agent.core.history.graph import Key
from agent.core.recognition.strength import Evidence

_ACCOUNTS = frozenset({"loyalty_card", "web_account", "wallet"})
_EMAIL, _PHONE = frozenset({"email"}), frozenset({"phone"})
_WEIGHT = {hold: n for n, hold in enumerate(Evidence)}


class Names(StrEnum):
    """What a rule asks of the names of two who share an identifier."""

    NEARLY = "nearly"
    """That they fit, but for slips of writing: only one person is given an account."""
    FIT = "fit"
    """That they fit, letter by letter: a household has one mailbox, and twins are in it."""
    AGREE = "agree"
    """That they agree: what a rule that stands on a telephone needs."""


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """When an identifier that two parties hold makes them one."""

    id: str
    version: int
    """Raised with every change of meaning; kept with each link, as the evidence of its time."""
    types: frozenset[str]
    """Of `IdentifierType`."""
    both: Evidence
    """What each of the two must have shown at least."""
    one: Evidence
    """What at least one of them must have shown."""
    names: Names = Names.NEARLY

    def links(self, one: Evidence, other: Evidence) -> bool:
        """Tell whether two holders have shown enough, as far as the identifier goes."""
        both = proves(one, self.both) and proves(other, self.both)
        return both and (proves(one, self.one) or proves(other, self.one))


RULES = (
    Rule("R4", 2, _ACCOUNTS, both=Evidence.OBSERVED, one=Evidence.VERIFIED),
    Rule("R1", 2, _ACCOUNTS, both=Evidence.OBSERVED, one=Evidence.OBSERVED),
    Rule("R2", 2, _EMAIL, both=Evidence.VERIFIED, one=Evidence.VERIFIED, names=Names.FIT),
    Rule("R3", 1, _PHONE, both=Evidence.VERIFIED, one=Evidence.VERIFIED, names=Names.AGREE),
)
"""Strongest first: R4 the account proved by a wallet or a sign-in, R1 the same account, R2 the same
proved e-mail, R3 the same proved phone and agreeing names. None joins two whose names speak against
it: a card is handed on in a family, and a couple signs in with one account."""


class RuleBook(msgspec.Struct, frozen=True, omit_defaults=True):
    """The rules of a chain: the map is a function of the facts and of these."""

    rules: tuple[Rule, ...] = RULES
    blocked: frozenset[Key] = frozenset()
    """Identifiers that name nobody, by the settings: the store's own phone, `no@email.example`."""
    contradicting: frozenset[str] = _EMAIL | _PHONE
    """Types of which proved ones that differ speak against one person."""
    accounts: frozenset[str] = _ACCOUNTS
    """Types the chain gives out itself: shared by more than `cluster_max`, not `shared_above`."""
    shared_above: int = 5
    """More parties with one identifier than this, and it is shared: no evidence of anything."""
    cluster_max: int = 8
    """More than this many are never joined by rules; what a person has joined counts as one."""

    def limit(self, identifier: Key) -> int:
        """Give how many parties may hold an identifier before it is shared.

        A person who lost their card and was enrolled six times holds one card six times: only a
        contact is shared by a family.
        """
        return self.cluster_max if identifier.type in self.accounts else self.shared_above

    def rules_of(self, identifier: Key) -> tuple[Rule, ...]:
        """List the rules an identifier of this type can fulfil, strongest first."""
        return tuple(rule for rule in self.rules if identifier.type in rule.types)

    def says_nothing(self, identifier: Key) -> bool:
        """Tell whether an identifier is none: blank, made up, or blocked by the settings."""
        return identifier in self.blocked or is_placeholder(identifier)


BOOK = RuleBook()
"""What a chain has that sets nothing of its own."""

_MADE_UP_MIN = 7
"""So many equal characters are typed to get past a field; fewer are a number of a small card."""
_MADE_UP_LOCALS = frozenset(
    {"anonymous", "donotreply", "kein", "keine", "keinemail", "na", "no", "noemail", "nomail"}
    | {"none", "noreply", "null", "unbekannt", "unknown", "xx", "xxx"}
)


def is_placeholder(identifier: Key) -> bool:
    """Tell whether a value was typed only because a field had to be filled.

    >>> from agent.core.recognition.means import Identifier, IdentifierType
    >>> is_placeholder(Identifier(IdentifierType.EMAIL, "no-mail@shop.example"))
    True
    >>> is_placeholder(Identifier(IdentifierType.LOYALTY_CARD, "1111"))
    False
    """
    if identifier.type == "email":
        local = identifier.value.partition("@")[0]
        said_nothing = not any(map(str.isalnum, identifier.value))
        return _alphanumeric(local) in _MADE_UP_LOCALS or said_nothing
    signs = _alphanumeric(identifier.value)
    different = set(signs)
    return different <= {"0"} or (len(different) == 1 and len(signs) >= _MADE_UP_MIN)


def proves(shown: Evidence, asked: Evidence) -> bool:
    """Tell whether what was shown is at least what is asked."""
    return _WEIGHT[shown] >= _WEIGHT[asked]


def strongest(holds: Iterable[Evidence]) -> Evidence:
    """Give the strongest of several, at least one."""
    return max(holds, key=_WEIGHT.__getitem__)


def _alphanumeric(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
