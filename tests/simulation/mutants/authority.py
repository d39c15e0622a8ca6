"""Bugs in who may do what: enrolment, signatures, keys, revocations, orders."""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from agent.sync import orders as till_orders
from agent.sync.orders import OrderDesk
from central.daemon import evidence
from central.intake import batches, enrolment, keeping, orders, positions, signatures
from central.ledger.engine import reading
from central.ledger.hq import Device
from central.ledger.tables import CREDENTIALS, JOURNALS
from tests.simulation.mutants.planting import Planted, always


def _unsigned(_original):
    def call(self, message):
        with reading(self._engine) as conn:
            text = message.headers["signature-input"]
            keyid = text.partition('keyid="')[2].partition('"')[0]
            query = select(CREDENTIALS).where(CREDENTIALS.c.keyid == keyid)
            row = conn.execute(query).one_or_none()
        if row is None:
            raise signatures.NotIdentified("not known", remedy="none", name="unknown-device")
        return Device(row.keyid, row.store, row.till)

    return call


def _anybody(original):
    def position(conn, device, journal_id, now):
        query = select(JOURNALS.c.keyid).where(JOURNALS.c.journal_id == journal_id)
        owner = conn.execute(query).scalar_one_or_none()
        return original(conn, device._replace(keyid=owner or device.keyid), journal_id, now)

    return position


def _any_credential(original):
    return lambda request, _verify, *rest: original(request, lambda *_: True, *rest)


def _refuse(*_args):
    raise enrolment.NotAdmitted("not known", remedy="none")


def _forgiving(original):
    """What comes back as evidence shuts nobody out."""

    def shut_out(conn, body, order_id, now, reason):
        if not reason.startswith("taken back"):
            original(conn, body, order_id, now, reason)

    return shut_out


def _answer_all(_original):
    def sender(self):
        if self._row is None:
            raise signatures.Revoked("not known", remedy="none")
        return Device(self._row.keyid, self._row.store, self._row.till)

    return sender


def _no_receipt(_original):
    """The order is carried out, and nothing is sent to HQ of it."""

    def write(self, conn, order, _signed, tills):
        outcome, _ = self._effect(conn, order, tills)
        for till in tills:
            conn.execute(
                "INSERT INTO order_received (till, order_id, outcome) VALUES (?, ?, ?)",
                (till, order.order_id, outcome),
            )

    return write


def _one_too_far(original):
    """Of an order, the entry after the one it names is erased."""

    def erase(conn, journal_id, seq, **order):
        there = till_orders.erasures.standing(conn, journal_id, seq + 1, "").others
        named = order | {"commitment": there[0]} if there else order
        return original(conn, journal_id, seq + 1, **named)

    return erase


def _by_number(original):
    """Whatever stands under the number of an order is erased."""

    def standing(conn, journal_id, seq, commitment):
        found = original(conn, journal_id, seq, commitment)
        places = set(found.places)
        for other in found.others:
            places |= set(original(conn, journal_id, seq, other).places)
        return msgspec.structs.replace(found, places=tuple(sorted(places)))

    return standing


PLANTED = (
    Planted(
        "signatures-unchecked",
        "HQ looks whose name a request bears, and not at its signature.",
        ((signatures.Signatures, "__call__", _unsigned),),
        "weather",
    ),
    Planted(
        "anybody-may-append",
        "A device may append to any journal.",
        ((batches, "read_position", _anybody),),
        "weather",
    ),
    Planted(
        "credential-unchecked",
        "HQ takes a credential without its own signature.",
        ((enrolment, "readmitted", _any_credential),),
        "weather",
    ),
    Planted(
        "forgotten-tills-stay-out",
        "HQ does not take back a till it has forgotten.",
        ((enrolment, "_by_credential", lambda _original: _refuse),),
        "rewind",
    ),
    Planted(
        "orders-not-taken-back",
        "An HQ that was put back does not take up the orders its tills show it.",
        ((evidence, "take_back", always(None)),),
        "rewind",
    ),
    Planted(
        "revoked-is-answered",
        "HQ answers a device it has revoked.",
        ((signatures._Keys, "sender", _answer_all),),
        "trust",
    ),
    Planted(
        "revocation-not-taken-back",
        "An HQ that was put back takes up the order to revoke, and shuts nobody out.",
        ((orders, "_shut_out", _forgiving),),
        "trust",
    ),
    Planted(
        "new-key-never-takes-over",
        "HQ has agreed to a new key, and does not let it append.",
        ((positions, "takes_over", always(False)),),
        "trust",
    ),
    Planted(
        "order-not-verified",
        "A till carries out an order without HQ's signature.",
        ((till_orders, "verifier", always(lambda *_: True)),),
        "trust",
    ),
    Planted(
        "order-passed-over",
        "The till takes an order for one it has carried out already.",
        ((till_orders, "_not_received", always([])),),
        "rewind",
    ),
    Planted(
        "order-without-evidence",
        "The till carries an order out and sends HQ no receipt of it.",
        ((OrderDesk, "_write", _no_receipt),),
        "rewind",
    ),
    Planted(
        "order-of-another-entry",
        "The till erases the entry after the one an order names.",
        ((till_orders.erasures, "erase", _one_too_far),),
        "rewind",
    ),
    Planted(
        "order-by-number",
        "The till erases what stands under an order's number, and not the entry that is meant.",
        ((till_orders.erasures, "standing", _by_number),),
        "copies",
    ),
    Planted(
        "erased-comes-back",
        "HQ keeps the text of an entry that was ordered erased before it came.",
        ((keeping, "_ordered", lambda _original: lambda *_: {}),),
        "trust",
    ),
)
