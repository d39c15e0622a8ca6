"""A backup put back obeys every order to erase that is younger than it, before HQ serves."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.core.consent import ConsentRecord, State
from agent.core.history import Strength
from agent.core.recognition.means import Identifier, IdentifierType
from central.daemon.erase_book import FILE, write_down
from central.identity.attributes import observe
from central.identity.cards import publish_card
from central.identity.consents import keep_record
from central.identity.holding import hold
from central.identity.parties import Origin, ensure
from central.ledger.authority_tables import SIGNED_ORDERS
from central.ledger.engine import transact
from central.ledger.privacy_tables import ERASED_PARTIES, ERASURES, SUPPRESSIONS
from tests.central.daemon.test_restore_anywhere import Place

NOW = "2026-11-02T12:00:00.000Z"
ADA, BEN = "01999999-0000-7000-8000-00000000ada0", "01999999-0000-7000-8000-0000000be000"
NAME, EMAIL = "Ada Lovelace", "ada@example.com"


@pytest.fixture
def place(tmp_path, database_url):
    """An HQ that knows Ada and Ben, with a backup of both; Ada said no to mails."""
    made = Place(tmp_path, database_url)
    made.call("migrate")
    met(made, ADA, NAME, EMAIL)
    met(made, BEN, "Ben Okri", "ben@example.com")
    return made


def met(place, party_id, name, email):
    def keep(conn):
        origin = Origin("import", NOW)
        ensure(conn, party_id, origin)
        hold(conn, party_id, [Identifier(IdentifierType.EMAIL, email)], origin)
        observe(conn, party_id, {"name": name}, origin, Strength.RECORD)
        said = ConsentRecord(f"r-{party_id}", party_id, "marketing", State.OBJECTED, NOW, "email")
        keep_record(conn, said, "hq", NOW)
        publish_card(conn, party_id)

    place.use(lambda engine, _root: transact(engine, keep))


def erase(place, party_id):
    proof = place.call("erase", party_id, "--verified-by", "passport", "--reason", "asked")
    return proof["proof"]["request_id"]


def everything(place):
    """Read the database's files; what a restore has put aside is the operator's to delete."""
    files = place.directory.glob("*.sqlite*")
    return b"".join(each.read_bytes() for each in files if ".before-" not in each.name)


@pytest.mark.both_databases
def test_a_restored_hq_has_erased_before_it_serves(place, tmp_path):
    """Whoever was erased would be served again from the backup, until a till reports."""
    backup = place.call("backup", str(tmp_path / "backups"))["place"]
    request_id = erase(place, ADA)
    (before,) = place.rows(SUPPRESSIONS)
    restored = place.call("restore", backup)
    assert restored["erased_again"] >= 1
    assert {ADA} == {row.party_id for row in place.rows(ERASED_PARTIES)}
    assert [request_id] == [row.request_id for row in place.rows(ERASURES)]
    assert [before.token] == [row.token for row in place.rows(SUPPRESSIONS)]
    content = everything(place)
    assert [] == [each for each in (NAME, EMAIL) if each.encode() in content]
    again = place.call("restore", backup)
    assert again["erased_again"] >= restored["erased_again"]


def test_a_lost_disk_takes_no_order_to_erase_with_it(place, tmp_path):
    """The order would be gone with the database, and the person come back from the backup."""
    backup = Path(place.call("backup", str(tmp_path / "backups"))["place"])
    erase(place, ADA)
    for left in (*tmp_path.glob("*.sqlite*"), place.directory / "state" / FILE):
        left.unlink()
    book = backup.parent / FILE
    assert 0o600 == book.stat().st_mode & 0o777
    # A power cut while a line is written, and somebody who would have Ben erased.
    forged = book.read_bytes().replace(ADA.encode(), BEN.encode())
    book.write_bytes(forged + book.read_bytes() + b'{"order":"{')
    assert place.call("restore", str(backup))["erased_again"] >= 1
    assert {ADA} == {row.party_id for row in place.rows(ERASED_PARTIES)}
    content = everything(place)
    assert NAME.encode() not in content
    assert b"Ben Okri" in content


def test_a_person_younger_than_the_backup_stays_erased(place, tmp_path):
    """A till that was away would bring back who was met and erased after the backup."""
    backup = place.call("backup", str(tmp_path / "backups"))["place"]
    later = "01999999-0000-7000-8000-0000000caf00"
    met(place, later, "Cleo Vance", "cleo@example.com")
    erase(place, later)
    assert place.call("restore", backup)["erased_again"] >= 1
    assert {later} == {row.party_id for row in place.rows(ERASED_PARTIES)}
    assert NAME.encode() in everything(place)


def test_a_medium_that_was_away_gets_the_orders_it_lacks(place, tmp_path):
    """A backup on a disk in a drawer would be put back without them."""
    place.call("backup", str(tmp_path / "backups"))
    away = (tmp_path / "backups").rename(tmp_path / "drawer")
    erase(place, ADA)
    book = away.rename(tmp_path / "backups") / FILE
    assert not book.exists()
    place.use(lambda engine, _root: write_down(engine, place.directory / "state"))
    once = book.read_bytes()
    assert len(place.rows(SIGNED_ORDERS)) == len(once.splitlines())
    place.use(lambda engine, _root: write_down(engine, place.directory / "state"))
    assert once == book.read_bytes()
    assert [] == [each for each in (NAME, EMAIL) if each.encode() in once]
