"""How likely two records are one person, by what agrees and how rare it is: HQ's own model.

Fellegi and Sunter, "A Theory for Record Linkage" (1969): what agrees speaks for one person by as
many bits as it is rare among all records, what differs speaks against it by how seldom one person
would differ so. One duplicate per record is assumed at first, so of a million records twenty bits
are needed to break even. Whole bits are enough for a list that people decide upon.

It only ever proposes; rules join on proof alone, see `core.history.graph_rules`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from agent.core.identifiers import PartyId
from central.identity.candidate_pairs import pairs
from central.identity.candidate_records import Record, Told, record_of
from central.identity.spelling import slips

RULE = "records-1"
"""The model and its version, as it stands with each proposal."""
MARGIN_BITS = 3
"""Above breaking even: eight to one."""
RARE_MAX_BITS = 14
SLIP_BITS = 3
"""A slip of the pen costs so much of what the word would say."""
SLIPS_MAX = 2
LONG_WORD = 6
"""Only in longer words two slips leave a word recognised."""
OTHER_WORD_BITS = -4
OTHER_BIRTH_DATE_BITS = -6
OTHER_POSTCODE_BITS = -2
OTHER_CITY_BITS = -1
OTHER_STREET_BITS = -2
HOME_SHARE = 2
"""Postcode, city and street say one thing: all but the strongest count half."""
HOUSEHOLD_BITS = 16
"""More than this a common home or a shared telephone does not say of two persons."""
WEIGHT_MAX = 9999


class Model:
    """What is rare among some records."""

    def __init__(self, records: Sequence[Record]) -> None:
        """Count how often each value comes."""
        self._whole = max(len(records), 1)
        self._counts: Counter[tuple[str, str]] = Counter()
        for record in records:
            self._counts.update(_values(record))

    @property
    def even(self) -> int:
        """Give the bits at which one person is as likely as two."""
        return self._whole.bit_length()

    def bits(self, one: Record, other: Record) -> int:
        """Sum up what speaks for one person; negative, what speaks against it."""
        born = self._birth_date(one.birth_date, other.birth_date)
        named = self._names(one, other)
        if born < 0 and self._is_family(one, other):
            return born  # Another given name and another birth date: they live together.
        return born + named + min(HOUSEHOLD_BITS, self._home(one, other))

    def _rarity(self, field: str, value: str) -> int:
        count = self._counts[field, value]
        return min(RARE_MAX_BITS, (self._whole // max(count, 1)).bit_length())

    def _alike(self, field: str, one: str, other: str, otherwise: int) -> int:
        """Compare a field: equal, equal but for slips, other, or not known."""
        if not one or not other:
            return 0
        rarity = min(self._rarity(field, one), self._rarity(field, other))
        if one == other:
            return rarity
        made = slips(one, other, SLIPS_MAX if min(len(one), len(other)) > LONG_WORD else 1)
        return otherwise if made is None else max(1, rarity - SLIP_BITS * made)

    def _birth_date(self, one: str, other: str) -> int:
        if one[:4] == other[:4] and one and one[5:7] == other[8:] and one[8:] == other[5:7]:
            other = one  # Day and month the other way round.
        return self._alike("birth_date", one, other, OTHER_BIRTH_DATE_BITS)

    def _is_family(self, one: Record, other: Record) -> bool:
        """Tell whether no word of the one fits the given name of the other, either way round."""
        return all(
            self._word(given, each) < 0
            for words, others in ((one.words, other.words), (other.words, one.words))
            for given in words[:1]
            for each in others
        )

    def _names(self, one: Record, other: Record) -> int:
        """Compare the words of two names in whatever order, or as if nothing parted them."""
        whole = self._alike("name", "".join(one.words), "".join(other.words), OTHER_WORD_BITS)
        few, many = sorted((one.words, other.words), key=len)
        left, said = list(many), 0
        for word in sorted(few, key=lambda each: each not in many):
            best = max(
                ((self._word(word, each), each) for each in left), default=(OTHER_WORD_BITS, "")
            )
            said += best[0]
            if best[0] > 0:
                left.remove(best[1])
        return max(said, whole)

    def _word(self, one: str, other: str) -> int:
        if len(one) == 1 or len(other) == 1:
            return 1 if one[0] == other[0] else OTHER_WORD_BITS
        return self._alike("word", one, other, OTHER_WORD_BITS)

    def _home(self, one: Record, other: Record) -> int:
        street = self._alike(
            "street", "".join(one.street), "".join(other.street), OTHER_STREET_BITS
        )
        said = sorted(
            (
                street if street > 0 else self._street_words(one, other),
                self._alike("postcode", one.postcode, other.postcode, OTHER_POSTCODE_BITS),
                self._alike("city", one.city, other.city, OTHER_CITY_BITS),
            ),
            reverse=True,
        )
        shared = [self._rarity("contact", each) for each in one.contacts if each in other.contacts]
        home = said[0] + sum(each // HOME_SHARE if each > 0 else each for each in said[1:])
        return home + sum(shared)

    def _street_words(self, one: Record, other: Record) -> int:
        """Compare two streets that differ by more than a slip: a part of one may be missing."""
        if not one.street or not other.street:
            return 0
        common = set(one.street) & set(other.street)
        said = max((self._rarity("street_word", each) for each in common), default=0)
        return said - SLIP_BITS if said > SLIP_BITS else OTHER_STREET_BITS


def _values(record: Record) -> Iterable[tuple[str, str]]:
    yield from (("word", word) for word in record.words)
    yield from (("street_word", word) for word in record.street)
    yield from (("contact", contact) for contact in record.contacts)
    yield "street", "".join(record.street)
    yield "name", "".join(record.words)
    yield "birth_date", record.birth_date
    yield "postcode", record.postcode
    yield "city", record.city


def propose(everybody: Iterable[Told]) -> dict[tuple[PartyId, PartyId], int]:
    """Give who may be one person.

    Args:
        everybody: one each.

    Returns:
        Two ids, the smaller first → how likely, in basis points.
    """
    records = [record_of(told) for told in everybody]
    model = Model(records)
    least = model.even + MARGIN_BITS
    found: dict[tuple[PartyId, PartyId], int] = {}
    for one, other in pairs(records):
        bits = model.bits(records[one], records[other])
        if bits >= least:
            ids = sorted((records[one].party_id, records[other].party_id))
            found[ids[0], ids[1]] = _weight(bits - model.even)
    return found


def _weight(bits: int) -> int:
    """Turn odds of two to the power of some bits into basis points."""
    return min(WEIGHT_MAX, 10_000 - 10_000 // ((1 << bits) + 1))
