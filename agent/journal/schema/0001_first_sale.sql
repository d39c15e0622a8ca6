-- The journal, version 1. What a sale costs is the number of pages its commit touches, so there are
-- as few indexes as can be: `place` of an entry = journal.no << 40 | seq finds a body by number.

-- One open journal per till and lane; a sealed one was succeeded by another.
CREATE TABLE journal (
    no          INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    store       TEXT NOT NULL,
    till        TEXT NOT NULL,
    lane        TEXT NOT NULL CHECK (lane IN ('sales', 'side')),
    device_key  BLOB NOT NULL,
    predecessor BLOB NOT NULL,
    genesis     BLOB NOT NULL,
    sealed      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX journal_open ON journal (till, lane) WHERE sealed = 0;

-- The chain: insert-only for ever. Each row says what was taken with it: its journal's newest row
-- is all there is to know of where the journal ends.
CREATE TABLE chain (
    journal    INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    commitment BLOB NOT NULL,
    hash       BLOB NOT NULL,
    receipts   INTEGER NOT NULL, -- the last n of `store-till-J-n`
    z_number   INTEGER NOT NULL, -- the last one
    closed_seq INTEGER NOT NULL, -- seq of the last till.closed
    PRIMARY KEY (journal, seq)
) STRICT, WITHOUT ROWID;
CREATE VIEW head AS
SELECT
    j.no, j.id, j.store, j.till, j.lane, j.device_key, j.predecessor, j.genesis, j.sealed,
    coalesce(c.seq, 0) AS tail_seq,
    coalesce(c.hash, j.genesis) AS tail_hash,
    coalesce(c.receipts, 0) AS receipts,
    coalesce(c.z_number, 0) AS z_number,
    coalesce(c.closed_seq, 0) AS closed_seq
FROM journal j LEFT JOIN chain c
    ON c.journal = j.no AND c.seq = (SELECT max(seq) FROM chain WHERE journal = j.no);
CREATE TRIGGER chain_no_update BEFORE UPDATE ON chain
BEGIN SELECT raise(ABORT, 'the chain is insert-only: no row is ever changed'); END;
CREATE TRIGGER chain_no_delete BEFORE DELETE ON chain
BEGIN SELECT raise(ABORT, 'the chain is insert-only: no row is ever deleted'); END;

-- Bodies: never changed; deleted, with their salt, by a recorded erase order alone. A guard before
-- an insert says FAIL: nothing of the row is written by then, so that SQLite, where the insert says
-- FAIL, too, need not keep every page aside that it touches.
CREATE TABLE body (
    place   INTEGER PRIMARY KEY,
    journal INTEGER AS (place >> 40),
    seq     INTEGER AS (place & 1099511627775),
    salt    BLOB NOT NULL,
    bytes   BLOB NOT NULL
) STRICT;
CREATE TABLE erase_order (
    place    INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL,
    ordered  TEXT NOT NULL
) STRICT;
CREATE TRIGGER body_once BEFORE INSERT ON body
WHEN EXISTS (SELECT 1 FROM body WHERE place = NEW.place)
  OR EXISTS (SELECT 1 FROM erase_order WHERE place = NEW.place)
BEGIN SELECT raise(FAIL, 'a body is written once'); END;
CREATE TRIGGER body_no_update BEFORE UPDATE ON body
BEGIN SELECT raise(ABORT, 'a body is never changed'); END;
CREATE TRIGGER body_erase_order BEFORE DELETE ON body
WHEN NOT EXISTS (SELECT 1 FROM erase_order WHERE place = OLD.place)
BEGIN SELECT raise(ABORT, 'a body is deleted by a recorded erase order alone'); END;
CREATE TRIGGER erase_order_once BEFORE INSERT ON erase_order
WHEN EXISTS (SELECT 1 FROM erase_order WHERE place = NEW.place)
BEGIN SELECT raise(ABORT, 'an erase order is recorded once'); END;
CREATE TRIGGER erase_order_no_update BEFORE UPDATE ON erase_order
BEGIN SELECT raise(ABORT, 'an erase order is never changed'); END;
CREATE TRIGGER erase_order_no_delete BEFORE DELETE ON erase_order
BEGIN SELECT raise(ABORT, 'an erase order is never deleted'); END;

-- Read models of the chain, moved in the transaction of the entry they follow from.
CREATE TABLE sale_index ( -- by receipt number: the n-th sale of the journal it names
    sale_id TEXT PRIMARY KEY,
    journal INTEGER NOT NULL,
    seq     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE returned (
    sale_id  TEXT NOT NULL,
    line     INTEGER NOT NULL,
    quantity INTEGER NOT NULL, -- thousandths given back so far, positive
    PRIMARY KEY (sale_id, line)
) STRICT, WITHOUT ROWID;

-- Baskets: open or parked sales; durable, unchained. A handful at a time: no index.
CREATE TABLE basket (
    no      INTEGER PRIMARY KEY,
    sale_id TEXT NOT NULL,
    till    TEXT NOT NULL,
    state   TEXT NOT NULL,
    sale    BLOB NOT NULL
) STRICT;

-- Print jobs. Those about to be printed (queued, sending) are a handful: looked through, not
-- indexed, since every sale puts one down. All others lie aside, found by id, and by device while
-- somebody waits for them (held, uncertain). `turn` grows with each job that is (again) to be
-- printed: the queue's order and its wake-up. A receipt has no payload, it is made from its sale.
CREATE TABLE print_job (
    turn     INTEGER PRIMARY KEY,
    print_id TEXT NOT NULL,
    till     TEXT NOT NULL,
    device   TEXT NOT NULL,
    kind     TEXT NOT NULL,
    digest   TEXT NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('queued', 'sending')),
    reason   TEXT NOT NULL,
    sale_id  TEXT,
    copy     INTEGER NOT NULL,
    created  TEXT NOT NULL,
    updated  TEXT NOT NULL,
    payload  BLOB
) STRICT;
CREATE TABLE print_aside (
    turn     INTEGER PRIMARY KEY,
    print_id TEXT NOT NULL UNIQUE,
    till     TEXT NOT NULL,
    device   TEXT NOT NULL,
    kind     TEXT NOT NULL,
    digest   TEXT NOT NULL,
    state    TEXT NOT NULL CHECK (state NOT IN ('queued', 'sending')),
    reason   TEXT NOT NULL,
    sale_id  TEXT,
    copy     INTEGER NOT NULL,
    created  TEXT NOT NULL,
    updated  TEXT NOT NULL,
    payload  BLOB
) STRICT;
CREATE INDEX print_waiting ON print_aside (device) WHERE state IN ('held', 'uncertain');
CREATE VIEW print AS SELECT * FROM print_job UNION ALL SELECT * FROM print_aside;

-- Events: what the till page is told. Only the oldest are ever deleted, so the cursor never
-- repeats, and AUTOINCREMENT's second page per commit is not needed.
CREATE TABLE event (
    cursor INTEGER PRIMARY KEY,
    till   TEXT NOT NULL,
    type   TEXT NOT NULL,
    at     TEXT NOT NULL,
    data   BLOB NOT NULL
) STRICT;

-- What HQ has acknowledged: a position per journal, never a flag per row.
CREATE TABLE acked (
    journal   INTEGER PRIMARY KEY,
    epoch     TEXT NOT NULL,
    seq       INTEGER NOT NULL,
    hash      BLOB NOT NULL,
    signature BLOB NOT NULL,
    safe_seq  INTEGER NOT NULL
) STRICT;

CREATE TABLE incarnation (
    incarnation TEXT PRIMARY KEY,
    wall        TEXT NOT NULL,
    boot_id     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE pairing (
    token_hash TEXT PRIMARY KEY,
    till       TEXT NOT NULL,
    issued     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE registry (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
