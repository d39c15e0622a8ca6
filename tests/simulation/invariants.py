"""The invariants I1 to I18 of journal sync, each a function that gives what is broken.

`after_step` holds at any moment, whatever is down; `at_rest` holds once the faults have stopped and
everything has come in.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from agent.core.entries.chain import commitment
from agent.core.exchange.coding import ENCODED_BYTES_MAX
from agent.core.exchange.cursors import parse
from agent.core.exchange.epochs import counter
from agent.journal import chains, cursors, verify
from central.ledger.customer_tables import SALES
from central.ledger.epoch import EPOCH_FACT
from central.ledger.tables import (
    APPLIED,
    BODIES,
    CHAIN,
    CURSORS,
    ERASE_ORDERS,
    FEED_MARKS,
    FEED_ROWS,
    QUARANTINE,
)
from central.ledger.verify import verify as verify_ledger
from tests.simulation import fairness, holding, snapshots, wounds
from tests.simulation.facts import LATER, UNKNOWN_KIND


class Violation(AssertionError):
    """An invariant does not hold; `name` says which."""

    def __init__(self, name, seen):
        super().__init__(f"{name}: {seen}")
        self.name, self.seen = name, seen


def i1_acked_is_held(world):
    """I1: what HQ has signed for, it holds with that hash, after any crash."""
    for journal, signed in world.oracle.signed.items():
        if signed.seq and world.hq.rows(_HASH_AT, journal, signed.seq) != [(signed.hash,)]:
            yield f"journal {journal[:8]}: HQ signed seq {signed.seq} and does not hold it"


_HASH_AT = "SELECT lower(hex(hash)) FROM chain WHERE journal_id = ? AND seq = ?"


def i2_released_is_durable(world):
    """I2: a receipt that was released is in its journal after any power cut."""
    yield from (seen for name, seen in world.oracle.broken if name == "I2")
    for machine in world.machines:
        if machine.up and machine.boots != machine.checked_boot:
            machine.checked_boot = machine.boots
            yield from _missing(machine)


def i3_inbox_is_a_prefix(world):
    """I3: HQ holds of every journal a prefix without gaps, of records that were written."""
    counted = "SELECT journal_id, count(*), max(seq) FROM chain GROUP BY journal_id"
    found = {journal: counts for journal, *counts in world.hq.rows(counted)}
    for journal, have in world.hq.rows("SELECT journal_id, have_seq FROM journal_cursor"):
        count, last = found.get(journal, (0, 0))
        if not count == last == have:
            yield f"journal {journal[:8]}: {count} records up to {last}, the cursor says {have}"


def i5_no_row_changes(world):
    """I5, I12: no chain row at HQ ever changes, and each is one a till has written."""
    for journal, seq, hash_ in world.hq.rows("SELECT journal_id, seq, hash FROM chain"):
        known = world.seen_at_hq.setdefault((journal, seq), hash_)
        if known != hash_:
            yield f"journal {journal[:8]}: seq {seq} was changed"
        elif hash_ not in world.oracle.records.get((journal, seq), ()):
            yield f"journal {journal[:8]}: seq {seq} was never written by a till"


def i6_applied(world):
    """I6: HQ has applied no more than it holds."""
    both = "SELECT journal_id, have_seq, seq FROM journal_cursor JOIN applied USING (journal_id)"
    for journal, have, applied in world.hq.rows(f"{both} WHERE seq > have_seq"):
        yield f"journal {journal[:8]}: applied {applied} of {have}"


def i6_positions(world):
    """I6: safe ≤ acked ≤ tail at the till, both HQ's own word, growing within an epoch."""
    for machine in world.running():
        yield from _acked_positions(world, machine)


def _acked_positions(world, machine):
    for head in machine.see(chains.heads):
        acked = machine.see(lambda conn, head=head: cursors.acked(conn, head.journal_id))
        if acked is None:
            continue
        place = machine.name, head.journal_id
        if not 0 <= acked.safe_seq <= acked.seq <= head.tail_seq:
            yield f"{place}: safe {acked.safe_seq}, acked {acked.seq}, tail {head.tail_seq}"
        if acked.safe_seq > world.oracle.safe[head.journal_id]:
            yield f"{place}: safe {acked.safe_seq}, HQ never declared that"
        word = (acked.epoch, head.journal_id, acked.seq, acked.hash.hex())
        if word not in world.oracle.words:
            yield f"{place}: seq {acked.seq} is acked, HQ never signed that"
        before = world.positions.get(place)
        if before and before[0] == acked.epoch and before[1] > acked.seq:
            yield f"{place}: acked went back from {before[1]} to {acked.seq} within an epoch"
        world.positions[place] = (acked.epoch, acked.seq)


def i10_erased_is_absent(world):
    """I10: a key erased at HQ is absent at a till that has read so far, and stays so.

    A till may have read that far in what HQ published before it was put back in time.
    """
    scopes = {scope for _, scope, _ in world.erasures.values()}
    for machine in world.running():
        ats = {scope: parse(machine.directory.cursor(scope)) for scope in scopes}
        for party_id, (epoch, scope, fseq) in world.erasures.items():
            at = ats[scope]
            is_behind = at.epoch != epoch or at.fseq < fseq
            if (
                not is_behind
                and machine.directory.holds(party_id)
                and _is_of_this_feed(world, scope, at)
            ):
                yield f"{machine.name}: the erased party {party_id} is there"


def _is_of_this_feed(world, scope, at):
    if not world.hq.up:
        return False
    with world.hq.reading() as conn:
        query = select(FEED_MARKS.c.running_hash)
        query = query.where(FEED_MARKS.c.scope == scope, FEED_MARKS.c.fseq == at.fseq)
        return conn.execute(query).scalar_one_or_none() == at.fh


def i13_one_incarnation(world):
    """I13: of two starts of one journal, the one that is over never gets an ack again."""
    yield from (seen for name, seen in world.oracle.broken if name == "I13")


def i15_bounded(world):
    """I15: what is in flight stays within its limit."""
    if world.oracle.largest > ENCODED_BYTES_MAX:
        yield f"a batch of {world.oracle.largest} bytes"


def authentic(world):
    """AUTH: a device may append to its own journals and read its own scopes, nothing else."""
    yield from (seen for name, seen in world.oracle.broken if name == "AUTH")


def i8_epochs(world):
    """I8: HQ's epoch moves when it has lost what it signed, and for no other reason."""
    if counter(_epoch(world)) > 1 + world.restores:
        yield f"epoch {_epoch(world)} after {world.restores} restores"


def i8_rewind_is_noticed(world):
    """I8: an HQ that lost what it had signed knows it, and no till has to begin a new journal."""
    if world.witnesses and _epoch(world) == world.old_epoch:
        names = ", ".join(sorted(world.witnesses))
        yield f"HQ lost what it had signed to {names}, and is still in epoch {_epoch(world)}"
    if any(each.is_copied or each.is_gone or each.name in world.images for each in world.machines):
        return
    for machine in [each for each in world.running() if not each.is_wounded]:
        for head in machine.look(chains.heads):
            if head.sealed and head.journal_id not in world.haunted:
                yield f"{machine.name}: journal {head.journal_id[:8]} was given up for nothing"


def _epoch(world):
    ((epoch,),) = world.hq.rows("SELECT value FROM installation_fact WHERE key = ?", EPOCH_FACT)
    return epoch


def i9_poison_is_kept(world):
    """I9: what HQ cannot apply stands in quarantine, none of it is passed over in silence."""
    with world.hq.reading() as conn:
        aside = {tuple(row) for row in conn.execute(select(*list(QUARANTINE.c)[:2]))}
        held = {
            row[:2]
            for row in conn.execute(select(*list(CHAIN.c)[:2], CHAIN.c.kind, CHAIN.c.version))
            if row[2] == UNKNOWN_KIND or row[3] == LATER
        }
    for journal, seq in sorted(held - aside):
        yield f"journal {journal[:8]}: seq {seq} cannot be read, and is not in quarantine"


def i16_whole_or_not(world):
    """I16: a sale the disk refused left nothing behind, and one that was told is whole."""
    yield from (seen for name, seen in world.oracle.broken if name == "I16")


def i4_one_effect(world):
    """I4: every sale has its effect at HQ exactly once; none that was never made."""
    held = _sales_at_hq(world)
    hurt = wounds.sales_in_doubt(world)
    for receipt in world.oracle.owed():
        if receipt.sale_id and receipt.sale_id not in held:
            yield f"sale {receipt.sale_id} ({receipt.journal[:8]}/{receipt.seq}) had no effect"
    for sale_id, row in held.items():
        if sale_id not in hurt and world.oracle.tried.get(sale_id) != row:
            yield f"sale {sale_id} stands at HQ as {row}, not {world.oracle.tried.get(sale_id)}"


def i7_all_came_in(world):
    """I7, I8: once faults stop, every released record reaches HQ, within its journal or carried."""
    held, carried, erased = world.held_at_hq(), world.carried_at_hq(), world.erased_at_hq()
    for receipt in world.oracle.owed():
        place, sent = (receipt.journal, receipt.seq, receipt.hash), receipt.record
        if (*place[:2], commitment(sent.salt, sent.body)) in erased:
            continue
        if place not in held and sent.body not in carried:
            yield f"{receipt.machine}: {receipt.journal[:8]}/{receipt.seq} never came in"


def i9_nothing_waits(world):
    """I9: a record that cannot be applied holds up no other: all were gone through."""
    with world.hq.reading() as conn:
        query = select(CURSORS.c.journal_id, CURSORS.c.have_seq, APPLIED.c.seq).outerjoin(
            APPLIED, APPLIED.c.journal_id == CURSORS.c.journal_id
        )
        for journal, have, applied in conn.execute(query):
            if have != (applied or 0):
                yield f"journal {journal[:8]}: applied {applied or 0} of {have}"
        columns = QUARANTINE.c.journal_id, QUARANTINE.c.seq, QUARANTINE.c.name, QUARANTINE.c.reason
        aside = conn.execute(select(*columns)).all()
    doubtful = wounds.unproven(world)
    for journal, seq, name, reason in aside:
        if name != "unknown-kind" and (journal, seq) not in doubtful:
            yield f"journal {journal[:8]}: seq {seq} is in quarantine: {name}, {reason}"


def i10_replica_is_the_scope(world):
    """I10: a till's directory holds exactly what HQ publishes in its scopes."""
    with world.hq.reading() as conn:
        rows = conn.execute(select(FEED_ROWS.c.scope, FEED_ROWS.c.key, FEED_ROWS.c.op)).all()
    for machine in world.running():
        found = world.replica_keys(machine)
        scopes = {"global", f"store:{machine.store}"}
        due = {key for scope, key, op in rows if scope in scopes and op == "put"}
        due = {key for key in due if key.split(":")[0] in {"item", "party"}}
        for key in sorted(due ^ found):
            where = "missing" if key in due else "left over"
            yield f"{machine.name}: {key} is {where} in its directory"


def i14_money(world):
    """I14: the money at HQ is the sum of the receipts, to the cent, per currency."""
    held = _sales_at_hq(world)
    at_hq, due = Counter(), Counter()
    for total, currency in held.values():
        at_hq[currency] += total
    hurt = wounds.sales_in_doubt(world)
    for sale_id in held.keys() | {each.sale_id for each in world.oracle.owed() if each.sale_id}:
        known = held if sale_id in hurt else world.oracle.tried
        total, currency = known.get(sale_id, (0, "EUR"))
        due[currency] += total
    if at_hq != due:
        yield f"HQ has {dict(at_hq)}, the receipts say {dict(due)}"


def i17_bodies_verbatim(world):
    """I17: HQ holds every body byte for byte as it was sealed, of whatever version."""
    with world.hq.reading() as conn:
        columns = BODIES.c.journal_id, BODIES.c.seq, BODIES.c.salt, BODIES.c.body
        held = {row[:2]: row[2:] for row in conn.execute(select(*columns))}
        gone = {tuple(row) for row in conn.execute(select(*list(ERASE_ORDERS.c)[:2]))}
        hashes = {row[:2]: row[2] for row in conn.execute(select(*list(CHAIN.c)[:2], CHAIN.c.hash))}
    released = world.oracle.released.items()
    due = {place: (receipt.record.salt, receipt.record.body) for place, receipt in released}
    for (journal, seq, hash_), sealed in (due | world.poisoned).items():
        place = journal, seq
        if hashes.get(place) == hash_ and place not in gone and held.get(place) != sealed:
            yield f"journal {journal[:8]}: the body of seq {seq} is not the one sealed"


def i3_ledgers_verify(world):
    """I3, I12: recomputing every chain, at HQ and at every till, finds nothing."""
    with world.hq.reading() as conn:
        for report in verify_ledger(conn):
            if not report.ok:
                yield f"HQ, journal {report.journal_id[:8]}: {report.fault}"
    for machine in world.running():
        for report in machine.look(verify.verify):
            if not report.ok:
                yield f"{machine.name}, journal {report.journal_id[:8]}: {report.fault}"


AFTER_STEP = {
    "I2 (salvage)": wounds.reckon,
    "I2": i2_released_is_durable,
    "I6": i6_positions,
    "I6 (pruned)": holding.i6_pruned_is_safe,
    "I10": i10_erased_is_absent,
    "I10 (whole)": snapshots.i10_whole,
    "I13": i13_one_incarnation,
    "I15": i15_bounded,
    "I16": i16_whole_or_not,
    "I18": fairness.i18_nobody_starves,
    "AUTH": authentic,
    "AUTH (orders)": holding.auth_only_hq_orders,
}
"""Of the tills, at any moment; those of HQ hold while HQ is up."""
AT_HQ = {
    "I1": i1_acked_is_held,
    "I3": i3_inbox_is_a_prefix,
    "I5": i5_no_row_changes,
    "I6": i6_applied,
    "I8": i8_epochs,
}
AT_REST = {
    "I3": i3_ledgers_verify,
    "I7": i7_all_came_in,
    "I8": i8_rewind_is_noticed,
    "I8 (orders)": holding.i8_erased_stays_erased,
    "I8 (revoked)": holding.i8_revoked_for_ever,
    "I9 (kept)": i9_poison_is_kept,
    "I4": i4_one_effect,
    "I4 (booked)": holding.i4_booked_once,
    "I9": i9_nothing_waits,
    "I10": i10_replica_is_the_scope,
    "I10 (newest)": holding.i10_replica_is_newest,
    "I14": i14_money,
    "I17": i17_bodies_verbatim,
}


def check(world, table):
    """Ask the invariants of a table.

    Raises:
        Violation: the first that does not hold.
    """
    for name, ask in table.items():
        for seen in ask(world):
            raise Violation(name, seen)


def _missing(machine):
    for journal, seq, hash_ in machine.owes:
        if machine.rows(_RELEASED, seq, journal) != [(hash_,)]:
            yield f"{machine.name}: the released {journal[:8]}/{seq} is gone"


_RELEASED = (
    "SELECT hash FROM chain WHERE seq = ? AND journal = (SELECT no FROM journal WHERE id = ?)"
)


def _sales_at_hq(world):
    with world.hq.reading() as conn:
        columns = SALES.c.sale_id, SALES.c.total, SALES.c.currency
        return {row[0]: (row[1], row[2]) for row in conn.execute(select(*columns))}
