-- Signed orders, and what sync keeps besides the acked positions.

-- Which of HQ's orders a till has carried out, and where its receipt stands in `side`.
CREATE TABLE order_received (
    till     TEXT NOT NULL,
    order_id TEXT NOT NULL,
    outcome  TEXT NOT NULL,
    PRIMARY KEY (till, order_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER order_received_no_update BEFORE UPDATE ON order_received
BEGIN SELECT raise(ABORT, 'an order is carried out once'); END;
CREATE TRIGGER order_received_no_delete BEFORE DELETE ON order_received
BEGIN SELECT raise(ABORT, 'an order is carried out once'); END;

-- Where a journal that was succeeded ends at HQ, if that is below where its successor went on: a
-- copy of this machine was faster after HQ was restored. What is between was carried afterwards.
CREATE TABLE journal_end (
    journal INTEGER PRIMARY KEY,
    seq     INTEGER NOT NULL
) STRICT;
CREATE TRIGGER journal_end_shrinks BEFORE UPDATE ON journal_end
WHEN NEW.journal <> OLD.journal OR NEW.seq > OLD.seq
BEGIN SELECT raise(ABORT, 'the end of a journal at HQ only moves down'); END;
CREATE TRIGGER journal_end_no_delete BEFORE DELETE ON journal_end
BEGIN SELECT raise(ABORT, 'the end of a journal at HQ only moves down'); END;
