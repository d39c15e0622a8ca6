"""The quarantine: what is set aside, and the forms by which a person decides. No script needed."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode

from litestar import Request, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath, FromQuery

from agent.core.faults import InputFault
from central.console.login import FORM_BYTES_MAX
from central.console.pages import SECURITY, page
from central.histories import quarantine
from central.histories.parking import parked
from central.histories.quarantine_routes import applier_of
from central.histories.replaying import Selection, replay_all
from central.ledger.engine import reading, writing
from central.ledger.hq import Hq, hq_of

SHOWN = 50
ALL = "*"
REPLAY, VOID, UNVOID = "replay", "void", "un-void"


@get("/quarantine", sync_to_thread=True)
def get_quarantine(
    request: Request[Any, Any, Any],
    name: FromQuery[str] = "",
    after: FromQuery[str] = "",
    done: FromQuery[str] = "",
) -> Response[str]:
    """List what is set aside, with a form that tries many entries again."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        found = quarantine.listed(
            conn, name=name or None, after=quarantine.place_of(after), limit=SHOWN + 1
        )
        return page(
            "quarantine.html",
            chain=hq.name,
            q="",
            now=hq.now(),
            name=name,
            done=done,
            names=quarantine.names(conn),
            waiting=quarantine.count(conn),
            parked=parked(conn),
            entries=found[:SHOWN],
            more=len(found) > SHOWN,
            decisions=quarantine.decisions(conn, limit=SHOWN),
        )


@get("/quarantine/{journal_id:str}/{seq:int}", sync_to_thread=True)
def get_entry(
    request: Request[Any, Any, Any], journal_id: FromPath[str], seq: quarantine.Seq
) -> Response[str]:
    """Show one entry that is set aside, and the form by which it is decided."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        return page(
            "entry.html",
            chain=hq.name,
            q="",
            now=hq.now(),
            entry=quarantine.entry(conn, journal_id, seq),
            decisions=quarantine.decisions(conn, journal_id=journal_id, seq=seq),
        )


@post("/quarantine", request_max_body_size=FORM_BYTES_MAX)
async def post_replay_all(request: Request[Any, Any, Any]) -> Response[str]:
    """Try many entries again, as the form of the list says."""
    form = _Form(await request.body())
    return _back(await sync_to_thread(_replay_all, hq_of(request), form))


@post("/quarantine/{journal_id:str}/{seq:int}", request_max_body_size=FORM_BYTES_MAX)
async def post_decision(
    request: Request[Any, Any, Any], journal_id: FromPath[str], seq: quarantine.Seq
) -> Response[str]:
    """Carry out what a person decided about one entry."""
    form = _Form(await request.body())
    return _back(await sync_to_thread(_decide, hq_of(request), form, journal_id, seq))


class _Form:
    """The fields of a form that was sent."""

    def __init__(self, body: bytes) -> None:
        """Read it; only the first value of a field counts."""
        sent = parse_qs(body.decode("utf-8", "replace"))
        self.fields = {name: values[0] for name, values in sent.items()}

    def __getitem__(self, name: str) -> str:
        """Give a field; empty if it was not sent."""
        return self.fields.get(name, "").strip()

    def person(self, now: str) -> quarantine.Person:
        """Give who decides and why.

        Raises:
            InputFault: it was not confirmed, or nobody is named.
        """
        if self["sure"] != "yes":
            raise InputFault(
                "the decision was not confirmed",
                remedy="go back, and tick the box beside the button",
            )
        return quarantine.Person(self["actor"], self["reason"], now).checked()


def _replay_all(hq: Hq, form: _Form) -> str:
    name = form["name"]
    if not name:
        raise InputFault("nothing was chosen", remedy="go back, and choose what to try again")
    selection = Selection(None if name == ALL else name)
    found = replay_all(applier_of(hq), hq.engine, form.person(hq.now()), selection)
    return f"{found.tried} tried again, {found.applied} applied"


def _decide(hq: Hq, form: _Form, journal_id: str, seq: int) -> str:
    person, action = form.person(hq.now()), form["action"]
    if action == REPLAY:
        decision = applier_of(hq).replay(journal_id, seq, person)
        return f"entry {seq}: {decision.outcome}"
    if action not in {VOID, UNVOID}:
        raise InputFault("no decision was chosen", remedy="go back, and use one of the buttons")
    decide = quarantine.void if action == VOID else quarantine.unvoid
    with writing(hq.engine) as conn:
        decide(conn, journal_id, seq, person)
    return f"entry {seq}: {'void' if action == VOID else 'waits again'}"


def _back(done: str) -> Response[str]:
    location = f"/quarantine?{urlencode({'done': done[:200]})}"
    return Response("", status_code=303, headers=SECURITY | {"Location": location})
