"""More of what must hold: orders, revocations, what was booked, what was pruned, what is held.

Each is a function that gives what is broken, as in `invariants`, which asks them.
"""

from __future__ import annotations

from collections import Counter

import msgspec
from sqlalchemy import select

from agent.core.entries.bodies import EntryCarried
from agent.core.entries.kinds import KINDS
from agent.journal import chains, prune
from central.ledger.customer_tables import SALES
from central.ledger.report_tables import BOOKED, SALE
from central.ledger.tables import BODIES, CHAIN, ERASE_ORDERS, FEED_ROWS
from tests.simulation.authority import revoked_at_hq

_CARRIED = KINDS[EntryCarried].kind


def i6_pruned_is_safe(world):
    """I6: no body is pruned that HQ has not declared safe at some time."""
    for machine in world.running():
        for head in machine.see(chains.heads):
            journal = head.journal_id
            pruned = machine.see(lambda conn, journal=journal: prune.pruned_seq(conn, journal))
            if pruned > (safe := world.oracle.safe[journal]):
                yield f"{machine.name}: {journal[:8]} is pruned up to {pruned}, safe was {safe}"


def i4_booked_once(world):
    """I4: every sale HQ holds is booked once, and nothing else is."""
    with world.hq.reading() as conn:
        sales = Counter(conn.execute(select(SALES.c.sale_id)).scalars())
        booked = Counter(conn.execute(select(BOOKED.c.ref).where(BOOKED.c.type == SALE)).scalars())
    for sale_id in sorted((sales - booked) | (booked - sales)):
        yield f"sale {sale_id} is booked {booked[sale_id]} times, held {sales[sale_id]} times"


def i10_replica_is_newest(world):
    """I10, I12: of everything in its scopes a till holds what HQ published last, unchanged."""
    with world.hq.reading() as conn:
        query = select(FEED_ROWS.c.scope, FEED_ROWS.c.key, FEED_ROWS.c.ver, FEED_ROWS.c.body)
        rows = conn.execute(query.where(FEED_ROWS.c.op == "put")).all()
    for machine in world.running():
        held, scopes = world.replica_versions(machine), {"global", f"store:{machine.store}"}
        items = world.replica_items(machine)
        for scope, key, ver, body in rows:
            if scope not in scopes or key not in held:
                continue
            if held[key] != ver:
                yield f"{machine.name}: {key} has version {held[key]} in its directory, not {ver}"
            if msgspec.json.decode(items.get(key, body)) != msgspec.json.decode(body):
                yield f"{machine.name}: {key} is not what HQ has published"


def i8_erased_stays_erased(world):
    """I8, I10: what HQ or one till was ordered to erase is gone at HQ and at every till.

    Two machines with a copied disk may have written different entries under one number.
    """
    machines = [
        (machine.name, machine.look(_erased), machine.look(_bodies)) for machine in world.running()
    ]
    with world.hq.reading() as conn:
        ordered = set(
            conn.execute(
                select(CHAIN.c.journal_id, CHAIN.c.seq, CHAIN.c.hash).join(
                    ERASE_ORDERS,
                    (ERASE_ORDERS.c.journal_id == CHAIN.c.journal_id)
                    & (ERASE_ORDERS.c.seq == CHAIN.c.seq)
                    & (ERASE_ORDERS.c.commitment == CHAIN.c.commitment),
                )
            ).all()
        )
        of = (CHAIN.c.journal_id == BODIES.c.journal_id) & (CHAIN.c.seq == BODIES.c.seq)
        columns = CHAIN.c.journal_id, CHAIN.c.seq, CHAIN.c.hash, CHAIN.c.kind, BODIES.c.body
        at_hq = conn.execute(select(*columns).join(BODIES, of)).all()
    for _, erased, _ in machines:
        ordered |= set(erased)
    gone = {receipt.record.body for key, receipt in world.oracle.released.items() if key in ordered}
    for name, _, bodies in [("HQ", (), at_hq), *machines]:
        for journal, seq, hash_, kind, body in bodies:
            if (journal, seq, hash_) in ordered:
                yield f"{name}: holds the erased body {journal[:8]}/{seq}"
            elif kind == _CARRIED and _inside(body) in gone:
                yield f"{name}: an erased body is carried in {journal[:8]}/{seq}"


def _erased(conn):
    return conn.execute(
        "SELECT j.id, c.seq, c.hash FROM erase_order e JOIN chain c ON c.journal = e.place >> 40"
        " AND c.seq = e.place & 1099511627775 JOIN journal j ON j.no = c.journal"
    ).fetchall()


def _bodies(conn):
    return conn.execute(
        "SELECT j.id, b.seq, c.hash, c.kind, b.bytes FROM body b JOIN chain c"
        " ON c.journal = b.journal AND c.seq = b.seq JOIN journal j ON j.no = b.journal"
    ).fetchall()


def _inside(body):
    return msgspec.json.decode(body, type=dict[str, object])["body"].encode()


def auth_only_hq_orders(world):
    """AUTH: no till carries out an order that HQ's root key has not signed."""
    for machine in world.running():
        rows = machine.look(
            lambda conn: conn.execute(
                "SELECT order_id FROM erase_order UNION SELECT order_id FROM order_received"
            ).fetchall()
        )
        for order_id in sorted({row[0] for row in rows} & world.counterfeits):
            yield f"{machine.name}: took {order_id} for an order of HQ's"


def i8_revoked_for_ever(world):
    """I8: a device stays revoked at HQ as long as one till can show the order."""
    known = set(revoked_at_hq(world))
    for machine in world.running():
        rows = machine.look(
            lambda conn: conn.execute("SELECT order_id FROM order_received").fetchall()
        )
        for (order_id,) in rows:
            if world.revoked.get(order_id, "") not in {"", *known}:
                yield f"HQ lets in again whom {order_id[:8]} has revoked; {machine.name} shows it"
