"""Where an agent keeps what, and that no command leaves a file its daemon cannot open."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from agent.core.faults import AccessFault, NotFoundFault
from agent.daemon import files
from agent.daemon.checked import load_checked
from agent.daemon.files import JOURNAL, become_owner, opened_journal, read_journal
from agent.journal import Journal, JournalLocked, chains
from tests.journal.shop import KEY, STORE, TILLS, CountingClock


def test_a_journal_is_opened_read_and_closed_again(shop):
    """A command would leave the journal locked, and the daemon could not start."""
    settings = load_checked(shop.config)
    with opened_journal(settings) as (journal, key):
        assert journal.path == shop.state / JOURNAL
        assert len(key.public_bytes) == 32
        with pytest.raises(JournalLocked):
            opened_journal(settings).__enter__()
        assert len(read_journal(settings, chains.heads)) == 2
    with opened_journal(settings) as (_, again):
        assert again.public_bytes == key.public_bytes


def test_a_journal_that_is_not_there(shop):
    """A mistyped state_dir would look like an empty shop."""
    with pytest.raises(NotFoundFault) as caught:
        read_journal(load_checked(shop.config), chains.heads)
    assert "state_dir" in caught.value.remedy


def test_a_journal_of_no_bytes_is_said(shop):
    """A disk that ate the file would be a stack trace to whoever looks for the sales."""
    settings = load_checked(shop.config)
    with opened_journal(settings) as (journal, _):
        path = journal.path
    path.write_bytes(b"")
    with pytest.raises(NotFoundFault, match="is empty"):
        read_journal(settings, chains.heads)


def test_a_state_directory_that_is_not_ours(shop, monkeypatch):
    """A user without rights would get a stack trace."""

    def refused(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.Path, "exists", refused)
    with pytest.raises(AccessFault) as caught:
        read_journal(load_checked(shop.config), chains.heads)
    assert "as root" in caught.value.remedy


def test_only_root_changes_who_it_is(tmp_path):
    """A command would fail for every user but root."""
    before = os.geteuid(), os.getegid()
    become_owner(tmp_path)
    become_owner(tmp_path / "none")
    assert (os.geteuid(), os.getegid()) == before


AS_OWNER = """\
import os, sys
from pathlib import Path
from agent.daemon.files import become_owner
become_owner(Path(sys.argv[1]))
print(os.geteuid(), os.getegid())
"""


def test_root_acts_as_the_owner():
    """A file made by root would lock the daemon out of its own state directory."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        owner = (65_534, 65_534) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
        os.chown(place, *owner)
        done = subprocess.run(
            [sys.executable, "-c", AS_OWNER, name], capture_output=True, check=True, text=True
        )
        os.chown(place, os.geteuid(), os.getegid())
    assert done.stdout.split() == [str(number) for number in owner]


AS_ARCHIVE = """\
import codecs, sys
from pathlib import Path
# The interpreter itself may be where nobody may read.
codecs.lookup("ascii")
from agent.daemon.backups import as_archive
from agent.journal import archives
from agent.settings import AgentSettings, Settings, StoreSettings, TillSettings
place = Path(sys.argv[1])
settings = Settings(
    store=StoreSettings(id="store-1"),
    tills=(TillSettings(id="till-1"),),
    agent=AgentSettings(state_dir=str(place)),
)
with as_archive(settings, place / "backup.db") as archive:
    print(archive.stat().st_uid, archive.parent.stat().st_uid)
"""


def test_root_takes_a_backup_in_as_the_owner():
    """What the owner is to read would lie in a folder that only root may look into."""
    with tempfile.TemporaryDirectory() as name:
        place, backup = Path(name), Path(name) / "backup.db"
        clock = CountingClock(1)
        Journal.open(backup, store=STORE, tills=TILLS, device_key=KEY, clock=clock).close()
        owner = 65_534 if os.geteuid() == 0 else os.geteuid()
        for each in (place, *place.iterdir()):
            os.chown(each, owner, -1)
        done = subprocess.run(
            [sys.executable, "-c", AS_ARCHIVE, name], capture_output=True, check=True, text=True
        )
        os.chown(place, os.geteuid(), -1)
    assert [str(owner)] * 2 == done.stdout.split()
