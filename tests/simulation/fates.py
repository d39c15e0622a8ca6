"""The rarer fates: HQ put back in time, disks copied, lost and put back, orders, pruning."""

from __future__ import annotations

from contextlib import suppress

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from agent.core.entries.bodies import EntryCarried
from agent.core.entries.kinds import KINDS, LANES
from agent.core.exchange.acks import genuine
from agent.core.exchange.credentials import make_answer, make_request, readmission
from agent.core.exchange.wire import SYNC_VERSION, Ack, Batch, LastAck, WireRecord
from agent.core.faults import Fault
from agent.journal import chains, cursors, prune
from central.intake import orders
from central.ledger import backups
from central.ledger.epoch import current_epoch
from central.ledger.migrate import NEWEST
from central.ledger.tables import BODIES, CHAIN, CURSORS

PARTY = 110
CARRIED = KINDS[EntryCarried].kind
PRUNED_AT_ONCE = 50


async def back_up(world, _rng):
    """HQ is backed up; what every backup holds becomes safe, the oldest backup leaves."""
    hq = world.hq
    if not hq.up:
        return
    image, name = hq.disk.image(), f"b{world.number()}"
    with hq.writing() as conn:
        world.manifests[name] = _manifest(conn, name)
        backups.register(conn, world.manifests[name], f"/{name}", "digest")
        world.backups.append((name, image))
        world.lived_in(current_epoch(conn))
        gone = world.backups[: -world.scenario.backups_kept]
        backups.leave(conn, [name for name, _ in gone], hq.wall.now())
    del world.backups[: -world.scenario.backups_kept]


def _manifest(conn, name):
    rows = conn.execute(select(CURSORS.c.journal_id, CURSORS.c.have_seq, CURSORS.c.have_hash))
    held = {row[0]: (row[1], row[2].hex()) for row in rows}
    return backups.Manifest(
        format=backups.FORMAT,
        backup_id=name,
        taken_at="now",
        epoch=current_epoch(conn),
        schema=NEWEST,
        root_key="",
        database="sqlite",
        bytes=0,
        sha256="",
        records=0,
        journals={journal: place for journal, place in held.items() if place[0]},
        feeds={},
    )


async def restore(world, rng):
    """HQ is put back to any backup it keeps; younger ones are of a time that never was."""
    put_back(world, rng.randrange(len(world.backups)))


async def restore_last(world):
    """HQ is put back to its newest backup."""
    put_back(world, len(world.backups) - 1)


def put_back(world, which):
    """HQ is put back to one backup of those it keeps, counted from the oldest."""
    hq = world.hq
    hq.stop(lost=False)
    hq.disk.restore(world.backups[which][1])
    del world.backups[which + 1 :]
    hq.disk.capacity = hq.disk.cut_at = None
    world.restores += 1
    world.note(f"hq: restored to backup {which + 1}")
    world.start_hq()
    if hq.up:
        _list_backups(world)
    world.witnesses = dict(witnesses(world)) if hq.up else {}
    world.oracle.rewound()
    world.seen_at_hq.clear()
    world.erasures.clear()
    world.oracle.reckon(world.machines)


def _list_backups(world):
    """Enter what else could still be restored, as `till-central restore` does."""
    with world.hq.writing() as conn:
        for name, _ in world.backups:
            backups.register(conn, world.manifests[name], f"/{name}", "digest")


def witnesses(world):
    """Give whose disks show that HQ, as it came back, lost what it had signed: its acks.

    Whoever held the only ack may be gone, or put back in time, too: then nobody can know.
    """
    held, world.old_epoch = world.held_at_hq(), epoch_at(world.hq)
    for machine in world.running():
        if lost := _lost_of(world, machine.look(_acks), held):
            world.note(f"{machine.name}: knows what HQ has lost")
            yield machine.name, lost


def testify_again(world, machine):
    """Let testify by what it still holds whose journal was hurt: its acks may be gone."""
    shown = world.witnesses.pop(machine.name, [])
    held = [(journal, ack.epoch, ack.seq) for journal, ack in machine.look(_acks)]
    lost = [(journal, ack) for journal, ack in shown if (journal, ack.epoch, ack.seq) in held]
    if lost:
        world.witnesses[machine.name] = lost
    elif shown:
        world.note(f"{machine.name}: knows no longer what HQ has lost")


def hear_again(world, path):
    """Let testify no longer whose loss a request from before HQ was put back has made good.

    It says nothing of what was signed later, and when the till itself speaks HQ has all of it. An
    HQ that has forgotten an earlier start of the till takes it for a later one: it has two lives
    of one journal before it, and ends it.
    """
    world.haunted.update(path.split("/"))
    make_good(world)


def make_good(world):
    """Let testify no longer whose loss somebody else has made good before they spoke."""
    if not world.witnesses or epoch_at(world.hq) != world.old_epoch:
        return
    held = world.held_at_hq()
    for name, lost in list(world.witnesses.items()):
        if not _lost_of(world, lost, held):
            world.note(f"{name}: HQ has again what it had lost")
            del world.witnesses[name]


def _lost_of(world, acks, held):
    return [(journal, ack) for journal, ack in acks if _is_lost(world, journal, ack, held)]


def _acks(conn):
    found = [(head.journal_id, cursors.acked(conn, head.journal_id)) for head in chains.heads(conn)]
    return [(journal, ack) for journal, ack in found if ack is not None]


def _is_lost(world, journal, ack, held):
    """Tell by what was seen of HQ's epochs, and not by how they are named."""
    if ack.epoch == world.old_epoch:
        return ack.seq > 0 and (journal, ack.seq, ack.hash) not in held
    return world.epochs.index(ack.epoch) > world.epochs.index(world.old_epoch)


def epoch_at(hq):
    """Read HQ's epoch."""
    with hq.reading() as conn:
        return current_epoch(conn)


async def copy_disk(world, rng):
    """A machine's disk is copied while it runs, and the copy runs beside it."""
    running = [machine for machine in world.running() if not machine.is_copied]
    if running:
        machine = rng.choice(running)
        image = machine.disk.image()
        machine.is_copied = True
        copy = world.place(machine.store, machine.tills, machine.key, image)
        copy.is_copied = True
        world.note(f"{copy.name} is a copy of {machine.name}")


async def lose_disk(world, rng):
    """A machine is gone; another one takes its place, with nothing on it."""
    if not world.hq.up or not world.running():
        return
    await take_away(world, rng.choice(world.running()))


async def take_away(world, machine):
    """Let a machine be gone for good, and put another one, with nothing on it, in its place."""
    for each in world.machines:
        if each.public == machine.public:  # A copy of it is let in no longer, either.
            await each.stop(lost=False)
            each.is_gone = True
            world.witnesses.pop(each.name, None)
    world.oracle.reckon(world.machines)
    another = world.place(machine.store, machine.tills)
    world.note(f"{another.name} takes the place of {machine.name}")
    for till in another.tills:
        another.start(_enrol(another, till, world.hq.code(another.store, till)))


async def _enrol(machine, till, code):
    try:
        await machine.enrol(till, code)
    except Fault as fault:
        machine.world.note(f"{machine.name}: not enrolled: {fault.name}")


async def lie(world, rng):
    """A till shows evidence HQ never signed, then leaves out entries: HQ believes neither."""
    if machine := _up(world, rng):
        machine.start(_lie(machine))


async def _lie(machine):
    head = machine.look(chains.heads)[0]
    forged = LastAck(f"9-{bytes(8).hex()}", 10**6, bytes(32), bytes(64))
    await _say(machine, head, head.tail_seq + 1, head.tail_hash, last_ack=forged)
    beyond = head.tail_seq + 3
    record = WireRecord(beyond, PARTY, 1, bytes(16), b"{}")
    await _say(machine, head, beyond, bytes(32), records=(record,))


async def _say(machine, head, base, prev_hash, **more):
    """Send a batch no correct till sends."""
    said = {"records": (), **more}
    batch = Batch(
        version=SYNC_VERSION,
        journal_id=head.journal_id,
        incarnation=machine.journal.incarnation,
        base=base,
        prev_hash=prev_hash,
        tail_seq=base + len(said["records"]) - 1,
        **said,
    )
    with suppress(Fault):
        await machine.link.send(batch)


async def intrude(world, rng):
    """A stranger shows a credential of its own making, and one till writes for another."""
    if (machine := _up(world, rng)) is None:
        return
    machine.start(_forge(world, machine))
    others = [each for each in world.machines if each.public != machine.public and each.up]
    if others:
        machine.start(_write_for(world, machine, rng.choice(others)))


async def _forge(world, machine):
    """Everything in it fits, but for the signature of HQ's root key."""
    key = Ed25519PrivateKey.from_private_bytes(machine.rng.randbytes(32))
    ids = {lane: machine.rng.randbytes(16).hex() for lane in LANES}
    request = make_request(
        key.sign,
        code="",
        device_key=key.public_key().public_bytes_raw(),
        store=machine.store,
        till="till-99",
        journals=ids,
    )
    answer = make_answer(
        key.sign, request, issued_at="now", root_key=bytes(32), epoch="", generation=9
    )
    with suppress(Fault):
        await machine.link.enrol(readmission(request, answer, key.sign))
        world.oracle.broken.append(("AUTH", "a stranger was let in by its own signature"))


async def _write_for(world, machine, other):
    head = other.look(chains.heads)[0]
    asked = Batch(
        SYNC_VERSION,
        head.journal_id,
        "0" * 32,
        head.tail_seq + 1,
        head.tail_hash,
        head.tail_seq,
        (),
    )
    with suppress(Fault):
        answer = await machine.link.send(asked)
        # What answers in HQ's place (`forger`) may say what it likes.
        if not isinstance(answer, Ack) or genuine(answer, head.journal_id, world.hq.root.verify):
            world.oracle.broken.append(("AUTH", f"{machine.name} was answered about {other.name}"))


def _up(world, rng):
    running = world.running()
    return rng.choice(running) if running and world.hq.up else None


async def photograph(world, rng):
    """Somebody keeps an image of a machine's disk."""
    if world.running():
        machine = rng.choice(world.running())
        world.images[machine.name] = machine.disk.image()


def _journal_rows(conn):
    """Give (journal, seq, hash) of every entry on a disk."""
    return conn.execute(
        "SELECT j.id, c.seq, c.hash FROM chain c JOIN journal j ON j.no = c.journal"
    ).fetchall()


async def put_disk_back(world, rng):
    """A machine's disk is put back to an older image of itself."""
    found = [each for each in world.running() if each.name in world.images]
    if not found or not world.hq.up:
        return
    await put_back_disk(world, rng.choice(found))


async def put_back_disk(world, machine):
    """A machine starts on what its disk was when it was photographed."""
    await machine.stop(lost=False)
    machine.disk.restore(world.images[machine.name])
    # It starts: only then can be told what is still owed by this disk.
    machine.disk.capacity = machine.disk.cut_at = machine.disk.fail_at = None
    world.witnesses.pop(machine.name, None)
    world.oracle.forget_disk(machine)
    for place in [place for place in world.positions if place[0] == machine.name]:
        del world.positions[place]
    world.start(machine)
    if machine.up:
        machine.owes &= set(machine.look(_journal_rows))
    world.oracle.reckon(world.machines)
    world.note(f"{machine.name}: its disk was put back")


async def erase(world, rng):
    """HQ orders that what is known of a person is erased everywhere, carried or not."""
    hq = world.hq
    if not hq.up:
        return
    with hq.reading() as conn:
        query = select(CHAIN.c.journal_id, CHAIN.c.seq).where(CHAIN.c.kind == PARTY)
        body = (BODIES.c.journal_id == CHAIN.c.journal_id) & (BODIES.c.seq == CHAIN.c.seq)
        found = [tuple(row) for row in conn.execute(query.join(BODIES, body))]
        query = select(CHAIN.c.journal_id, CHAIN.c.seq, BODIES.c.body).join(BODIES, body)
        carried = conn.execute(query.where(CHAIN.c.kind == CARRIED)).all()
        found += [place for *place, text in carried if msgspec.json.decode(text)["kind"] == PARTY]
    if found:
        entry = rng.choice(sorted(map(tuple, found)))
        with hq.writing() as conn:
            orders.erase(conn, hq.root, [entry], reason="asked", now=hq.wall.now())
        world.note(f"hq: orders {entry[0][:8]}/{entry[1]} erased")


async def prune_bodies(world, rng):
    """A till drops the bodies that HQ's backups hold."""
    if not world.running():
        return
    machine = rng.choice(world.running())
    is_careless = rng.random() < 0.3
    machine.start(machine.record(lambda conn: drop_bodies(conn, is_careless=is_careless)))


def drop_bodies(conn, *, is_careless=False):
    """Prune what may go; who is careless asks for all that is old enough, and is refused."""
    for head in chains.heads(conn):
        acked = cursors.acked(conn, head.journal_id)
        floor = prune.retention_floor(conn, head.journal_id, 0)
        safe = 0 if acked is None else acked.safe_seq
        upto = floor if is_careless else min(safe, floor)
        if upto > 0:
            prune.prune(conn, head.journal_id, upto, PRUNED_AT_ONCE)
