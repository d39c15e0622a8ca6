"""Fates of who may do what: devices stolen and revoked, keys renewed, orders nobody signed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from agent.core.exchange.orders import ERASE, FEED_KEY, EraseBody, Order, make_order
from agent.core.exchange.wire import SYNC_VERSION, Batch
from agent.core.faults import Fault
from agent.journal import chains
from central.intake import orders
from central.ledger.authority_tables import REVOKED_DEVICES
from central.ledger.epoch import current_epoch
from central.ledger.outbox import publish
from central.ledger.tables import BODIES, CHAIN, JOURNALS
from tests.simulation import fates
from tests.simulation.machine import link_of
from tests.simulation.network import Wire

_COMMITMENT = (
    "SELECT commitment FROM chain WHERE journal = (SELECT no FROM journal WHERE id = ?) AND seq = ?"
)
WHILE_S = 60.0
"""Long enough for an order to come down, and for its receipt to go up."""


@dataclass(frozen=True)
class Thief:
    """Who has a machine that was stolen: its key, and the place its journal had."""

    public: bytes
    link: Any
    asked: Batch


async def steal(world, rng):
    """A machine is stolen: HQ revokes its device, and another one takes its place."""
    if not world.hq.up or not world.running():
        return
    machine = rng.choice(world.running())
    with world.hq.writing() as conn:
        key, now = machine.public.hex(), world.hq.wall.now()
        order = orders.revoke(conn, world.hq.root, key, reason="stolen", now=now)
    world.revoked[order.order_id] = key
    world.thieves.append(_thief(world, machine))
    world.note(f"{machine.name}: stolen, and revoked by {order.order_id[:8]}")
    await fates.take_away(world, machine)


def _thief(world, machine):
    head = machine.look(chains.heads)[0]
    asked = Batch(
        SYNC_VERSION,
        head.journal_id,
        machine.journal.incarnation,
        head.tail_seq + 1,
        head.tail_hash,
        head.tail_seq,
        (),
    )
    way = world.fork(f"{machine.name}-thief")
    wire = Wire(world.hq, world.weather, way, lambda: True, world.watch)
    return Thief(machine.public, link_of(machine.key, machine.public, wire), asked)


async def thieve(world, rng):
    """Whoever has a stolen machine asks HQ for the place of its journal."""
    if world.thieves and world.hq.up:
        thief = rng.choice(world.thieves)
        task = asyncio.ensure_future(_ask(world, thief))
        await asyncio.wait([task])


async def _ask(world, thief):
    if _is_revoked(world, thief):
        with suppress(Fault):
            await thief.link.send(thief.asked)
            if world.hq.up and _is_revoked(world, thief):
                seen = f"a revoked device was answered about {thief.asked.journal_id[:8]}"
                world.oracle.broken.append(("AUTH", seen))


def _is_revoked(world, thief):
    """Tell whether HQ knows, now: put back to before it, it has yet to be told by the tills."""
    return bool(set(revoked_at_hq(world)) & {thief.public.hex()})


def revoked_at_hq(world):
    """List the device keys HQ lets in never again."""
    with world.hq.reading() as conn:
        return list(conn.execute(select(REVOKED_DEVICES.c.device_key)).scalars())


async def renew_key(world, rng):
    """A machine gets a new device key, while it goes on selling."""
    if world.running():
        machine = rng.choice(world.running())
        machine.start(_renew(world, machine))


async def _renew(world, machine):
    try:
        await machine.renew_key()
    except Fault as fault:
        world.note(f"{machine.name}: key not renewed: {fault.name}")
    else:
        world.note(f"{machine.name}: has a new key")


async def counterfeit(world, rng):
    """An order stands in HQ's feed that its root key has never signed."""
    if not world.hq.up or not world.running():
        return
    machine = rng.choice(world.running())
    head = rng.choice(machine.look(chains.heads))
    if not head.tail_seq:
        return
    place = head.journal_id, head.tail_seq
    committed = machine.look(lambda conn: conn.execute(_COMMITMENT, place).fetchone()[0]).hex()
    forger, scope = Ed25519PrivateKey.from_private_bytes(rng.randbytes(32)), machine.store
    order_id = f"counterfeit-{world.number()}"
    body = msgspec.Raw(msgspec.json.encode(EraseBody(((*place, committed),))))
    with world.hq.writing() as conn:
        order = Order(order_id, ERASE, f"store:{scope}", current_epoch(conn), "now", body)
        text = msgspec.json.encode(make_order(forger.sign, order))
        publish(conn, order.scope, f"{FEED_KEY}{order_id}", "put", text)
    world.counterfeits.add(order_id)


async def erase_while_away(world, rng):
    """HQ orders an entry erased while its till is away, and is put back to before it had it.

    Another machine of that store has heard of the order; the one that has not comes back later.
    """
    stores: dict[str, list[Any]] = {}
    for machine in world.running():
        stores.setdefault(machine.store, []).append(machine)
    found = [machines for machines in stores.values() if len(machines) > 1]
    if not world.hq.up or not found:
        return
    away = rng.choice(rng.choice(found))
    entries = _people_of(world, away)
    if not entries:
        return
    away.wire.cut = True
    entry = rng.choice(entries)
    with world.hq.writing() as conn:
        orders.erase(conn, world.hq.root, [entry], reason="asked", now=world.hq.wall.now())
    world.note(f"hq: orders {entry[0][:8]}/{entry[1]} erased, {away.name} is away")
    await asyncio.sleep(WHILE_S)
    await fates.restore(world, rng)
    await asyncio.sleep(WHILE_S)
    away.wire.cut = False


def _people_of(world, machine):
    """List the entries of one machine, held at HQ with their bodies, that say who somebody is."""
    mine = {head.journal_id for head in machine.look(chains.heads)}
    with world.hq.reading() as conn:
        query = select(CHAIN.c.journal_id, CHAIN.c.seq).where(CHAIN.c.kind == fates.PARTY)
        body = (BODIES.c.journal_id == CHAIN.c.journal_id) & (BODIES.c.seq == CHAIN.c.seq)
        rows = [tuple(row) for row in conn.execute(query.join(BODIES, body))]
        known = set(conn.execute(select(JOURNALS.c.journal_id)).scalars())
    return sorted(row for row in rows if row[0] in mine & known)
