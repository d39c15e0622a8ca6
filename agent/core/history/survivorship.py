"""Which of several words about a person is shown: field by field, with where it comes from.

Nothing that was ever said is overwritten or dropped. Every word stays under the party it was said
of, and what is shown is chosen anew at each reading, from all of them together. So a merge shows
the best of both, its undo shows each as before, and neither has to copy or restore anything.

The rule, in its order:

1. *strength*: confirmed by the customer, verified, said, then other systems' records;
2. *order*: within one journal or inbox a later word replaces an earlier one, whatever its clock;
3. *newest*: by the time it was said, and no later than it was heard of;
4. *source*: by the priority of the settings;
5. *event*: the greatest event id, so that all machines choose alike.

A clock has its say in what is shown, and in nothing else (P11).
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum, StrEnum

import msgspec

from agent.core.identifiers import PartyId


class Strength(IntEnum):
    """How much a word weighs; more weighs more."""

    RECORD = 1
    """From another system's records: an import overrules nobody who was asked."""
    SAID = 2
    """Said at a till, on the web or on the phone."""
    VERIFIED = 3
    """Proved: a code sent there came back, a document was shown."""
    CONFIRMED = 4
    """Shown to the customer, who said that it is right."""


class Decided(StrEnum):
    """What made a word the one that is shown."""

    ALONE = "alone"
    """Nobody says otherwise."""
    STRENGTH = "strength"
    ORDER = "order"
    NEWEST = "newest"
    SOURCE = "source"
    EVENT = "event"


class Observation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One word about a person, as it was heard."""

    party_id: PartyId
    """As observed; never another one, whoever that turns out to be."""
    field: str
    """`name`, `postcode`, `birth_date` …"""
    value: str
    """As said. Blank says nothing."""
    source: str
    """A touch point (`store-0001/till-1`), a channel (`web`) or `import`."""
    event: str
    """Id of the fact it was said in, unique over all sources."""
    at: str
    """When it was said: UTC, ISO 8601 with milliseconds and `Z`."""
    strength: Strength = Strength.SAID
    stream: str = ""
    """The journal or inbox it stands in, in whose order there is no doubt; empty: not known."""
    seq: int = 0
    """Its place in the stream."""
    heard_at: str = ""
    """When HQ took it in: a clock that was ahead is believed no further. Empty: not yet."""


class Survivor(msgspec.Struct, frozen=True, omit_defaults=True):
    """One field as it is shown, and everything else that was said of it."""

    shown: Observation
    why: Decided
    """What decided against the words that say otherwise."""
    rest: tuple[Observation, ...] = ()
    """All other words, those that agree included; the next best first."""

    @property
    def value(self) -> str:
        """The value without blanks around it."""
        return self.shown.value.strip()


def survivors(said: Iterable[Observation], priority: Sequence[str] = ()) -> dict[str, Survivor]:
    """Choose what is shown of each field.

    Args:
        said: of one person, whichever of the parties that turned out to be they; in any order,
            each word any number of times.
        priority: sources from strongest to weakest. One stands for all beneath it: `store-0001`
            for `store-0001/till-1`. A source that is not named is weaker than all that are.

    Returns:
        By field, in the order of their names; fields of which nothing but blanks was said are
        left out.
    """
    fields: defaultdict[str, dict[Observation, None]] = defaultdict(dict)
    for word in said:
        if word.value.strip():
            fields[word.field][word] = None
    return {name: _survivor(list(fields[name]), priority) for name in sorted(fields)}


def newness(word: Observation) -> str:
    """Tell how new a word is: since when it was said, but no later than it was heard of."""
    return min(word.at, word.heard_at) if word.heard_at else word.at


def alike(value: str) -> str:
    """Bring a value into the form two of which are compared: it differs for a reader, or not.

    >>> alike(" Ada  Byron ") == alike("Ada Byron")
    True
    """
    return " ".join(unicodedata.normalize("NFC", value).split())


def _survivor(words: list[Observation], priority: Sequence[str]) -> Survivor:
    if len(words) == 1:
        return Survivor(words[0], Decided.ALONE)
    ranks = _ranks(words, priority)
    shown, *rest = sorted(words, key=ranks.__getitem__, reverse=True)
    against = [ranks[word] for word in rest if alike(word.value) != alike(shown.value)]
    return Survivor(shown, _decided(ranks[shown], against), tuple(rest))


Rank = tuple[int, bool, str, int, tuple[str, ...]]


def _ranks(words: list[Observation], priority: Sequence[str]) -> Mapping[Observation, Rank]:
    """Weigh each word against the others: the greatest is shown."""
    latest: dict[tuple[int, str], int] = {}
    for word in words:
        lane = (word.strength, word.stream)
        latest[lane] = max(word.seq, latest.get(lane, 0))
    return {
        word: (
            word.strength,
            not word.stream or word.seq == latest[word.strength, word.stream],
            newness(word),
            _priority(word.source, priority),
            (word.event, word.value, word.source, word.party_id),
        )
        for word in words
    }


def _priority(source: str, priority: Sequence[str]) -> int:
    """Give the weight of a source: the first of the settings' is the heaviest, 0 is none of it."""
    for place, named in enumerate(priority):
        if source == named or source.startswith(f"{named}/"):
            return len(priority) - place
    return 0


def _decided(shown: Rank, against: Iterable[Rank]) -> Decided:
    """Name the first point in which the word shown is ahead of the best that says otherwise."""
    best = max(against, default=None)
    if best is None:
        return Decided.ALONE
    points = (Decided.STRENGTH, Decided.ORDER, Decided.NEWEST, Decided.SOURCE)
    for point, mine, other in zip(points, shown, best, strict=False):
        if mine != other:
            return point
    return Decided.EVENT
