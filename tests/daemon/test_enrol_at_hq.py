"""A till introduced to a real HQ by its one-time code, with and without a daemon."""

from __future__ import annotations


def findings(shop):
    return {finding["name"]: finding for finding in shop.run("doctor", "--json").json}


def test_a_till_is_introduced_to_hq(shop, code, daemon):
    """No sale would ever reach HQ."""
    wrong = shop.run("enrol", "WRONG-CODE")
    assert wrong.code == 1
    assert "→" in wrong.err
    assert not findings(shop)["enrolment till-1"]["ok"]
    enrolled = shop.run("enrol", code())
    assert (enrolled.code, enrolled.err) == (0, "")
    assert "till-1 is enrolled" in enrolled.out
    found = findings(shop)
    assert found["enrolment till-1"]["ok"]
    assert found["hq"]["ok"]
    assert found["backlog"]["detail"] == "HQ has everything"
    given = code()
    with daemon():
        beside = shop.run("enrol", given)
        assert (beside.code, beside.err) == (0, "")
        assert shop.run("enrol", given).code == 0, "an answer that was lost can be asked for again"
        refused = shop.run("enrol", "WRONG-CODE")
        assert refused.code == 1
        assert "code" in refused.err
        assert shop.run("status", "--json").json["daemon"]["sync"]["enrolled"]
