"""Deciding on the console: with a name, a reason and a confirmation, and without any script."""

from __future__ import annotations

import re

import pytest

from agent.core.entries import encode
from central.console.login import COOKIE
from central.histories import Applier
from central.ledger.customer_tables import SALES
from central.ledger.engine import writing
from central.ledger.tables import BODIES, QUARANTINE
from tests.central.guards import unguarded

NOW = "2026-11-02T12:00:00.000Z"
J = "a" * 32
GOOD = {"actor": "Eva", "reason": "asked <b>the store</b>", "sure": "yes"}


@pytest.fixture
def staff(client):
    client.cookies.set(COOKIE, "right")
    client.follow_redirects = False
    return client


@pytest.fixture
def aside(ledger, receive):
    receive(J, b"{}", b'{"x":1}')
    Applier(ledger, lambda: NOW).apply_pending()


@pytest.mark.usefixtures("aside")
def test_list_and_entry_say_what_is_wrong(staff):
    """Whoever decides would not know about what."""
    text = staff.get("/quarantine").text
    assert "2 wait for a decision" in text
    assert f'href="/quarantine/{J}/1"' in text
    entry = staff.get(f"/quarantine/{J}/1").text
    for shown in ("unreadable body", J, 'value="replay"', 'value="void"', 'name="sure"'):
        assert shown in entry
    assert 404 == staff.get(f"/quarantine/{J}/9").status_code


@pytest.mark.usefixtures("aside")
def test_void_and_back(staff, rows):
    """A click in error would cost a sale for good."""
    answer = staff.post(f"/quarantine/{J}/1", data=GOOD | {"action": "void"})
    assert (303, True) == (
        answer.status_code,
        answer.headers["location"].startswith("/quarantine?done="),
    )
    text = staff.get(answer.headers["location"]).text
    assert "entry 1: void" in text
    assert "asked &lt;b&gt;the store&lt;/b&gt;" in text
    assert "1 wait for a decision" in text
    entry = staff.get(f"/quarantine/{J}/1").text
    assert re.search(r"Void</dt>.*by Eva", entry)
    assert 'value="un-void"' in entry
    staff.post(f"/quarantine/{J}/1", data=GOOD | {"action": "un-void"})
    assert [None, None] == [row["voided_at"] for row in rows(QUARANTINE)]


@pytest.mark.usefixtures("aside")
def test_replay_of_one_and_of_all(staff, rows, ledger, told):
    """What an update can read by now would have to wait for the next start."""
    with writing(ledger) as conn:
        unguarded(conn, "body_no_update")
        conn.execute(BODIES.update().where(BODIES.c.seq == 1).values(body=encode(told.sale(1))))
    answer = staff.post(f"/quarantine/{J}/1", data=GOOD | {"action": "replay"})
    assert "applied" in answer.headers["location"]
    answer = staff.post("/quarantine", data=GOOD | {"name": "*"})
    assert "1+tried+again%2C+0+applied" in answer.headers["location"]
    answer = staff.post("/quarantine", data=GOOD | {"name": "unreadable-body"})
    assert "1+tried" in answer.headers["location"]
    assert 1 == len(rows(SALES))


@pytest.mark.parametrize(
    "form",
    [
        GOOD | {"sure": ""},
        GOOD | {"actor": " "},
        GOOD | {"reason": ""},
        GOOD | {"action": "delete"},
    ],
)
@pytest.mark.usefixtures("aside")
def test_nothing_is_decided_by_half_a_form(staff, rows, form):
    """A form sent in error, or without a name, would decide."""
    answer = staff.post(f"/quarantine/{J}/1", data={"action": "void"} | form)
    assert 400 == answer.status_code
    assert "go back" in answer.text or "name the person" in answer.text
    assert [None, None] == [row["voided_at"] for row in rows(QUARANTINE)]
    assert 400 == staff.post("/quarantine", data=form).status_code


@pytest.mark.usefixtures("aside")
def test_only_staff_decide(client, rows):
    """Anybody in the network could void a sale."""
    for path in ("/quarantine", f"/quarantine/{J}/1"):
        answer = client.post(path, data=GOOD | {"action": "void"}, follow_redirects=False)
        assert (303, "/login") == (answer.status_code, answer.headers["location"])
    assert [None, None] == [row["voided_at"] for row in rows(QUARANTINE)]


def test_many_entries_are_read_page_by_page(staff, ledger, receive):
    """Everything behind the first page would be out of reach."""
    receive(J, *[b"{}"] * 60)
    Applier(ledger, lambda: NOW).apply_pending()
    first = staff.get("/quarantine").text
    link = re.search(r'href="([^"]*after=[^"]*)"', first)
    second = staff.get(link[1].replace("&amp;", "&")).text
    found = [len(re.findall(rf'href="/quarantine/{J}/\d+"', text)) for text in (first, second)]
    assert [50, 10] == found
