-- Print jobs that can wait too long, ids that are kept long enough, and questions that are asked.

-- When a job was asked for by a clock nobody can set: nanoseconds of CLOCK_MONOTONIC in one boot.
ALTER TABLE print_job ADD COLUMN asked_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE print_job ADD COLUMN asked_boot TEXT NOT NULL DEFAULT '';
ALTER TABLE print_aside ADD COLUMN asked_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE print_aside ADD COLUMN asked_boot TEXT NOT NULL DEFAULT '';
DROP VIEW print;
CREATE VIEW print AS SELECT * FROM print_job UNION ALL SELECT * FROM print_aside;

-- What a person may be asked about, by till.
CREATE INDEX print_open ON print_aside (till)
    WHERE state IN ('held', 'uncertain', 'expired') AND kind <> 'drawer';

-- How long ago a turn of the print queue was, at least: see agent/journal/print_ages.py.
CREATE TABLE print_age (
    turn     INTEGER PRIMARY KEY,
    lived_s  INTEGER NOT NULL, -- seconds that have certainly passed since the first row
    boot_id  TEXT NOT NULL,
    mono_s   INTEGER NOT NULL
) STRICT;
