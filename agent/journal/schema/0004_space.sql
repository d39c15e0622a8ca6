-- The room on the disk, and what is done beside selling.

-- What was measured each time a business day had been closed, oldest first: what a forecast is
-- made from, without a clock. See agent/journal/space.py.
CREATE TABLE day_size (
    no     INTEGER PRIMARY KEY,
    closed INTEGER NOT NULL, -- business days closed by then, at the till that closed most
    used   INTEGER NOT NULL, -- bytes of the journal's file, without the pages it can write again
    usable INTEGER NOT NULL  -- bytes that could be written before the reserve was needed
) STRICT;

-- What became of each kind of upkeep (verify, integrity, backup, prune): the last success, and
-- what was wrong since; a fault is cleared by the next success. Clocks are only shown.
CREATE TABLE upkeep (
    task     TEXT PRIMARY KEY,
    ok_at    TEXT NOT NULL,    -- '' while it never succeeded
    ok_day   INTEGER NOT NULL, -- business days closed by then
    detail   TEXT NOT NULL,    -- what was done then
    place    TEXT NOT NULL,    -- of a backup: 'second' or 'same' medium; else ''
    fault_at TEXT NOT NULL,    -- '' while nothing is wrong
    fault    TEXT NOT NULL,    -- the fault's name
    reason   TEXT NOT NULL,
    remedy   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
