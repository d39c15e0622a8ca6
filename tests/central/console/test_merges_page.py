"""The steward's pages: who may be one person, compared and decided, without any script."""

from __future__ import annotations

import re

import pytest

from central.console.login import COOKIE
from central.histories import Applier

NOW = "2026-11-02T12:00:00.000Z"
A, B = "p-1", "p-2"
GOOD = {"actor": "Eva", "reason": "asked <b>them</b>", "sure": "yes"}


@pytest.fixture
def staff(client):
    client.cookies.set(COOKIE, "right")
    client.follow_redirects = False
    return client


@pytest.fixture
def twins(ledger, receive, told):
    bodies = (
        told.enrolled(A, name="Ada <Byron>", phone="+491713920001"),
        told.enrolled(B, name="Ida Byron", phone="+491713920001"),
    )
    receive("b" * 32, *bodies)
    Applier(ledger, lambda: NOW).apply_pending()


@pytest.mark.usefixtures("twins")
def test_the_queue_says_who_and_why_and_is_logged(staff, reads):
    """A steward would have to guess what two records have in common."""
    text = staff.get("/merges").text
    assert "1 pair of ids may be one person" in text
    assert "Ada &lt;Byron&gt;" in text
    assert "both were met with it" in text
    assert "•••0001" in text
    assert "+491713920001" not in text
    assert f"/merges/compare?party={A}&amp;party={B}" in text
    assert [("staff", "candidates", A), ("staff", "candidates", B)] == sorted(reads.rows)


@pytest.mark.usefixtures("twins")
def test_compared_merged_and_undone(staff, reads):
    """A merge could not be decided, or not be taken back, by who sits at HQ."""
    compare = staff.get(f"/merges/compare?party={A}&party={B}").text
    for shown in ("As they would be", "not Ida Byron", 'value="merge"', 'value="reject"'):
        assert shown in compare.replace("not Ada &lt;Byron&gt;", "not Ida Byron")
    assert ("staff", "merge-preview", A) in reads.rows
    answer = staff.post("/merges", data=GOOD | {"action": "merge", "party": [A, B]})
    assert 303 == answer.status_code
    text = staff.get(answer.headers["location"]).text
    assert "merge of 2 ids: done" in text
    assert "asked &lt;b&gt;them&lt;/b&gt;" in text
    customer = staff.get(f"/customers/{A}").text
    assert "One person with" in customer
    assert "said by a person" in customer
    [merge_id] = re.findall(r'name="merge_id" value="([^"]+)"', text)
    undone = staff.post("/merges", data=GOOD | {"action": "undo", "merge_id": merge_id})
    assert "merge of 2 ids: undone" in staff.get(undone.headers["location"]).text
    assert "One person with" not in staff.get(f"/customers/{A}").text


@pytest.mark.usefixtures("twins")
def test_told_apart_they_are_not_asked_about_again(staff):
    """The same twins would be on the page every morning."""
    staff.post("/merges", data=GOOD | {"action": "reject", "party": [A, B]})
    text = staff.get("/merges").text
    assert "Nobody waits for a decision" in text
    compare = staff.get(f"/merges/compare?party={A}&party={B}").text
    assert "Not allowed" in compare
    assert 'value="merge"' not in compare


@pytest.mark.parametrize("missing", ["sure", "actor", "reason", "action"])
@pytest.mark.usefixtures("twins")
def test_nothing_is_decided_half(staff, missing):
    """One click in error would make one customer of two."""
    data = GOOD | {"action": "merge", "party": [A, B]}
    answer = staff.post("/merges", data={k: v for k, v in data.items() if k != missing})
    assert 400 == answer.status_code
    assert "One person with" not in staff.get(f"/customers/{A}").text


def test_the_page_is_for_staff_alone(client):
    """Anybody on the network could merge customers."""
    client.follow_redirects = False
    assert 303 == client.get("/merges").status_code
    assert 303 == client.post("/merges", data=GOOD).status_code
