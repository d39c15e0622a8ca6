"""Bytes that change at rest in a till's journal: what may be lost by it, and that nothing else is.

Flipped bits, overwritten sectors and pages, a file cut short: while the machine is off, or while it
runs and sells on. Which facts a wound may cost is worked out from the bytes alone: those whose text
or whose link stands on no page that was spared. Every other one has to be in the journal the
machine goes on with, in its place or carried, or at HQ.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec
from sqlalchemy import select

from agent.core.entries.bodies import EntryCarried
from agent.core.entries.kinds import KINDS
from central.ledger.customer_tables import SALES
from central.ledger.report_tables import CARRIED
from central.ledger.tables import BODIES, CHAIN
from tests.simulation import actions, recovery
from tests.simulation.disk import SECTOR

JOURNAL, LOG = "journal.db", "journal.db-wal"
PAGE = 4096
LOG_HEADER, FRAME_HEADER = 32, 24
FRAME = FRAME_HEADER + PAGE
FILE_HEADER = 100
_BTREE = {b"\x02": 12, b"\x05": 12, b"\x0a": 8, b"\x0d": 8}
"""Types of b-tree pages → how long their headers are."""
_COMMITS, _SALTS, _ROUND = slice(4, 8), slice(8, 16), slice(16, 24)
WHILE_S = 8.0
_CARRIED = KINDS[EntryCarried].kind
_HERE = "SELECT j.id, c.seq, c.hash FROM chain c JOIN journal j ON j.no = c.journal"
_OVER = (
    "SELECT c.hash, b.bytes FROM chain c JOIN body b ON b.journal = c.journal AND b.seq = c.seq"
    " WHERE c.kind = ?"
)


@dataclass(frozen=True)
class Image:
    """What a page was at some time: in the file, or in the log."""

    file: str
    number: int
    """Of the page in the file, or of the frame in the log."""
    page: int
    content: bytes


async def wound(world, rng):
    """Bytes of a machine's journal change while it is off; then it is started."""
    if not (running := world.running()):
        return
    machine = rng.choice(running)
    await machine.stop(lost=rng.random() < 0.5)
    before = _images(machine)
    touched = _touched(before, *_hurt(machine, rng))
    _note_risk(machine, before, touched)
    _start(world, machine, rng)


async def wound_living(world, rng):
    """Bytes of a machine's journal change under its feet; it sells on, and is started again."""
    if not (running := world.running()):
        return
    machine = rng.choice(running)
    before = _images(machine)
    touched = _touched(before, *_hurt(machine, rng))
    # What is written on from a page that was hurt carries the wound on.
    pages = {image.page for image in before if (image.file, image.number) in touched}
    for _ in range(rng.randint(1, world.scenario.sales_max)):
        till, has_customer = rng.choice(machine.tills), rng.random() < 0.3
        machine.start(actions._sale(world, machine, till, has_customer))
    await asyncio.sleep(rng.uniform(0, WHILE_S))
    await machine.stop(lost=rng.random() < 0.5)
    before = _images(machine)
    touched = {(each.file, each.number) for each in before if each.page in pages}
    _note_risk(machine, before, touched)
    _start(world, machine, rng)


def _start(world, machine, rng):
    """Switch it on; the power may go while it is salvaged."""
    if rng.random() < 0.3:
        machine.disk.cut_at = machine.disk.ops + rng.randint(1, 300)
    world.start(machine)
    if machine.up:
        machine.disk.cut_at = None


def _hurt(machine, rng):
    """Change some bytes of the file or its log; gives the file, where, and how much."""
    machine.is_wounded = machine.is_unreckoned = True
    for place in [place for place in machine.world.positions if place[0] == machine.name]:
        del machine.world.positions[place]
    name = rng.choice(sorted(_files(machine)))
    at, size = _change(machine.disk.files[name], rng)
    machine.world.note(f"{machine.name}: {size} bytes of {name} change at {at}")
    return name, at, size


def _change(file, rng):
    """Flip bits, overwrite a sector or a page, or cut the end off; gives where, and how much."""
    length = len(file.current)
    kind = rng.choices(("flip", "sector", "page", "cut"), (6, 2, 1, 1))[0]
    if kind == "cut":
        size = min(length - 1, rng.randint(1, 2 * PAGE))
        for content in (file.current, file.durable):
            del content[length - size :]
        return length - size, size
    unit = {"flip": 1, "sector": SECTOR, "page": PAGE}[kind]
    at = rng.randrange(length) // unit * unit
    size = min(unit, length - at)
    new = _worn(bytes(file.current[at : at + size]), rng)
    for content in (file.current, file.durable):
        if at + size <= len(content):
            content[at : at + size] = new
    return at, size


def _worn(old, rng):
    if len(old) == 1:
        return bytes([old[0] ^ (1 << rng.randrange(8))])
    return rng.choice((bytes(len(old)), rng.randbytes(len(old))))


def _files(machine):
    files = machine.disk.files
    return {name: files[name] for name in (JOURNAL, LOG) if name in files and files[name].current}


def _images(machine):
    """Part a journal and its log into pages; what an older round has left in the log is nobody's.

    The formats are SQLite's own (sqlite.org/fileformat2.html, 1.2 and 4.1).
    """
    found = []
    for name, file in _files(machine).items():
        content = bytes(file.current)
        if name == JOURNAL:
            for number, at in enumerate(range(0, len(content), PAGE)):
                page = _in_use(content[at : at + PAGE], number + 1)
                found.append(Image(name, number, number + 1, page))
            continue
        for number, at in enumerate(range(LOG_HEADER, len(content) - FRAME + 1, FRAME)):
            frame = content[at : at + FRAME]
            if frame[_SALTS] == content[_ROUND]:
                page = int.from_bytes(frame[:4], "big")
                used = frame[:FRAME_HEADER] + _in_use(frame[FRAME_HEADER:], page)
                found.append(Image(name, number, page, used))
    return found


def _in_use(content, page):
    """Blank what a page was split from: nobody promises what stands where nothing is stored.

    The unallocated space of a b-tree page (sqlite.org/fileformat2.html, 1.6).
    """
    header = FILE_HEADER if page == 1 else 0
    if content[header : header + 1] not in _BTREE:
        return content
    cells, end = (int.from_bytes(content[header + at :][:2], "big") for at in (3, 5))
    begin = header + _BTREE[content[header : header + 1]] + 2 * cells
    return content[:begin] + bytes(max(0, end - begin)) + content[max(begin, end) :]


def _touched(before, name, at, size):
    """Name the page images a change has hurt, and what a log's broken end takes with it."""
    if name != LOG:
        return {(name, number) for number in range(at // PAGE, (at + size - 1) // PAGE + 1)}
    first = max(0, (at - LOG_HEADER) // FRAME)
    last = (at + size - 1 - LOG_HEADER) // FRAME
    hurt = {(LOG, number) for number in range(first, last + 1)}
    frames = [image for image in before if image.file == LOG]
    commits = [image.number for image in frames if any(image.content[_COMMITS])]
    # SQLite believes nothing behind a frame that is hurt. If what stands there could be the end
    # that a power cut has torn, nobody notices: one commit, or two if a commit's header was hit.
    own = min([number for number in commits if number >= last], default=len(frames))
    after = [number for number in commits if number > own]
    is_header = at < LOG_HEADER or (at - LOG_HEADER) % FRAME < FRAME_HEADER or size > 1
    if len(after) <= is_header:
        begun = max([number for number in commits if number < first], default=-1)
        hurt |= {(LOG, image.number) for image in frames if image.number > begun}
    return hurt


def _note_risk(machine, before, touched):
    found = set(_at_risk(machine, before, touched))
    machine.at_risk |= found
    machine.world.oracle.hit |= found


def _at_risk(machine, before, touched):
    """Give the facts of which the text or the link stands on no page that was spared."""
    spared = [image.content for image in before if (image.file, image.number) not in touched]
    owed = {key: (key[2], _text(machine, key)) for key in machine.owes} | machine.carries
    for key, parts in owed.items():
        if not all(any(part in content for content in spared) for part in parts):
            yield key


def _text(machine, key):
    return machine.world.oracle.released[key].record.body


def reckon(world):
    """I2: what a wound has spared is in the journal a machine goes on with, or at HQ."""
    unreckoned = [each for each in world.running() if each.is_unreckoned]
    if not unreckoned or not world.hq.up:
        for machine in unreckoned:
            machine.checked_boot = machine.boots  # It is looked at when HQ can be asked, too.
        return
    at_hq, carried = world.held_at_hq(), world.carried_at_hq()
    for machine in unreckoned:
        here, over = set(machine.rows(_HERE)), _carried_over(machine)
        owed = machine.owes | set(machine.carries)
        machine.carries = {
            key: over[text] for key in owed - here if (text := _text(machine, key)) in over
        }
        for key in owed - here - set(machine.carries):
            if key in at_hq or _text(machine, key) in carried:
                continue
            if key not in machine.at_risk:
                yield f"{machine.name}: {key[0][:8]}/{key[1]} was spared, and is not there"
            world.oracle.lost.add(key)
            world.note(f"{machine.name}: {key[0][:8]}/{key[1]} is lost")
        machine.owes &= here
        machine.is_unreckoned, machine.checked_boot = False, machine.boots
        machine.at_risk = set()


def _carried_over(machine):
    """Give of every entry a file carries: its text, and the link and text of who carries it."""
    return {
        msgspec.json.decode(body, type=dict[str, object])["body"].encode(): (hash_, body)
        for hash_, body in machine.rows(_OVER, _CARRIED)
    }


async def look_over(world):
    """Have the journals that were hurt checked whole, as every night, and mended."""
    for machine in world.machines:
        if machine.is_wounded and not machine.is_gone:
            if machine.up:
                await machine.stop(lost=False)
            recovery.look_over(machine, machine.path(JOURNAL), machine.owner())
            machine.is_unreckoned = True
            world.start(machine)


def unproven(world):
    """Give the places at HQ of entries that carry what their till could not prove any more.

    Of these HQ may find one that says nothing it can read.
    """
    if not any(machine.is_wounded for machine in world.machines):
        return set()
    with world.hq.reading() as conn:
        query = select(BODIES.c.journal_id, BODIES.c.seq, BODIES.c.body).join(
            CHAIN, (CHAIN.c.journal_id == BODIES.c.journal_id) & (CHAIN.c.seq == BODIES.c.seq)
        )
        rows = conn.execute(query.where(CHAIN.c.kind == _CARRIED)).all()
    return {row[:2] for row in rows if not msgspec.json.decode(row[2]).get("verified", True)}


def sales_in_doubt(world):
    """Name the sales at HQ that are told by bytes no hash has proven, and are marked as such.

    Only what a wound has hit may be among them.
    """
    if not any(machine.is_wounded for machine in world.machines):
        return set()
    with world.hq.reading() as conn:
        places = (SALES.c.journal_id == CARRIED.c.journal_id) & (SALES.c.seq == CARRIED.c.seq)
        query = select(SALES.c.sale_id, CARRIED.c.journal_id, CARRIED.c.seq).join(CARRIED, places)
        rows = conn.execute(query.where(CARRIED.c.verified.is_(False))).all()
    hit = {key[:2] for key in world.oracle.hit}
    known = {journal for journal, _ in world.oracle.records}
    return {row[0] for row in rows if tuple(row[1:]) in hit or row[1] not in known}
