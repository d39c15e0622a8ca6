-- Points and gift cards: what HQ lets this agent's tills spend, and what baskets are paid with.

-- HQ's signed leases. Whoever takes one up again, after it was closed too, changes nothing.
CREATE TABLE lease (
    lease_id TEXT PRIMARY KEY,
    journal  TEXT NOT NULL,
    body     BLOB NOT NULL,
    closings BLOB NOT NULL,
    over     TEXT NOT NULL,
    closed   INTEGER NOT NULL
) STRICT;
CREATE INDEX lease_open ON lease (journal) WHERE closed = 0;
CREATE TRIGGER lease_no_delete BEFORE DELETE ON lease
BEGIN SELECT raise(ABORT, 'a lease is remembered for ever'); END;

-- What completed sales have spent of a lease; `payment` is sale/tender.
CREATE TABLE lease_spent (
    lease_id TEXT NOT NULL,
    payment  TEXT NOT NULL,
    journal  TEXT NOT NULL,
    value    INTEGER NOT NULL,
    PRIMARY KEY (lease_id, payment)
) STRICT, WITHOUT ROWID;

-- Tenders of baskets that are not completed yet: what the fact of them will say.
CREATE TABLE promise (
    sale_id TEXT NOT NULL,
    tender  INTEGER NOT NULL,
    journal TEXT NOT NULL,
    body    BLOB NOT NULL,
    PRIMARY KEY (sale_id, tender)
) STRICT, WITHOUT ROWID;
