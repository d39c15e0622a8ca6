"""A directory of before people's rows were small: who was enrolled here is known, HQ tells anew."""

from __future__ import annotations

import pytest
from pysqlite3 import dbapi2

from agent.core.exchange.sealed_rows import layers_of, openers_of
from agent.core.history.model import Card
from agent.core.identifiers import PartyId
from agent.core.privacy import seal_card
from agent.core.recognition import (
    Found,
    Identifier,
    IdentifierType,
    RecognitionRules,
    Unknown,
)
from agent.directory import Directory
from agent.directory.keyring import uses_of
from tests.sealed import keyring, row_of, stretched

MAIL = Identifier(IdentifierType.EMAIL, "lea@example.com")
LEA, BO = "0192f3c4-0000-7000-8000-000000000001", "bo"
BEFORE = (
    "DROP TABLE people",
    "DROP TABLE found_by",
    "DROP TABLE generations",
    "DROP TABLE gone",
    """CREATE TABLE people (
        id INTEGER PRIMARY KEY, party_id TEXT NOT NULL, local INTEGER NOT NULL,
        scope TEXT NOT NULL, generation INTEGER NOT NULL, ver INTEGER NOT NULL,
        name BLOB, rest BLOB, told INTEGER NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE found_by (
        token BLOB NOT NULL, person INTEGER NOT NULL, layer INTEGER NOT NULL, key BLOB NOT NULL,
        PRIMARY KEY (token, person)
    ) WITHOUT ROWID""",
    """CREATE TABLE generations (
        scope TEXT NOT NULL, generation INTEGER NOT NULL, PRIMARY KEY (scope, generation)
    ) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX people_by_id ON people (party_id, local)",
    "CREATE INDEX found_by_of_person ON found_by (person)",
    "INSERT INTO generations VALUES ('global', 1), ('local', 2)",
    """INSERT INTO scopes (scope, cursor, seen) VALUES ('global', '1-ab.3.0123456789abcdef', 3)""",
    """INSERT INTO versions VALUES
        ('party:ada', 'global', 1, 'put'), ('party:eve', 'global', 2, 'erase'),
        ('item:x', 'global', 3, 'del')""",
    "DELETE FROM _sqlite_migrations WHERE name = 'm0006_small'",
)
PERSON = "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)"


@pytest.fixture
def before(path, phone):
    """Write a file as the program before wrote it: Ada of HQ, Lea and Bo enrolled here."""
    Directory.open(path).close()
    conn = dbapi2.connect(str(path), isolation_level=None)
    for statement in BEFORE:
        conn.execute(statement)
    ada, key = row_of(Card(PartyId("ada"), "Ada"), phone).card, keyring().own()
    conn.execute(PERSON, (1, "ada", 0, "global", 1, 1, ada.name, ada.rest))
    openers = openers_of([MAIL], stretched, RecognitionRules())
    layers = layers_of(Card(PartyId(LEA), "Lea"))
    lea = seal_card(uses_of(key), LEA, 0, layers, openers, b"c" * 16)
    conn.execute(PERSON, (2, LEA, 1, "local", key.generation, 0, lea.name, lea.rest))
    conn.execute(PERSON, (3, BO, 1, "local", key.generation, 0, lea.name, lea.rest))
    for person, slot in ((1, ada.slots[0]), (2, lea.slots[0])):
        row = (slot.token, person, slot.layer, slot.key)
        conn.execute("INSERT INTO found_by VALUES (?, ?, ?, ?)", row)
    conn.close()
    return ada.rest


@pytest.mark.usefixtures("before")
def test_who_was_enrolled_here_is_known_after_the_update(path):
    """A till without HQ would have lost every customer it ever enrolled."""
    directory = Directory.open(path, keyring())
    assert directory.damage is None
    assert LEA == directory.party(MAIL).party_id
    assert "Lea" == directory.card(PartyId(LEA)).name
    assert directory.holds(PartyId(BO))
    assert {"parties": 2, "local": 2, "tokens": 1} == {
        name: directory.counts()[name] for name in ("parties", "local", "tokens")
    }
    directory.close()


def test_what_hq_told_is_read_anew_and_nothing_of_it_is_left(path, before, new_feed, phone):
    """A till would know nobody of HQ's for ever, or keep on its disk who is erased meanwhile."""
    assert before in path.read_bytes()
    directory = Directory.open(path, keyring())
    assert "" == directory.cursor("global")
    assert isinstance(directory.party(phone), Unknown)
    other, feed = new_feed(), new_feed()
    eve = other.party("eve", phone, scope="store:s")
    assert [] == directory.apply("store:s", other.page(eve))
    directory.apply("global", feed.page(feed.party("ada", phone)))
    assert isinstance(directory.party(phone), Found)
    directory.close()
    assert before not in path.read_bytes()
    assert not path.with_name("directory.db-wal").exists()
