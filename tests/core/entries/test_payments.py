"""The account a customer paid from: read strictly, said of somebody, erased with them."""

from __future__ import annotations

import pytest

from agent.core.consent.retention import DataClass, rules_of
from agent.core.entries import decode, encode, facts, kind_of
from agent.core.entries.classes import CLASSES
from agent.core.entries.payments import account_of, accounts_seen
from agent.core.faults import InputFault
from agent.core.recognition import Identifier, IdentifierType
from agent.core.sale import add_tender, complete, from_account, set_customer, totals
from tests.core.sale.baskets import AT, basket, item

PAR = "5001ABCDEFGHIJKLMNOPQRSTUVWXY"


def paid(*accounts):
    """Make a sale that is paid from some accounts."""
    sale = basket(item(100 * len(accounts)))
    for account in accounts:
        sale = from_account(add_tender(sale, "card", 100), account)
    return sale


@pytest.mark.parametrize(
    ("said", "value"),
    [
        (PAR, PAR),
        (f" {PAR.lower()} ", PAR),
        ("V0010013021267404810320240710", "V0010013021267404810320240710"),
        ("Acme-Pay:tok_9f8e7d6c", "acme-pay:tok_9f8e7d6c"),
    ],
)
def test_an_account_has_the_form_it_is_looked_up_by(said, value):
    """A customer would be known by their card at one terminal and not at the next."""
    assert Identifier(IdentifierType.PAR, value) == account_of(said)


@pytest.mark.parametrize(
    "said",
    [
        None,
        "",
        7,
        [PAR],
        "4111111111111111",
        "acme:x4111111111111111",
        "V001X4111111111111111XABCDEFG",
    ],
)
def test_what_is_none_or_hides_a_card_number_is_refused_and_not_repeated(said):
    """A card number would be kept as somebody's identifier (P9)."""
    with pytest.raises(InputFault) as refused:
        account_of(said)
    assert "1111" not in str(refused.value)
    assert refused.value.remedy


def test_who_is_on_the_sale_was_seen_with_every_account_it_was_paid_from():
    """Of two cards only one would be remembered, or they would be somebody else's."""
    sale = set_customer(paid(b"one", b"two"), "party-1", "ref-1")
    seen = accounts_seen(sale, store="s1", stamp=AT)
    assert [
        ("party-1", "sale-1", "s1", "till-1", 1, b"one"),
        ("party-1", "sale-1", "s1", "till-1", 2, b"two"),
    ] == [
        (each.party_id, each.sale_id, each.store, each.till, each.tender, each.sealed)
        for each in seen
    ]
    assert ["", ""] == [each.reference for each in seen]
    [first, _] = seen
    kind = kind_of(first)
    assert ("side", first) == (kind.lane, decode(kind.kind, kind.version, encode(first)))


def test_a_sale_to_nobody_known_tells_of_no_account():
    """Who wants to stay unknown would be followed from sale to sale."""
    assert [] == accounts_seen(paid(b"one"), store="s1", stamp=AT)


def test_the_fact_of_the_sale_names_no_account():
    """It is kept for ten years: the account would stand beside what was bought, unerasable."""
    sale = complete(set_customer(paid(b"one"), "party-1", "ref-1"), "s-t-ab12-1")
    body = facts.completed(sale, totals(sale), store="s1", stamp=AT)
    assert b"paid_from" not in encode(body)


def test_it_goes_with_whom_it_is_of():
    """An erased customer would be known again by the card in their hand."""
    assert DataClass.IDENTIFIER is CLASSES[112]
    rule = rules_of("DE")[DataClass.IDENTIFIER]
    assert (0, False, False) == (rule.years, rule.nameless, rule.while_open)
