"""Taking back what goods have earned, or giving back what they were paid with, part by part.

The one place where a reversal is rounded: what has come back is always the rounded share of all
that came back so far. So bit by bit or at once, in any order and from any till, the parts add up
to the whole exactly, and never to more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from agent.core.loyalty.ledger import (
    HELD,
    ISSUED,
    REDEEMED,
    Account,
    LedgerFault,
    Posting,
    Source,
    booking,
)
from agent.core.quantities import divide_half_away

_AGAINST = {HELD: ISSUED, REDEEMED: HELD}
"""Where a posting that is taken back goes: points were issued, a payment becomes theirs again."""


class Reversal(msgspec.Struct, frozen=True):
    """What is to be posted because something came back."""

    postings: tuple[Posting, ...]
    over: int = 0
    """How much of what came back is for nothing that stands here: the sale is not known yet (ask
    again once it is), the line earned nothing, or more came back than it sold."""


def reverse(standing: Iterable[Posting], *, event: str, line: str, measure: int) -> Reversal:
    """Take back what stands for a part of a source.

    Args:
        standing: every posting of the ledger with that source.
        event: what brought the goods back: the id of the sale with the return line.
        line: its line (or tender) there.
        measure: how much came back, of the kind the source was measured in; not negative.

    Returns:
        The booking, in every unit the source was booked in; an empty one where this line was
        reversed before.

    Raises:
        LedgerFault: `ledger-value`: less than nothing came back.
    """
    if measure < 0:
        raise _negative(event, line, measure)
    measured = [posting for posting in standing if posting.measure]
    postings: list[Posting] = []
    over = [measure]
    for kind in sorted({_kind(posting) for posting in measured}):
        held = [posting for posting in measured if _kind(posting) == kind]
        taken, rest = _taken(held, event, line, measure)
        postings += taken
        over.append(rest)
    return Reversal(booking(*postings), min(over))


def move(standing: Iterable[Posting], *, owner: str, event: str) -> tuple[Posting, ...]:
    """Give what a sale's line still stands for to another owner: the sale was not who it was said.

    Returns made later are then taken from the new owner, and moving it back restores everything.

    Args:
        standing: every posting of the ledger with that source; those of payments stay.
        owner: who made the sale.
        event: what says so.

    Returns:
        The booking; an empty one where this event moved it before, or nothing is left to move.
    """
    held = [posting for posting in standing if posting.measure and posting.account.kind == HELD]
    postings: list[Posting] = []
    if all(posting.event != event for posting in held):
        for whole in _wholes(held):
            if whole.left and whole.account.owner != owner:
                postings += whole.moved(event, owner)
    return booking(*_joined(postings))


class _Whole(msgspec.Struct, frozen=True):
    """What stands on one account for one source."""

    account: Account
    source: Source | None
    credited: int
    measured: int
    """Of what `credited` was for."""
    taken: int
    returned: int

    @property
    def left(self) -> int:
        return self.measured - self.returned

    def part(self, event: str, line: str, back: int) -> Iterator[Posting]:
        """Take `back` more of it: up to the rounded share of all that came back."""
        share = divide_half_away(self.credited * (self.returned + back), self.measured)
        amount = share - self.taken
        yield Posting(self.account, event, line, -amount, self.source, -back)
        yield Posting(self._other(_AGAINST[self.account.kind]), event, line, amount, self.source)

    def moved(self, event: str, owner: str) -> Iterator[Posting]:
        line = self.source.line if self.source else ""
        yield from self.part(event, line, self.left)
        amount = self.credited - self.taken
        to = Account(owner, self.account.unit, HELD)
        yield Posting(to, event, line, amount, self.source, self.left)
        to = Account(owner, self.account.unit, ISSUED)
        yield Posting(to, event, line, -amount, self.source)

    def _other(self, kind: str) -> Account:
        return Account(self.account.owner, self.account.unit, kind)


def _taken(held: list[Posting], event: str, line: str, rest: int) -> tuple[list[Posting], int]:
    """Take back from one owner after another, where the sale was moved in between."""
    if any((posting.event, posting.line) == (event, line) for posting in held):
        return [], 0
    postings: list[Posting] = []
    for whole in _wholes(held):
        back = min(rest, whole.left)
        if back:
            rest -= back
            postings += whole.part(event, line, back)
    return postings, rest


def _kind(posting: Posting) -> tuple[str, str]:
    return posting.account.unit, posting.account.kind


def _wholes(held: Iterable[Posting]) -> list[_Whole]:
    by_account: dict[Account, list[Posting]] = {}
    for posting in held:
        by_account.setdefault(posting.account, []).append(posting)
    return [_whole(by_account[account]) for account in sorted(by_account, key=_order)]


def _whole(postings: list[Posting]) -> _Whole:
    credited = [posting for posting in postings if posting.measure > 0]
    debited = [posting for posting in postings if posting.measure < 0]
    return _Whole(
        account=postings[0].account,
        source=postings[0].source,
        credited=sum(posting.amount for posting in credited),
        measured=sum(posting.measure for posting in credited),
        taken=-sum(posting.amount for posting in debited),
        returned=-sum(posting.measure for posting in debited),
    )


def _joined(postings: list[Posting]) -> Iterator[Posting]:
    """Add up what several owners hand over to one, so that one line is posted to it once."""
    by_key: dict[object, Posting] = {}
    for posting in postings:
        there = by_key.get(posting.key)
        by_key[posting.key] = posting if there is None else _sum(there, posting)
    yield from by_key.values()


def _sum(one: Posting, other: Posting) -> Posting:
    return msgspec.structs.replace(
        one, amount=one.amount + other.amount, measure=one.measure + other.measure
    )


def _negative(event: str, line: str, measure: int) -> LedgerFault:
    return LedgerFault(
        f"{line} of event {event!r} gives back {measure}, which is less than nothing",
        remedy="look at the event in its journal; nothing was posted for it",
        name="ledger-value",
    )


def _order(account: Account) -> tuple[str, str, str]:
    return account.unit, account.kind, account.owner
