"""The journals of a damaged file: what is proven of each, and what is carried over of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import chain as joined

import msgspec

from agent.contracts.clock import Clock
from agent.core.entries.bodies import EntryCarried
from agent.core.entries.chain import commitment
from agent.core.entries.kinds import LANES, SALES, SIDE, Kind
from agent.core.faults import InputFault
from agent.core.identifiers import JournalId, StoreId, TillId
from agent.journal import successors
from agent.journal.claims import TAGS, commits, follows, said
from agent.journal.connection import Connection
from agent.journal.evidence import signed_seq
from agent.journal.filling import Filling
from agent.journal.founding import Entry, Founding
from agent.journal.preparation import Owner
from agent.journal.salvaged import SalvagedJournal, unproven
from agent.journal.stranded import Place, carried_at, replaced, stranded
from agent.journal.successors import DAMAGED, Old, carried_of
from agent.journal.wreck import ChainRow, JournalFound, Wreck


class _Standing(msgspec.Struct, frozen=True):
    """How much of a journal stands."""

    number: int
    founding: Founding | None
    """None where it is not known what it was bound to."""
    till: TillId
    lane: str
    sealed: bool
    proven: int
    proven_hash: bytes
    held_seq: int
    held_hash: bytes
    last_seq: int
    succession: tuple[str, int, bytes, str] | None


class Remains:
    """The journals of a wreck, and how they go on."""

    def __init__(self, wreck: Wreck, owner: Owner, clock: Clock) -> None:
        self._wreck = wreck
        self._owner = owner
        self._clock = clock

    def take_over(self, conn: Connection) -> list[SalvagedJournal]:
        """Write every journal's proven part, sealed, and a successor for every one that was open.

        Args:
            conn: a new, empty file, within a transaction.
        """
        standing = [self._standing(number) for number in self._wreck.numbers()]
        for each in standing:
            self._fill(conn, each)
        done: list[SalvagedJournal] = []
        places = [(each.till, each.lane) for each in standing if not each.sealed]
        places += [(till, lane) for till in self._owner.tills for lane in LANES]
        for till, lane in dict.fromkeys(places):
            mine = [each for each in standing if (each.till, each.lane) == (till, lane)]
            done += self._go_on(conn, till, lane, mine)
        return done

    def _standing(self, number: int) -> _Standing:
        found = self._wreck.journal(number)
        till, lane = self._whose(found)
        founding = self._founding(found, till, lane)
        last = max(self._wreck.last_seq(number), self._acked(number)[0])
        proven, hash_ = (0, b"") if founding is None else self._proven(number, founding, last)
        held, held_hash = self._held(number, founding, proven, hash_)
        return _Standing(
            number=number,
            founding=founding,
            till=till,
            lane=lane,
            sealed=found.sealed,
            proven=proven,
            proven_hash=hash_,
            held_seq=held,
            held_hash=held_hash,
            last_seq=last,
            succession=self._wreck.succession(number),
        )

    def _whose(self, found: JournalFound) -> tuple[TillId, str]:
        """Tell whose journal it was: by its row or indexes, else by what stands in it."""
        if found.till is not None and found.lane is not None:
            return TillId(found.till), found.lane
        till, lane = self._owner.tills[0], SALES
        for seq in range(1, min(self._wreck.last_seq(found.no), 50) + 1):
            for _, text in self._wreck.bodies(found.no, seq):
                claim = said(text)
                if claim.tag in TAGS:
                    lane = SALES if TAGS[claim.tag].lane == SALES else SIDE
                    till = claim.till or till
                    if claim.till:
                        return till, lane
        return till, lane

    def _founding(self, found: JournalFound, till: TillId, lane: str) -> Founding | None:
        """Put together what the journal was bound to; the first link proves or refutes it."""
        if found.id is not None:
            return self._founded(found, found.id, till, lane)
        named = (self._founded(found, each, till, lane) for each in self._wreck.enrolled_ids())
        return next((one for one in named if one and self._begins(found.no, one)), None)

    def _begins(self, number: int, founding: Founding) -> bool:
        return self._next(number, founding.journal_id, 1, founding.genesis()) is not None

    def _founded(self, found: JournalFound, id_: str, till: TillId, lane: str) -> Founding | None:
        before = self._wreck.succession(found.no)
        founding = Founding(
            journal_id=JournalId(id_),
            store=StoreId(found.store or self._owner.store),
            till=till,
            lane=lane,
            device_key=found.device_key or self._owner.device_key,
            predecessor=found.predecessor or (before[2] if before else b""),
        )
        try:
            founding.genesis()
        except InputFault:
            return None
        return founding

    def _acked(self, number: int) -> tuple[int, bytes]:
        for row in self._wreck.tables.get("acked", []):
            if row.get("journal") == number:
                return row["seq"], row["hash"]
        return 0, b""

    def _held(
        self, number: int, founding: Founding | None, proven: int, hash_: bytes
    ) -> tuple[int, bytes]:
        """Choose where a successor goes on from: what both sides have, and this one can prove."""
        if founding is None:
            return 0, b""
        acked, acked_hash = self._acked(number)
        pruned, pruned_hash = self._wreck.pruned(number)
        if proven >= acked > 0 and self._hash_of(number, acked, acked_hash):
            return acked, acked_hash
        if pruned > proven:
            return pruned, pruned_hash
        if 0 < proven < acked:
            return proven, hash_
        if pruned:
            return pruned, pruned_hash
        return 0, founding.genesis()

    def _signed(self, standing: _Standing) -> int:
        if standing.founding is None:
            return 0
        tables, journal_id = self._wreck.tables, standing.founding.journal_id
        acked, kept = tables.get("acked", []), tables.get("registry", [])
        return signed_seq(acked, kept, standing.number, journal_id)

    def _hash_of(self, number: int, seq: int, hash_: bytes) -> bool:
        return any(row.hash == hash_ for row in self._wreck.rows(number, seq))

    def _proven(self, number: int, founding: Founding, last: int) -> tuple[int, bytes]:
        """Walk from the genesis as far as every entry is there and is what its hash says."""
        seq, hash_ = 0, founding.genesis()
        while seq < last:
            entry = self._next(number, founding.journal_id, seq + 1, hash_)
            if entry is None:
                break
            seq, hash_ = entry.seq, entry.hash
        return seq, hash_

    def _next(self, number: int, journal_id: JournalId, seq: int, before: bytes) -> Entry | None:
        """Find the entry that follows a hash, with a body that is proven or allowed to be gone."""
        entries = [
            self._with_body(number, row)
            for row in self._wreck.rows(number, seq)
            if follows(journal_id, row, before)
        ]
        gone_by_right = seq <= self._wreck.pruned(number)[0]
        whole = [one for one in entries if one.order_id or one.body is not None or gone_by_right]
        return self._gone_on_from(number, journal_id, whole)

    def _gone_on_from(
        self, number: int, journal_id: JournalId, entries: list[Entry]
    ) -> Entry | None:
        """Choose between two entries of one number: one was never committed, nothing follows it."""
        for entry in entries if len(entries) > 1 else ():
            after = self._wreck.rows(number, entry.seq + 1)
            if any(follows(journal_id, row, entry.hash) for row in after):
                return entry
        return entries[0] if entries else None

    def _with_body(self, number: int, row: ChainRow) -> Entry:
        """Join a chain row to the body it commits to, or to the order that erased it."""
        order = self._wreck.order(number, row.seq)
        salt, body = None, None
        for each_salt, each_body in () if order else self._wreck.bodies(number, row.seq):
            if commitment(each_salt, each_body) == row.commitment:
                salt, body = each_salt, each_body
        return Entry(
            row.seq,
            row.kind,
            row.version,
            row.commitment,
            row.hash,
            salt,
            body,
            order[0] if order else None,
        )

    def _fill(self, conn: Connection, standing: _Standing) -> None:
        """Write the proven part under its old number: what HQ has can be shown to an HQ again."""
        if standing.founding is None:
            return
        filling = Filling(conn, standing.founding, standing.number)
        seq, hash_ = 0, standing.founding.genesis()
        while seq < standing.proven:
            entry = self._next(standing.number, standing.founding.journal_id, seq + 1, hash_)
            if entry is None:
                break
            order = self._wreck.order(standing.number, entry.seq)
            filling.add(entry, order[1] if order else "")
            seq, hash_ = entry.seq, entry.hash
        filling.close()
        if standing.succession is not None:
            conn.execute(
                "INSERT INTO succession (journal, predecessor, seq, hash, reason)"
                " VALUES (?, ?, ?, ?, ?)",
                (standing.number, *standing.succession),
            )

    def _go_on(
        self, conn: Connection, till: TillId, lane: str, mine: list[_Standing]
    ) -> Iterator[SalvagedJournal]:
        """Begin the successor of a lane; broken journals that had ended before come along, too."""
        last = self._last(mine)
        ended = [
            each
            for each in mine
            if each.sealed
            and each.proven < each.last_seq
            and (last is None or each.number != last.number)
        ]
        parts = [*ended, *([last] if last else [])]
        again = self._stranded(conn, mine, last)
        places = frozenset((each.journal, each.seq) for each in again)
        carried = [self._carried(each, places) for each in parts]
        found = [frozenset(self._readable(each)) for each in parts]
        fewer = [replaced(self._wreck, e.number, self._readable(e), places) for e in parts]
        done = successors.begin(
            conn,
            self._old(till, lane, last),
            joined(again, *carried),
            len(again) + sum(len(each) for each in found) - sum(fewer),
            self._clock.stamp(),
            self._clock.random,
        )
        in_doubt = unproven(conn, done.new_id)
        for each, readable, without in zip(parts, found, fewer, strict=True):
            is_last = each is last
            missing = _missing(each, readable)
            signed = self._signed(each)
            yield SalvagedJournal(
                till=till,
                lane=lane,
                old_id=each.founding.journal_id if each.founding else "",
                new_id=done.new_id if is_last else "",
                proven=each.proven,
                held_seq=each.held_seq,
                carried=len(readable) - without + (len(again) if is_last else 0),
                unproven=in_doubt if is_last else 0,
                lost=len(missing),
                lost_upto=max(missing, default=0),
                at_hq=sum(seq <= signed for seq in missing),
            )
        if last is None:
            yield SalvagedJournal(till, lane, "", done.new_id, 0, 0, 0, 0, 0)

    def _stranded(
        self, conn: Connection, mine: list[_Standing], last: _Standing | None
    ) -> list[EntryCarried]:
        """Give what ended journals hold, and no readable entry carries on or brought to HQ."""
        had = {each.succession[0]: each.succession[1] for each in mine if each.succession}
        floors = {each.number: had.get(_id_of(each), each.held_seq) for each in mine}
        ends = [each for each in mine if last is None or each.number != last.number]
        safe: set[Place] = set()
        for each in mine:
            came_in = floors[each.number]
            upto = came_in if each in ends else each.last_seq
            safe.update(carried_at(self._wreck, each.number, upto, came_in))
        known = [each for each in ends if each.founding is not None]
        parts = (stranded(conn, e.number, _id_of(e), floors[e.number], safe) for e in known)
        return list(joined.from_iterable(parts))

    def _last(self, mine: list[_Standing]) -> _Standing | None:
        """Find the journal that was written to: by its row, else the one nothing goes on from."""
        for each in reversed(mine):
            if not each.sealed:
                return each
        succeeded = {each.succession[0] for each in mine if each.succession}
        for each in reversed(mine):
            if each.founding is not None and each.founding.journal_id not in succeeded:
                return msgspec.structs.replace(each, sealed=False)
        return None

    def _old(self, till: TillId, lane: str, last: _Standing | None) -> Old:
        founding = last.founding if last else None
        return Old(
            journal_id=founding.journal_id if founding else JournalId(""),
            store=self._owner.store,
            till=till,
            lane=lane,
            device_key=self._owner.device_key,
            held_seq=last.held_seq if last and founding else 0,
            held_hash=last.held_hash if last and founding else b"",
            reason=DAMAGED,
        )

    def _readable(self, standing: _Standing) -> Iterator[int]:
        """Count off which entries can be carried."""
        for seq in range(_beginning(standing) + 1, standing.last_seq + 1):
            if self._is_readable(standing.number, seq):
                yield seq

    def _is_readable(self, number: int, seq: int) -> bool:
        """Tell whether an entry's kind and text are known, or that it was erased."""
        has_row = bool(self._wreck.rows(number, seq))
        if self._wreck.order(number, seq):
            return has_row
        texts = [text for _, text in self._wreck.bodies(number, seq)]
        return bool(texts) if has_row else any(said(text).tag for text in texts)

    def _carried(self, standing: _Standing, again: frozenset[Place]) -> Iterator[EntryCarried]:
        """Give the readable entries above what HQ has, each with whether it is proven."""
        journal_id = _id_of(standing)
        before = {standing.held_seq: standing.held_hash, standing.proven: standing.proven_hash}
        previous = before.get(_beginning(standing), b"")
        for seq in self._readable(standing):
            rows = self._wreck.rows(standing.number, seq)
            if seq - 1 in before:
                previous = before[seq - 1]
            proven = next((row for row in rows if follows(journal_id, row, previous)), None)
            entry = self._best(standing.number, seq, proven, rows)
            verified = proven is not None and (entry.body is not None or bool(entry.order_id))
            verified = verified and commits(entry)
            if not replaced(self._wreck, standing.number, (seq,), again):
                yield carried_of(journal_id, entry, verified=verified)
            previous = self._hash_after(standing.number, seq, proven, rows)

    def _hash_after(
        self, number: int, seq: int, proven: ChainRow | None, rows: list[ChainRow]
    ) -> bytes:
        """Give the hash the next entry must follow, if it is the next one that can be read."""
        if not self._wreck.rows(number, seq + 1):
            return b""
        row = proven or (rows[0] if rows else None)
        return row.hash if row else b""

    def _best(self, number: int, seq: int, proven: ChainRow | None, rows: list[ChainRow]) -> Entry:
        """Choose what an entry most likely was: what fits together first, then what is there."""
        candidates = [proven] if proven else rows
        for row in candidates:
            entry = self._with_body(number, row)
            if entry.order_id or entry.body is not None:
                return entry
        salt, text = max(self._wreck.bodies(number, seq), key=lambda each: bool(said(each[1]).tag))
        if candidates:
            return msgspec.structs.replace(
                self._with_body(number, candidates[0]), salt=salt, body=text
            )
        kind = TAGS[said(text).tag] if said(text).tag in TAGS else Kind(0, 0, "")
        return Entry(
            seq, kind.kind, kind.version, commitment(salt, text), b"", salt=salt, body=text
        )


def _beginning(standing: _Standing) -> int:
    """Tell after which entry there is something to carry: of an ended one, after what is proven."""
    return standing.proven if standing.sealed else standing.held_seq


def _missing(standing: _Standing, readable: frozenset[int]) -> list[int]:
    """Name the entries that should be there and cannot be carried."""
    due = range(_beginning(standing) + 1, standing.last_seq + 1)
    return [seq for seq in due if seq not in readable]


def _id_of(standing: _Standing) -> JournalId:
    """Name the journal; one whose id is lost by its number, so that its entries stay apart."""
    if standing.founding is not None:
        return standing.founding.journal_id
    name = f"{standing.till}/{standing.lane}/{standing.number}"
    return JournalId(sha256(b"unknown journal " + name.encode()).hexdigest()[:32])
