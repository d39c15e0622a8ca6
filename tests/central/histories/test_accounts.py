"""The accounts customers paid from, at HQ: seen with somebody, joining nobody, gone with them."""

from __future__ import annotations

from itertools import permutations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import delete

from agent.core.entries.payments import AccountSeen
from agent.core.privacy import seal_account
from agent.core.recognition import Identifier, IdentifierType
from agent.core.recognition.strength import Evidence
from central.feed.grants import seal
from central.histories import Applier
from central.histories.quarantine import Person
from central.histories.unsealing import opening
from central.identity.graph import proposals_of
from central.identity.holding import find
from central.identity.parties import canonical, identifiers_of
from central.ledger.customer_tables import IDENTIFIERS, PARTIES, SALES
from central.ledger.engine import reading, writing
from central.ledger.graph_tables import CANONICAL, PROPOSALS
from central.ledger.tables import QUARANTINE

NOW = "2026-11-02T12:00:00.000Z"
SALES_J, SIDE_J = "a" * 32, "b" * 32
PRIVATE = bytes(range(32))
PUBLIC = X25519PrivateKey.from_private_bytes(PRIVATE).public_key().public_bytes_raw()
PAR = "5001ABCDEFGHIJKLMNOPQRSTUVWXY"
ACCOUNT = Identifier(IdentifierType.PAR, PAR)
ADA, EVE = (f"0000000{n}-0000-7000-8000-000000000000" for n in (1, 2))


def paid(told, n, party_id, said=PAR, **more):
    """Say what a till says of a sale: closed for HQ."""
    sealed = seal_account(seal, said, PUBLIC, f"sale-{n}")
    return AccountSeen(party_id, f"sale-{n}", "store-0001", "till-1", told.at(n), 1, sealed, **more)


def apply(ledger):
    Applier(ledger, lambda: NOW, open_body=opening(PRIVATE)).apply_pending()


@pytest.mark.both_databases
def test_one_account_makes_a_question_and_no_merge(ledger, receive, told, rows, feed):
    """A household that shares a card would become one customer, whom anybody of them is shown."""
    receive(SIDE_J, told.enrolled(ADA), told.enrolled(EVE, name="Eve"))
    receive(SIDE_J, paid(told, 1, ADA), paid(told, 2, EVE), paid(told, 3, ADA))
    apply(ledger)
    assert [] == rows(QUARANTINE) == rows(CANONICAL)
    with reading(ledger) as conn:
        for party_id in (ADA, EVE):
            [held] = identifiers_of(conn, party_id)
            assert (ACCOUNT, Evidence.OBSERVED) == (held.identifier, held.evidence)
        [asked] = proposals_of(conn, [ADA])
        assert {ADA, EVE} == {asked.one, asked.other}
        assert ("weak", "par") == (asked.rule, asked.means)
    for party_id in (ADA, EVE):
        row = feed()["global", f"party:{party_id}"][1]
        assert [{"type": "par", "value": PAR}] == [
            {key: each[key] for key in ("type", "value")} for each in row["identifiers"]
        ]
        assert PAR not in str(row["card"])


def test_in_whatever_order_it_comes_hq_holds_the_same(ledger, receive, told, rows):
    """Two HQs, or one put back, would know different people by the same payments."""
    bodies = (told.enrolled(ADA), paid(told, 1, ADA), paid(told, 2, EVE))
    seen = []
    for n, some in enumerate(permutations(bodies)):
        side = f"{n:032x}"
        receive(side, *some)
        apply(ledger)
        held = [
            (row["party_id"], row["type"], row["value"], row["evidence"])
            for row in rows(IDENTIFIERS)
        ]
        seen.append((sorted(held), [(row["one"], row["other"]) for row in rows(PROPOSALS)]))
        _forget(ledger)
    assert [(ADA, "par", PAR, 1), (EVE, "par", PAR, 1)] == seen[0][0]
    assert 1 == len({repr(each) for each in seen})


def _forget(ledger):
    with writing(ledger) as conn:
        for table in (IDENTIFIERS, PROPOSALS, PARTIES):
            conn.execute(delete(table))


def test_an_account_finds_whoever_paid_from_it(ledger, receive, told):
    """A returning customer who only holds out a card would be a stranger at HQ."""
    receive(SIDE_J, paid(told, 1, ADA))
    apply(ledger)
    with reading(ledger) as conn:
        assert ADA == canonical(conn, find(conn, [ACCOUNT]))


@pytest.mark.both_databases
def test_what_is_no_account_waits_and_says_why(ledger, receive, told, rows):
    """A foreign program's card number would be an identifier, or keep sales from HQ (P6, P9)."""
    bad = ("4111111111111111", "", "x" * 200, f"V001X{'4111111111111111'}XABCDEFG", "\0" * 29)
    damaged = paid(told, 6, ADA)
    receive(SIDE_J, *(paid(told, n, ADA, said) for n, said in enumerate(bad, 1)))
    receive(SIDE_J, AccountSeen(**{**_fields(damaged), "sealed": b"no envelope"}))
    receive(SIDE_J, AccountSeen(**{**_fields(damaged), "sale_id": "sale-7"}))
    receive(SIDE_J, told.enrolled(ADA))
    receive(SALES_J, told.sale(1))
    apply(ledger)
    waiting = rows(QUARANTINE, QUARANTINE.c.seq)
    assert list(range(1, 8)) == [each["seq"] for each in waiting]
    assert ["bad-input"] * 5 + ["envelope-unreadable"] * 2 == [each["name"] for each in waiting]
    assert "4111" not in repr([each["reason"] for each in waiting])
    assert ([], 1) == (rows(IDENTIFIERS), len(rows(SALES)))


def _fields(body):
    return {name: getattr(body, name) for name in body.__struct_fields__}


def test_an_hq_without_its_key_waits_for_it(ledger, receive, told, rows):
    """An account nobody has opened would be held as if it were empty."""
    receive(SIDE_J, paid(told, 1, ADA, reference=PAR))
    Applier(ledger, lambda: NOW).apply_pending()
    [waits] = rows(QUARANTINE)
    assert "payment-account-closed" == waits["name"]
    assert [] == rows(IDENTIFIERS)
    applier = Applier(ledger, lambda: NOW, open_body=opening(PRIVATE))
    decided = applier.replay(SIDE_J, 1, Person("eva", "the key is back", NOW))
    assert "applied" == decided.outcome
    assert [PAR] == [row["value"] for row in rows(IDENTIFIERS)]
