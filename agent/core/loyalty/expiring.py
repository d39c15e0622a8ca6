"""Points that end: what is left of whatever was earned, and when it is no longer there.

Nothing is counted down. What should have ended is reckoned anew from everything that was booked for
a person, and HQ books the difference to what it has booked as ended before: a fact that comes late
gives back what had ended too early, in whatever order facts arrive and however often one looks.

What was earned is a lot of its day; what came back with its goods was never earned. What was given
back for a payment is a lot of the day of the return: nobody loses with a return what could have
been spent. What was spent takes the lot that ends first of those that were there on its day: that
of the lease it was paid under, which HQ has signed. An open lease holds all it may still pay, so
that nothing ends that a till was promised. Days are those of the books, in UTC; where a till's
clock was known to be wrong, they are put right (`history.times.shown_at`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from agent.core.days import FOREVER, day_of, plus_days, plus_months
from agent.core.faults import InputFault
from agent.core.loyalty.bookings import LEASE_LINE, RELEASE_LINE, TENDER, forfeited
from agent.core.loyalty.ledger import FORFEITED, HELD, LEASED, Posting, Source
from agent.core.loyalty.rules import Expiry

EVENT = "expiry/"
"""What the event of a booking of this room begins with; the day the points were earned follows."""
OPENING = "opening/"
"""What the event begins with by which a person's books are opened: it is as old as the oldest."""


class Term(msgspec.Struct, frozen=True):
    """What held from one of HQ's days on."""

    day: str
    expiry: Expiry | None
    """None: nothing ended."""


class Dated(msgspec.Struct, frozen=True):
    """A posting, and when it was: UTC, ISO 8601, put right."""

    posting: Posting
    at: str


class Left(msgspec.Struct, frozen=True):
    """What is left of all that somebody earned on a day."""

    owner: str
    """As it was booked, whoever that turned out to be."""
    day: str
    last_day: str
    """On which it can be spent; `FOREVER` where it does not end."""
    points: int


class Expiring(msgspec.Struct, frozen=True):
    """Points that end together."""

    points: int
    last_day: str
    """On which they can be spent."""


Ended = dict[tuple[str, str], int]
"""(Owner, day they were earned) → how many have ended."""


def last_day(earned: str, terms: Iterable[Term]) -> str:
    """Tell on which day points can be spent for the last time.

    What ended while a term held stays ended, whatever holds later; what a new term finds overdue
    ends with that term's first day.

    Args:
        earned: the day.
        terms: in the order in which they came.

    >>> last_day("2026-01-31", [Term("2026-01-01", Expiry(1)), Term("2026-06-01", None)])
    '2026-02-28'
    """
    last = FOREVER
    for term in terms:
        if last < term.day:
            break
        last = FOREVER
        if term.expiry is not None:
            from_day = max(earned, term.expiry.since)
            last = max(term.day, plus_months(from_day, term.expiry.months))
    return last


def left_of(
    booked: Iterable[Dated],
    lease_days: Mapping[str, str],
    terms: Sequence[Term],
    *,
    lent: bool = True,
) -> tuple[Left, ...]:
    """Tell what is left of everything somebody earned, whether it has ended or not.

    Args:
        booked: every posting of points under each id of one person, in any order.
        lease_days: lease id → `Lease.day`.
        terms: in the order in which they came.
        lent: whether what tills may still pay counts as taken: it does where something is to end,
            and not where a customer is told what they have.

    Returns:
        The lots of which there is something, the one that ends first in front.
    """
    every = tuple(booked)
    lots, uses = _earned(every, terms), _leased(every, lease_days, lent=lent)
    uses += [_Use(lot.day, -lot.points) for lot in lots if lot.points < 0]
    return tuple(_taken(_joined(lot for lot in lots if lot.points > 0), uses))


def ended(left: Iterable[Left], today: str) -> Ended:
    """Tell what of it is no longer there."""
    return {(lot.owner, lot.day): lot.points for lot in left if lot.last_day < today}


def schedule(left: Iterable[Left], today: str) -> tuple[Expiring, ...]:
    """Tell what ends when, from today on, the next in front; without what does not end."""
    points: dict[str, int] = {}
    for lot in left:
        if today <= lot.last_day < FOREVER:
            points[lot.last_day] = points.get(lot.last_day, 0) + lot.points
    return tuple(Expiring(each, day) for day, each in sorted(points.items()))


def corrections(meant: Ended, booked: Iterable[Dated], unit: str) -> Iterator[tuple[Posting, ...]]:
    """Give the bookings after which as much is booked as ended as should be.

    Args:
        meant: what should have ended, see `ended`.
        booked: as of `left_of`, with what was booked as ended before.
        unit: which one.
    """
    before: dict[tuple[str, str], list[int]] = {}
    for each in booked:
        posting = each.posting
        if posting.event.startswith(EVENT) and posting.account.kind == FORFEITED:
            key = posting.account.owner, posting.event.removeprefix(EVENT)
            before.setdefault(key, []).append(posting.amount)
    for key in sorted(meant.keys() | before.keys()):
        amounts = before.get(key, [])
        value, (owner, day) = meant.get(key, 0) - sum(amounts), key
        if value:
            yield forfeited(owner, unit, value, event=EVENT + day, line=str(len(amounts) + 1))


def at_of(ended_on: str) -> str:
    """Give the moment from which points are no longer there: the first of the day behind.

    >>> at_of("2026-12-31")
    '2027-01-01T00:00:00.000Z'
    """
    return plus_days(ended_on, 1) + "T00:00:00.000Z"


class _Use(msgspec.Struct, frozen=True):
    """What was taken on a day."""

    day: str
    points: int


def _earned(booked: Sequence[Dated], terms: Sequence[Term]) -> list[Left]:
    """Add up what each line has earned, under each owner; where less than nothing is left, a debt.

    What came back is part of the line it came back from, whenever that was.
    """
    lots: dict[tuple[str, Source], list[Dated]] = {}
    for each in booked:
        posting = each.posting
        if posting.account.kind == HELD and not _is_moved(posting):
            lots.setdefault((posting.account.owner, _lot(posting)), []).append(each)
    first = min((_day(each.at) for each in booked), default=FOREVER)
    return [_of_line(*key, held, first, terms) for key, held in sorted(lots.items(), key=_order)]


def _of_line(
    owner: str, of: Source, held: Sequence[Dated], first: str, terms: Sequence[Term]
) -> Left:
    given = [each for each in held if each.posting.amount > 0] or held
    day = first if of.event.startswith(OPENING) else min(_day(each.at) for each in given)
    return Left(owner, day, last_day(day, terms), sum(each.posting.amount for each in held))


def _is_moved(posting: Posting) -> bool:
    """Tell what is no gain and no loss: lent to a till, back from it, or ended by this room."""
    return posting.line in {LEASE_LINE, RELEASE_LINE} or posting.event.startswith(EVENT)


def _lot(posting: Posting) -> Source:
    of = posting.source
    if of is None or of.line.startswith(TENDER):
        return Source(posting.event, posting.line)
    return of


def _leased(booked: Iterable[Dated], lease_days: Mapping[str, str], *, lent: bool) -> list[_Use]:
    """Tell what leases took: what a till did spend, and where asked what it still may."""
    leases: dict[str, list[Dated]] = {}
    for each in booked:
        if each.posting.account.kind == LEASED:
            leases.setdefault(each.posting.account.lease, []).append(each)
    return [
        _Use(lease_days.get(key) or min(_day(each.at) for each in held), _used(held, lent=lent))
        for key, held in sorted(leases.items())
    ]


def _used(held: Iterable[Dated], *, lent: bool) -> int:
    aside = drawn = 0
    is_open = True
    for each in held:
        if each.posting.line in {LEASE_LINE, RELEASE_LINE}:
            aside += each.posting.amount
            is_open = is_open and each.posting.line == LEASE_LINE
        else:
            drawn -= each.posting.amount
    return drawn if is_open and not lent else max(aside, drawn)


def _joined(lots: Iterable[Left]) -> list[Left]:
    """Add up what an owner earned on one day, and put first what ends first."""
    points: dict[tuple[str, str, str], int] = {}
    for lot in lots:
        key = lot.last_day, lot.day, lot.owner
        points[key] = points.get(key, 0) + lot.points
    return [Left(key[2], key[1], key[0], each) for key, each in sorted(points.items())]


def _taken(lots: Sequence[Left], uses: Iterable[_Use]) -> Iterator[Left]:
    """Take each use from the first lot that was there on its day.

    What has ended by the day of a use has ended for all later ones: one pass serves them all. A
    use that finds nothing is owed, and what is earned later pays it.
    """
    left, at = [lot.points for lot in lots], 0
    for use in sorted(uses, key=lambda use: use.day):
        wanted = use.points
        while wanted > 0 and at < len(lots):
            taken = min(wanted, left[at]) if lots[at].last_day >= use.day else 0
            left[at], wanted = left[at] - taken, wanted - taken
            at += 1 if wanted else 0
    for lot, points in zip(lots, left, strict=True):
        if points:
            yield msgspec.structs.replace(lot, points=points)


def _day(at: str) -> str:
    """Read a day of the books; what is none ends never."""
    try:
        return day_of(at)
    except InputFault:
        return FOREVER


def _order(entry: tuple[tuple[str, Source], list[Dated]]) -> tuple[str, str, str]:
    (owner, of), _ = entry
    return owner, of.event, of.line
