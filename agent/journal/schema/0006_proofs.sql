-- The last proof taken of each wallet pass: hashed key, its moment, and its turn among all.
CREATE TABLE proof_mark (
    key TEXT PRIMARY KEY,
    moment INTEGER NOT NULL,
    turn INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX proof_mark_by_turn ON proof_mark (turn);
