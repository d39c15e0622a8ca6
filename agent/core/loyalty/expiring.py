"""Points that end: what is left of whatever was earned, and when it is no longer there.

Nothing is counted down. What should have ended is reckoned anew from everything that was booked for
a person, and HQ books the difference to what it has booked as ended before: a fact that comes late
gives back what had ended too early, in whatever order facts arrive and however often one looks.

What was earned is a lot of its day; what came back with its goods was never earned. What was spent
takes the lot that ends first of those that were there on its day: that of the lease it was paid
under, which HQ has signed. What is given back for a payment goes where it was taken from, what ends
last first, and ends when it would have; what had ended by then, or ends soon, can be spent for
`lots.BACK_DAYS` more, since nobody loses with a return what could have been spent. An open lease
holds all it may still pay, so that nothing ends that a till was promised. Days are those of the
books, in UTC; where a till's clock was known to be wrong, they are put right
(`history.times.shown_at`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from agent.core.days import FOREVER, day_of, plus_days, plus_months
from agent.core.faults import InputFault
from agent.core.loyalty.bookings import LEASE_LINE, RELEASE_LINE, TENDER, forfeited
from agent.core.loyalty.ledger import FORFEITED, HELD, LEASED, Posting, Source
from agent.core.loyalty.lots import Back, Left, Payment, Use, lived
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
    uses += [Use(lot.day, -lot.points) for lot in lots if lot.points < 0]
    steps: list[Left | Use | Back] = [lot for lot in lots if lot.points > 0]
    steps += [*uses, *_given_back(every, uses)]
    return tuple(_joined(lived(steps, lambda day: last_day(day, terms))))


def ended(left: Iterable[Left], today: str) -> Ended:
    """Tell what of it is no longer there."""
    gone: Ended = {}
    for lot in left:
        if lot.last_day < today:
            gone[lot.owner, lot.day] = gone.get((lot.owner, lot.day), 0) + lot.points
    return gone


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


def _earned(booked: Sequence[Dated], terms: Sequence[Term]) -> list[Left]:
    """Add up what each line has earned, under each owner; where less than nothing is left, a debt.

    What came back is part of the line it came back from, whenever that was.
    """
    lots: dict[tuple[str, Source], list[Dated]] = {}
    for each in booked:
        posting = each.posting
        if posting.account.kind == HELD and not (_is_moved(posting) or _is_back(posting)):
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


def _is_back(posting: Posting) -> bool:
    """Tell what was given back for a payment."""
    of = posting.source
    return posting.account.kind == HELD and of is not None and of.line.startswith(TENDER)


def _lot(posting: Posting) -> Source:
    return posting.source or Source(posting.event, posting.line)


def _given_back(booked: Iterable[Dated], uses: Iterable[Use]) -> list[Back]:
    """List what was given back, of one day never before it was paid, whatever a clock said."""
    paid: dict[Payment, str] = {}
    for use in uses:
        paid[use.payment] = max(use.day, paid.get(use.payment, use.day))
    found = []
    for each in booked:
        of = each.posting.source
        if of is not None and _is_back(each.posting):
            payment = of.event, of.line
            day = max(_day(each.at), paid.get(payment, ""))
            found.append(Back(day, each.posting.amount, each.posting.account.owner, payment))
    return found


def _leased(booked: Iterable[Dated], lease_days: Mapping[str, str], *, lent: bool) -> list[Use]:
    """Tell what leases took: what a till did spend, and where asked what it still may."""
    leases: dict[str, list[Dated]] = {}
    for each in booked:
        if each.posting.account.kind == LEASED:
            leases.setdefault(each.posting.account.lease, []).append(each)
    return [
        use
        for key, held in sorted(leases.items())
        for use in _used(lease_days.get(key) or min(_day(each.at) for each in held), held, lent)
    ]


def _used(day: str, held: Iterable[Dated], lent: bool) -> Iterator[Use]:
    """Give what one lease took: by each payment, and what its till may still pay."""
    drawn: dict[Payment, int] = {}
    rest, is_open = 0, True
    for each in held:
        posting = each.posting
        rest += posting.amount
        if posting.line in {LEASE_LINE, RELEASE_LINE}:
            is_open = is_open and posting.line == LEASE_LINE
        else:
            payment = posting.event, posting.line
            drawn[payment] = drawn.get(payment, 0) - posting.amount
    yield from (Use(day, points, payment) for payment, points in sorted(drawn.items()))
    if rest > 0 and (lent or not is_open):
        yield Use(day, rest)


def _joined(lots: Iterable[Left]) -> list[Left]:
    """Add up what an owner earned on one day, and put first what ends first."""
    points: dict[tuple[str, str, str], int] = {}
    for lot in lots:
        key = lot.last_day, lot.day, lot.owner
        points[key] = points.get(key, 0) + lot.points
    return [Left(key[2], key[1], key[0], each) for key, each in sorted(points.items())]


def _day(at: str) -> str:
    """Read a day of the books; what is none ends never."""
    try:
        return day_of(at)
    except InputFault:
        return FOREVER


def _order(entry: tuple[tuple[str, Source], list[Dated]]) -> tuple[str, str, str]:
    (owner, of), _ = entry
    return owner, of.event, of.line
