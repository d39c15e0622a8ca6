"""What can happen in a world, one function each: `async (world, rng)`.

Which of them happen, and how often, is a scenario's table of weights.
"""

from __future__ import annotations

from uuid import NAMESPACE_OID, uuid5

import msgspec

from agent.core.exchange.wire import PartyRow
from agent.core.faults import Fault, StateFault
from agent.core.history.model import Card
from agent.core.identifiers import receipt_number
from agent.core.recognition import Item
from agent.journal import chains, days, events, prints
from central.ledger.epoch import current_epoch
from tests.simulation import facts
from tests.simulation.clock import TEN_YEARS_S

SALT = 16


async def sell(world, rng):
    """A till sells, several sales in a row, some with a customer."""
    if machine := _any_up(world, rng):
        sell_at(world, machine, rng.randint(1, world.scenario.sales_max), rng)


def sell_at(world, machine, count, rng):
    """So many sales begin at one machine."""
    for _ in range(count):
        machine.start(_sale(world, machine, rng.choice(machine.tills), rng.random() < 0.3))


async def refuse(world, rng):
    """Several sales at once, one of which cannot be recorded at its very last step."""
    if machine := _any_up(world, rng):
        for is_refused in (False, True, False):
            till = rng.choice(machine.tills)
            machine.start(_sale(world, machine, till, False, is_refused=is_refused))


async def _sale(world, machine, till, has_customer, *, is_refused=False):
    clock, rng = machine.clock, machine.rng
    sale_id, ref = clock.uuid7(), clock.random(SALT).hex() if has_customer else None
    salt, made = clock.random(SALT), []

    def complete(conn):
        journal_id, n = chains.next_receipt(conn, till)
        number = receipt_number(machine.store, till, journal_id, n)
        stamp = clock.stamp()
        sale = facts.sale(rng, machine.store, till, sale_id, number, stamp, customer_ref=ref)
        made[:] = [sale]
        world.oracle.tried[sale_id] = (sale.total, sale.currency)
        prints.enqueue(
            conn,
            print_id=sale_id,
            till=till,
            at=stamp.wall,
            sale_id=sale_id,
            device="receipt",
            kind=prints.RECEIPT,
            payload=None,
        )
        events.add(conn, till, "sale", stamp.wall, {"sale_id": sale_id})
        appended = chains.append(conn, till, sale, salt=salt)
        if is_refused:
            raise StateFault("it cannot be recorded after all", remedy="none", name="refused")
        return appended

    told = await machine.record(complete)
    if isinstance(told, Fault):
        _must_be_gone(world, machine, sale_id)
    elif told is not None:
        world.oracle.release(machine, told, made[0])
        if ref:
            await _attribute(world, machine, till, sale_id, ref)


async def _attribute(world, machine, till, sale_id, ref):
    """Enrol the customer and tie the sale to them."""
    clock = machine.clock
    party = facts.party(machine.rng, machine.store, till, clock.uuid7(), clock.stamp())
    tied = facts.attributed(sale_id, ref, party.party_id, clock.stamp())
    for body in (party, tied):
        await _append(world, machine, till, body)


async def _append(world, machine, till, body):
    salt = machine.clock.random(SALT)
    told = await machine.record(lambda conn: chains.append(conn, till, body, salt=salt))
    if told is not None and not isinstance(told, Fault):
        world.oracle.release(machine, told)


def _must_be_gone(world, machine, sale_id):
    """A sale that was refused is not there, in part or whole."""
    if machine.up:
        rows = machine.look(
            lambda conn: conn.execute(
                "SELECT count(*) FROM sale_index WHERE sale_id = ?1 UNION ALL"
                " SELECT count(*) FROM print WHERE sale_id = ?1",
                (sale_id,),
            ).fetchall()
        )
        if any(count for (count,) in rows):
            world.oracle.broken.append(("I16", f"{machine.name}: the refused {sale_id} is there"))


async def keep_the_day(world, rng):
    """Cash moves, a day is closed."""
    machine = _any_up(world, rng)
    if machine is None:
        return
    till, clock = rng.choice(machine.tills), machine.clock
    moved = facts.cash(machine.rng, machine.store, till, clock.uuid7(), clock.stamp())
    machine.start(_append(world, machine, till, moved))
    machine.start(close_day(world, machine, till))


async def close_day(world, machine, till):
    """A till's day is closed."""
    salt, stamp = machine.clock.random(SALT), machine.clock.stamp()

    def close(conn):
        body = facts.closing(machine.store, till, days.z_number(conn, till), stamp)
        return chains.append(conn, till, body, salt=salt)

    told = await machine.record(close)
    if told is not None and not isinstance(told, Fault):
        world.oracle.release(machine, told)


async def poison(world, rng):
    """A till of a later version records what this HQ cannot read."""
    machine = _any_up(world, rng)
    if machine is None:
        return
    till, lane = rng.choice(machine.tills), rng.choice(("sales", "side"))
    machine.start(_poison(world, machine, till, lane))


async def _poison(world, machine, till, lane):
    salt, what = machine.clock.random(SALT), facts.unknown(machine.rng)

    def write(conn):
        place = facts.append_unknown(conn, till, lane, salt, what)
        world.poisoned[place] = (salt, what[-1])

    await machine.record(write)


async def publish(world, rng):
    """HQ changes items and parties, and erases some."""
    if not world.hq.up:
        return
    scope = rng.choice(["global", f"store:store-{rng.randint(1, world.scenario.stores)}"])
    for _ in range(rng.randint(1, 8)):
        number = rng.randrange(12)
        kind = rng.choice(("item", "party"))
        name = str(uuid5(NAMESPACE_OID, f"{scope}-{number}"))
        key = f"{kind}:{name}"
        op = rng.choices(("put", "del", "erase"), (6, 2, 2))[0]
        value = _value(rng, kind, name) if op == "put" else None
        # Whatever was said of it before: this may be durable though HQ loses its power by it.
        world.erasures.pop(name, None)
        fseq = world.hq.publish(scope, key, op, value)
        _note_erasure(world, kind, key, op, scope, fseq)


def _note_erasure(world, kind, key, op, scope, fseq):
    party_id = key.partition(":")[2]
    if kind == "party" and op == "erase" and world.hq.up:
        with world.hq.reading() as conn:
            world.erasures[party_id] = (current_epoch(conn), scope, fseq)


def _value(rng, kind, name):
    if kind == "item":
        return Item(name, f"Thing {rng.randrange(1000)}", ("standard",))
    card = Card(party_id=name, name=f"Customer {rng.randrange(1000)}")
    return PartyRow(_raw(card))


def _raw(value):
    return msgspec.Raw(msgspec.json.encode(value))


async def cut_power(world, rng):
    """A machine loses its power at some operation of its disk, soon."""
    if machine := _any_up(world, rng):
        machine.disk.cut_at = machine.disk.ops + rng.randint(1, world.scenario.cut_within)


async def cut_power_of_hq(world, rng):
    """HQ loses its power at some operation of its disk, soon."""
    if world.hq.up:
        world.hq.disk.cut_at = world.hq.disk.ops + rng.randint(1, world.scenario.cut_within)


async def kill(world, rng):
    """An agent is killed and starts again; its files stay."""
    if machine := _any_up(world, rng):
        await machine.stop(lost=False)
        world.start(machine)


async def kill_hq(world, _rng):
    """HQ is killed."""
    if world.hq.up:
        world.hq.stop(lost=False)


async def lose_the_way(world, rng):
    """One machine's network goes, or comes back."""
    if world.machines:
        machine = rng.choice(world.machines)
        machine.wire.cut = not machine.wire.cut


async def weather(world, rng):
    """The network gets better or worse for everybody."""
    for name, worst in world.scenario.weather.items():
        setattr(world.weather, name, worst * rng.choice((0, 0.3, 1)))
    world.weather.offline = rng.random() < 0.1


async def jump_clock(world, rng):
    """A clock jumps, up to ten years either way; HQ's by up to a day."""
    is_at_hq = rng.random() < 0.2
    error_s = rng.randint(-86_400 if is_at_hq else -TEN_YEARS_S, TEN_YEARS_S)
    wall = world.hq.wall if is_at_hq else rng.choice(world.machines).wall
    wall.error_s = 0 if world.are_clocks_right else error_s


async def fill_disk(world, rng):
    """A disk runs full, or has room again."""
    if machine := _any_up(world, rng):
        disk = machine.disk
        disk.capacity = None if disk.capacity else disk.size() + rng.randrange(60_000)


async def fill_disk_of_hq(world, rng):
    """HQ's disk runs full, or has room again."""
    disk = world.hq.disk
    disk.capacity = None if disk.capacity else disk.size() + rng.randrange(100_000)


async def fail_disk(world, rng):
    """A disk fails once, at some operation."""
    if machine := _any_up(world, rng):
        machine.disk.fail_at = machine.disk.ops + rng.randint(1, 40)


async def fail_disk_of_hq(world, rng):
    """HQ's disk fails once, at some operation."""
    world.hq.disk.fail_at = world.hq.disk.ops + rng.randint(1, 40)


def _any_up(world, rng):
    running = world.running()
    return rng.choice(running) if running else None
