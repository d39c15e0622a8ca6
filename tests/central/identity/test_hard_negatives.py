"""Twins, households, guests with their partner's mailbox: at HQ, too, they stay who they are."""

from __future__ import annotations

import os
from itertools import count

import pytest

from tests.central.identity.hard_negative_proof import prove
from tests.core.history.hard_negatives import KINDS

PAIRS = int(os.environ.get("PAIRS", "6000"))
EVA = "01999999-0000-7000-8000-00000000000e"
QUICK = len(KINDS)
_NUMBERS = count()


def none_is_taken_for_another(ledger, place, pairs):
    found, given = prove(ledger, place, pairs, kinds=[*KINDS])
    told = {name: sum(found[kind, name] for kind in KINDS) for name in ("pairs", "joined", "apart")}
    assert {"pairs": pairs, "joined": 0, "apart": 0} == told
    # An account belongs to whom the web store says; a couple has one.
    assert {"a couple with one account"} >= {kind for kind, number in given.items() if number}


def test_who_is_easily_taken_for_another_is_not(ledger, tmp_path):
    """A guest would read the purchases of whoever else typed in that mailbox (G3)."""
    none_is_taken_for_another(ledger, tmp_path, QUICK)


@pytest.mark.long
@pytest.mark.timeout(0)
def test_thousands_who_are_easily_taken_for_another_are_not(ledger, tmp_path):
    """A rare order of arrival would make one person of two."""
    none_is_taken_for_another(ledger, tmp_path, PAIRS)


def _party(web, **told):
    return web(
        {
            "event_id": f"e-{next(_NUMBERS)}",
            "type": "party.observed",
            "occurred_at": "2026-11-01T10:00:00Z",
            "party": told,
        }
    )[0]


def test_a_guest_with_the_partners_mailbox_is_somebody_and_comes_back(web):
    """Eva's orders would be in Karl's history, or she be another person at each of them."""
    karl = _party(web, email="byron@example.com", name="Karl Byron")
    eva = _party(web, email="byron@example.com", name="Eva Byron")
    assert karl != eva
    assert eva == _party(web, email="Byron@example.com", name="BYRON, Eva", country="DE")
    assert karl == _party(web, email="byron@example.com", name="K. Byron")
    assert karl == _party(web, email="byron@example.com", country="DE")


def test_a_card_told_of_under_another_name_is_asked_about(web, receive, apply, told, client):
    """The card Eva typed into Karl's account would show him her purchases at the till."""
    karl = _party(web, web_account="kd-1", name="Karl Byron")
    assert karl == _party(web, web_account="kd-1", name="Eva Byron", card="LC00820G40GM")
    receive("b" * 32, told.enrolled(EVA, name="Eva Byron", card="LC00820G40GM"))
    apply()
    shown = [client.get(f"/v1/parties/{each}").json()["canonical_id"] for each in (karl, EVA)]
    assert [karl, EVA] == shown
