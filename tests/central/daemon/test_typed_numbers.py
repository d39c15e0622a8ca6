"""Numbers that are said to be something else than a bank card's: taken at their word."""

from __future__ import annotations

import pytest

LIKE_A_BANK_CARD = "6033123456789013"
"""In the range of a payment scheme and with its check digit."""
WHO = {"type": "loyalty_card", "value": LIKE_A_BANK_CARD, "actor": "eva"}


@pytest.mark.asyncio
async def test_a_typed_number_is_what_it_is_said_to_be(hq):
    """Wrong: nobody at HQ can look up every tenth gift card, or block such a loyalty card."""
    asked = await hq.staff.post("/v1/gift-cards/balance", json={"number": LIKE_A_BANK_CARD})
    assert 200 == asked.status_code, asked.text
    for path in ("/v1/identifiers/block", "/v1/identifiers/unblock"):
        answer = await hq.staff.post(path, json=WHO | {"reason": "the shop's own"})
        assert 200 == answer.status_code, answer.text
        refused = await hq.staff.post(path, json=WHO | {"reason": f"as {LIKE_A_BANK_CARD}"})
        assert (400, True) == (refused.status_code, "card-number" in refused.json()["type"])
