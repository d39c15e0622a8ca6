"""What hangs together is derived together, and nothing else."""

from __future__ import annotations

from agent.core.leads import BookedLine, Booking, Lead, LineRef, groups


def lead(lead_id, party=None):
    return Lead(lead_id, "cart", "web", "2026-11-01", party_id=party)


def booking(event, party=None, *, shown=(), returns=None):
    line = BookedLine(1, 1000, 1, returns=None if returns is None else LineRef(returns, 1))
    return Booking(
        event, "store", "2026-11-01", "2026-11-01", "EUR", (line,), "", party, redeemed=shown
    )


def ids(found):
    return sorted(
        [sorted([each.lead_id for each in a] + [each.event for each in b]) for a, b in found]
    )


def test_party_lead_and_return_each_tie():
    """A late return would be taken from nobody, as the sale it undoes was not looked at."""
    leads = [lead("l1", "ada"), lead("l2"), lead("l3", "bob")]
    bookings = [
        booking("s1", "ada"),
        booking("s2", shown=("l2",)),
        booking("r1", "eve", returns="s2"),
        booking("s3"),
    ]
    assert [["l1", "s1"], ["l2", "r1", "s2"], ["l3"], ["s3"]] == ids(groups(leads, bookings))


def test_merged_parties_are_one():
    """A merge would leave the lead of one id and the sale of the other apart."""
    leads, bookings = [lead("l1", "ada")], [booking("s1", "bob")]
    assert [["l1"], ["s1"]] == ids(groups(leads, bookings))
    assert [["l1", "s1"]] == ids(groups(leads, bookings, {"bob": "ada"}))


def test_long_chain_is_one_group():
    """A household that hands carts and receipts around would need no end of stack."""
    chain = [booking(f"s{n}", returns=f"s{n + 1}") for n in range(5000)]
    assert 1 == len(groups([], chain))
