"""The state directory and the root key in it."""

from __future__ import annotations

import pytest

from central.daemon.state import AlreadyServing, StateFault, locked, prepare, root_key
from central.intake.root_key import RootKey, RootKeyFault
from central.ledger.engine import open_engine
from central.ledger.migrate import migrate


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(tmp_path / "central.sqlite")
    migrate(engine)
    yield engine
    engine.dispose()


def test_the_root_key_is_made_once(engine, tmp_path):
    """Wrong: every start makes a key no till trusts."""
    assert root_key(tmp_path, engine).public == root_key(tmp_path, engine).public


def test_another_root_key_is_refused(engine, tmp_path):
    """Wrong: HQ signs with a key of another installation."""
    root_key(tmp_path, engine)
    (tmp_path / "root.key").unlink()
    RootKey.create(tmp_path / "root.key")
    with pytest.raises(RootKeyFault, match="is not the root key"):
        root_key(tmp_path, engine)


def test_a_database_from_before_the_key_takes_the_key_that_is_there(engine, tmp_path):
    """Wrong: a restored, very old database locks HQ out of its own key (P5)."""
    kept = RootKey.create(tmp_path / "root.key")
    assert kept.public == root_key(tmp_path, engine).public


def test_a_directory_is_held_by_one(tmp_path):
    """Wrong: two programs serve from one database."""
    with locked(tmp_path), pytest.raises(AlreadyServing, match=str(tmp_path)), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_a_directory_that_cannot_be_used_is_named(tmp_path, monkeypatch):
    """Wrong: a missing permission shows up as an error of the database."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StateFault, match="cannot be used"):
        prepare(tmp_path / "file")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(StateFault, match="no permission"):
        prepare(tmp_path / "state")
