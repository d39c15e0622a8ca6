"""HQ's pages: only for staff, nothing from elsewhere, and everything escaped."""

from __future__ import annotations

import re
from importlib import resources

import pytest
from sqlalchemy import insert

from central.channels.intake import take
from central.channels.registry import Channel, register
from central.console import show
from central.console.login import COOKIE
from central.histories import Applier
from central.identity.attributes import observe
from central.identity.interactions import PAGE
from central.identity.parties import Origin, ensure
from central.ledger.engine import writing
from central.ledger.tables import CONTACTS, CREDENTIALS, CURSORS, JOURNALS

NOW = "2026-11-02T12:00:00.000Z"
ADA = "01999999-0000-7000-8000-00000000ada0"
PAGES = (
    "/",
    "/customers",
    f"/customers/{ADA}",
    "/days",
    "/attention",
    "/quarantine",
    "/stores/store-0001",
)


@pytest.fixture
def staff(client):
    """A browser that has logged in."""
    client.cookies.set(COOKIE, "right")
    client.follow_redirects = False
    return client


@pytest.fixture
def ada(ledger, receive, told):
    """A customer with a store sale and two open web orders."""
    receive("a" * 32, told.sale(1, ref="ref-1"), told.closed())
    receive(
        "b" * 32,
        told.enrolled(ADA, name="Ada <b>Lovelace</b>", email="ada@example.com", postcode="10115"),
        told.tie(1, ADA),
    )
    Applier(ledger, lambda: NOW).apply_pending()
    order = (
        b'{"event_id":"e-%d","type":"order.%s","occurred_at":"2026-11-01","party":"%s","order":'
        b'{"order_no":"WEB-%d","currency":"EUR","paid":%s,"collect_at":"store-0001",'
        b'"lines":[{"name":"Tea","amount":399}]}}'
    )
    with writing(ledger) as conn:
        register(conn, [Channel("web")], NOW)
        bodies = [order % (n, b"ready", ADA.encode(), n, b"false") for n in (1, 2)]
        take(conn, "web", bodies, NOW, str)
        observe(conn, ADA, {"tier": "Gold", "points": "12"}, Origin("import", NOW))


def till(ledger, name, *, contact, tail, keyid=None, revoked=None, lane="sales"):
    """Enrol a till and leave what it last said."""
    journal = f"{name}-{lane}-{keyid}"
    with writing(ledger) as conn:
        credential = {
            "keyid": keyid or name,
            "device_key": "d",
            "store": "store-0001",
            "till": name,
            "credential": "{}",
            "signature": "s",
            "issued_at": NOW,
            "revoked_at": revoked,
        }
        conn.execute(insert(CREDENTIALS).values(credential))
        row = {"journal_id": journal, "store": "store-0001", "till": name, "lane": lane}
        conn.execute(
            insert(JOURNALS).values(
                row | {"keyid": keyid or name, "genesis": b"g", "bound_at": NOW}
            )
        )
        conn.execute(insert(CURSORS).values(journal_id=journal, have_seq=2, have_hash=b"h"))
        if contact:
            said = {"journal_id": journal, "last_contact_at": contact, "tail_seq": tail}
            said |= {"backlog_bytes": 0, "oldest_unacked_age_s": 0, "agent_version": "0.1.0"}
            conn.execute(insert(CONTACTS).values(said))


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("token", [None, "wrong"])
@pytest.mark.usefixtures("ada")
def test_page_is_only_for_staff(client, reads, path, token):
    """Anybody in the network could read the customer file."""
    if token:
        client.cookies.set(COOKIE, token)
    answer = client.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert (answer.text, reads.rows) == ("", [])


def test_login_takes_the_right_token_into_a_cookie_no_script_reads(client):
    """The token would be open to any script, or sent by any page."""
    answer = client.post("/login", data={"token": " right "}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie
    assert client.get("/").status_code == 200


def test_cookie_stays_on_https_where_there_is_https(client):
    """The token would travel in clear when somebody types the address without https."""
    client.base_url = "https://testserver.local"
    answer = client.post("/login", data={"token": "right"}, follow_redirects=False)
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize("form", [{"token": "wrong"}, {}, {"token": ""}])
def test_wrong_token_stays_outside_and_is_told_why(client, form):
    """Somebody who lost the token would not know what to do."""
    answer = client.post("/login", data=form, follow_redirects=False)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "--new-staff-token" in answer.text


def test_logout_takes_the_cookie_back(staff):
    """The next person at the machine would read on."""
    answer = staff.post("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "max-age=0" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize("path", [*PAGES, "/login", "/customers?q=ada", "/customers/nobody"])
@pytest.mark.usefixtures("ada")
def test_pages_load_nothing_from_elsewhere_and_run_no_inline_script(staff, path):
    """A page with personal data would tell another server who looks at whom."""
    answer = staff.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    links = re.findall(r'(?:src|href|action)="([^"]*)"', answer.text)
    assert [] == [link for link in links if not link.startswith("/") or link.startswith("//")]
    assert not re.search(r"<script(?![^>]*src=)|style=|\son\w+=", answer.text)
    assert "The &lt;chain&gt;" in answer.text
    assert "<chain>" not in answer.text


@pytest.mark.usefixtures("ada")
def test_customer_page_is_one_history_over_all_channels(staff, reads):
    """What was bought in the store and on the web would be on two pages."""
    text = staff.get(f"/customers/{ADA}").text
    assert "Ada &lt;b&gt;Lovelace&lt;/b&gt;" in text
    for shown in ("Bought", "store-0001/till-1", "Order ready to collect", "WEB-1", "€2.50"):
        assert shown in text
    for shown in ("ada@example.com", "10115", "Gold", "12 points", "to be paid", "marketing"):
        assert shown in text
    assert "before=" not in text
    assert reads.rows == [("staff", "console", ADA)]


def test_long_history_is_read_on_page_by_page(staff, ledger, receive, told):
    """Everything before the first hundred events would be out of reach."""
    receive(
        "a" * 32, *(told.sale(n % 60, sale_id=f"s-{n}", ref=f"ref-{n}") for n in range(PAGE + 5))
    )
    receive("b" * 32, *(told.tie(n % 60, ADA, f"ref-{n}") for n in range(PAGE + 5)))
    Applier(ledger, lambda: NOW).apply_pending()
    first = staff.get(f"/customers/{ADA}").text
    link = re.search(r'href="([^"]*before=[^"]*)"', first)
    second = staff.get(link[1].replace("&amp;", "&")).text
    assert (first.count("<time"), second.count("Bought")) == (PAGE + 1, 5)
    assert "newest" in second


def test_person_of_whom_little_is_known(staff, ledger):
    """A customer met only by id would break the page."""
    with writing(ledger) as conn:
        ensure(conn, "p-1", Origin("store", NOW), state="provisional")
    text = staff.get("/customers/p-1").text
    for shown in ("(no name)", "provisional", "nothing yet", "not asked yet", "on any channel"):
        assert shown in text


def test_unknown_customer_is_told_on_a_page(staff):
    """Staff would read JSON."""
    answer = staff.get("/customers/nobody")
    assert answer.status_code == 404
    assert "no party has the id" in answer.text
    assert "search by card" in answer.text


@pytest.mark.parametrize(
    ("q", "shown"),
    [
        ("ada", "a•••@example.com"),
        ("", "is written down"),
        ("x", "finds everybody or nobody"),
        ("nobody", "Nobody here is known by"),
        ("<script>", "&lt;script&gt;"),
    ],
)
@pytest.mark.usefixtures("ada")
def test_search_page(staff, q, shown):
    """A search that finds nothing would look like one that failed."""
    text = staff.get("/customers", params={"q": q}).text
    assert shown in text
    assert "<script>" not in text


def test_search_that_fills_its_page_says_so(staff, ledger):
    """Staff would take the first twenty for all."""
    with writing(ledger) as conn:
        for n in range(25):
            ensure(conn, f"s-{n}", Origin("import", NOW))
            observe(conn, f"s-{n}", {"name": f"Anna {n}"}, Origin("import", NOW))
    assert "Only the first 20 are shown" in staff.get("/customers?q=anna").text


def test_overview_of_an_empty_hq_says_what_to_do(staff):
    """Somebody who has just installed HQ would look at an empty page."""
    text = staff.get("/").text
    assert "enrol-code" in text
    assert "Sales today" in text


@pytest.mark.usefixtures("ada")
def test_overview_shows_how_each_till_stands(staff, ledger):
    """IT would find out by telephone which till has lost contact."""
    till(ledger, "till-1", contact=NOW, tail=2)
    till(ledger, "till-2", contact="2026-11-02T11:59:00.000Z", tail=9)
    till(ledger, "till-3", contact="2026-11-02T09:00:00.000Z", tail=2)
    till(ledger, "till-4", contact=None, tail=0)
    till(ledger, "till-5", contact=NOW, tail=2, revoked=NOW)
    text = staff.get("/").text
    states = re.findall(r'<span class="state ([a-z-]+)">', text)
    assert states == ["in-step", "behind", "silent", "never", "replaced"]
    for shown in ("1 min ago", "3 h ago", "€2.50", "100 %", "just now"):
        assert shown in text
    assert re.search(r"<strong>7</strong><span>records", text)


@pytest.mark.usefixtures("ada")
def test_page_of_a_store_says_everything_of_it(staff, ledger):
    """Somebody would have to put a store's state together from five pages."""
    till(ledger, "till-1", contact=NOW, tail=2)
    till(ledger, "till-2", contact="2026-11-02T09:00:00.000Z", tail=9)
    text = staff.get("/stores/store-0001").text
    for shown in ("till-2", "nothing heard since", "7 records not here yet", "not verified yet"):
        assert shown in text
    assert "the till was not closed yet" in text or "Complete up to" in text
    assert 404 == staff.get("/stores/nowhere").status_code


def test_a_thousand_stores_are_shown_in_pages_and_found(staff, ledger):
    """The first page would be as long as the chain is large."""
    with writing(ledger) as conn:
        for n in range(120):
            of = {"store": f"store-{n:04d}", "till": "till-1", "keyid": f"k-{n}"}
            credential = dict.fromkeys(("device_key", "credential", "signature", "issued_at"), "x")
            conn.execute(insert(CREDENTIALS).values(credential | of))
            row = {"journal_id": f"j-{n}", "lane": "sales", "genesis": b"g", "bound_at": NOW}
            conn.execute(insert(JOURNALS).values(row | of))
            conn.execute(insert(CURSORS).values(journal_id=f"j-{n}", have_seq=0, have_hash=b"h"))
    shown = [
        re.findall(r'href="/stores/(store-\d+)"', staff.get(f"/?number={n}").text)
        for n in (1, 2, 3, 4, -1)
    ]
    assert [50, 50, 20, 20, 50] == [len(each) for each in shown]
    assert "page 1 of 3, 120 stores" in staff.get("/").text
    assert 'href="/stores/store-0117"' in staff.get("/?store=0117").text
    assert "No store is called so" in staff.get("/?condition=stalled").text


def test_attention_shows_what_was_set_aside(staff, ledger, receive):
    """What needs a person would be in the database only."""
    receive("a" * 32, b"{}")
    Applier(ledger, lambda: NOW).apply_pending()
    assert "unreadable body" in staff.get("/attention").text
    assert "Needs attention" in staff.get("/").text


@pytest.mark.usefixtures("ada")
def test_days_show_takings_and_z_reports(staff):
    """Nobody at HQ would see that a till closed its day."""
    text = staff.get("/days").text
    for shown in ("Mon 2 Nov 2026", "-€0.50", "€107.00", "eva"):
        assert shown in text


@pytest.mark.parametrize(
    ("path", "media_type"), [("console.css", "text/css"), ("console.js", "text/javascript")]
)
def test_static_files_are_the_packages_own(client, path, media_type):
    """The pages would be bare, or need a build step."""
    answer = client.get(f"/static/{path}")
    assert answer.headers["content-type"].startswith(media_type)
    assert answer.content == (resources.files("central.console") / "static" / path).read_bytes()


def test_values_read_as_a_person_reads_them():
    """A wrong unit on a page is a wrong decision."""
    assert (show.money(None, "EUR"), show.money(5, None)) == ("", "")
    assert show.money(1_234_567, "KWD") == "KWD1,234.567"
    assert (show.when(None), show.when("soon"), show.day("soon")) == ("", "soon", "soon")
    assert show.ago(None, NOW) == "never"
    assert show.ago("2026-10-30T12:00:00.000Z", NOW) == "3 d ago"
    assert show.ago("2026-11-02T12:00:05.000Z", NOW) == "just now"
    assert (show.doing("lead.created"), show.state("delivered")) == ("Lead created", "delivered")
    assert show.seconds_since(None, NOW) is None
