-- Successor journals, and how far bodies were pruned. A sale's commit touches no further page.

-- `journal.sealed`: 0 open, 1 for ever closed, 2 being filled from another file and then closed.
-- Nothing else of a journal ever changes.
-- An entry follows the last one of its journal, which is not closed, and counts on from it.
-- Kind 1 is sale.completed, kind 12 is till.closed.
CREATE TRIGGER chain_next BEFORE INSERT ON chain
WHEN NOT EXISTS (SELECT 1 FROM journal WHERE no = NEW.journal AND sealed <> 1)
  OR NOT coalesce(
    (
        SELECT NEW.seq = seq + 1
            AND NEW.receipts = receipts + (NEW.kind = 1)
            AND NEW.z_number = z_number + (NEW.kind = 12)
            AND NEW.closed_seq = iif(NEW.kind = 12, NEW.seq, closed_seq)
        FROM chain WHERE journal = NEW.journal ORDER BY seq DESC LIMIT 1
    ),
    NEW.seq = 1 AND NEW.receipts = (NEW.kind = 1) AND NEW.z_number = (NEW.kind = 12)
        AND NEW.closed_seq = (NEW.kind = 12)
  )
BEGIN SELECT raise(FAIL, 'the chain is insert-only and without holes, and ends where it is sealed'); END;
CREATE TRIGGER journal_only_sealed BEFORE UPDATE ON journal
WHEN OLD.sealed = 1 OR NEW.sealed <> 1
  OR (NEW.no, NEW.id, NEW.store, NEW.till, NEW.lane, NEW.device_key, NEW.predecessor, NEW.genesis)
  IS NOT
     (OLD.no, OLD.id, OLD.store, OLD.till, OLD.lane, OLD.device_key, OLD.predecessor, OLD.genesis)
BEGIN SELECT raise(ABORT, 'a journal is sealed once, and never changed otherwise'); END;
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
BEGIN SELECT raise(ABORT, 'a journal is never deleted'); END;

-- Which journal a journal goes on from. The predecessor may stand in another file.
CREATE TABLE succession (
    journal     INTEGER PRIMARY KEY,
    predecessor TEXT NOT NULL,    -- its id
    seq         INTEGER NOT NULL, -- the last entry of it that HQ has, too
    hash        BLOB NOT NULL,    -- of that entry; part of the successor's genesis
    reason      TEXT NOT NULL
) STRICT;
CREATE TRIGGER succession_no_update BEFORE UPDATE ON succession
BEGIN SELECT raise(ABORT, 'where a journal comes from is never changed'); END;
CREATE TRIGGER succession_no_delete BEFORE DELETE ON succession
BEGIN SELECT raise(ABORT, 'where a journal comes from is never changed'); END;

-- The journals that entries of others may stand in: their first entry (journal.begun) says so.
CREATE VIEW carrying AS
SELECT no FROM journal
WHERE EXISTS (SELECT 1 FROM chain WHERE journal = no AND seq = 1 AND kind = 200);

-- Up to where a journal's bodies were pruned: a position that is really the chain's, and only grows.
CREATE TABLE pruned (
    journal   INTEGER PRIMARY KEY,
    upto_seq  INTEGER NOT NULL,
    upto_hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER pruned_first BEFORE INSERT ON pruned
WHEN NOT EXISTS (
    SELECT 1 FROM chain
    WHERE journal = NEW.journal AND seq = NEW.upto_seq AND hash = NEW.upto_hash
) OR EXISTS (SELECT 1 FROM pruned WHERE journal = NEW.journal AND upto_seq > NEW.upto_seq)
BEGIN SELECT raise(ABORT, 'a pruned mark is a position of the chain, and only grows'); END;
CREATE TRIGGER pruned_grows BEFORE UPDATE ON pruned
WHEN NEW.journal <> OLD.journal OR NEW.upto_seq < OLD.upto_seq OR NOT EXISTS (
    SELECT 1 FROM chain
    WHERE journal = NEW.journal AND seq = NEW.upto_seq AND hash = NEW.upto_hash
)
BEGIN SELECT raise(ABORT, 'a pruned mark is a position of the chain, and only grows'); END;
CREATE TRIGGER pruned_no_delete BEFORE DELETE ON pruned
BEGIN SELECT raise(ABORT, 'a pruned mark only grows'); END;

DROP TRIGGER body_erase_order;
CREATE TRIGGER body_erase_order BEFORE DELETE ON body
WHEN NOT EXISTS (SELECT 1 FROM erase_order WHERE place = OLD.place)
 AND NOT EXISTS (
    SELECT 1 FROM pruned
    WHERE journal = OLD.place >> 40 AND upto_seq >= OLD.place & 1099511627775
)
BEGIN SELECT raise(ABORT, 'a body leaves by a recorded erase order, or below a pruned mark'); END;
DROP TRIGGER body_once;
CREATE TRIGGER body_once BEFORE INSERT ON body
WHEN EXISTS (SELECT 1 FROM body WHERE place = NEW.place)
  OR EXISTS (SELECT 1 FROM erase_order WHERE place = NEW.place)
  OR EXISTS (
    SELECT 1 FROM pruned
    WHERE journal = NEW.place >> 40 AND upto_seq >= NEW.place & 1099511627775
)
BEGIN SELECT raise(FAIL, 'a body is written once'); END;
