"""A backup on a new machine: never gone on with, and nothing of it is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.daemon.conftest import Shop
from tests.daemon.test_running import sell

pytestmark = pytest.mark.long


def test_a_backup_on_a_new_machine(shop, daemon, program, tmp_path):
    """Two machines would sell in one journal, or what the old one sold be lost with it."""
    with daemon():
        token = shop.run("pair", "till-1", "--json").json["token"]
        sold = [sell(shop, token)["receipt_no"] for _ in range(3)]
    backup = Path(shop.run("backup", str(tmp_path), "--json").json["path"])
    (tmp_path / "new").mkdir()
    new = Shop(tmp_path / "new")
    new.run("doctor")
    shutil.copy(backup, new.state / "journal.db")
    refused = new.run("run")
    assert 1 == refused.code
    assert "journal-of-another-device" in refused.err
    assert "empty state directory" in refused.err
    (new.state / "journal.db").unlink()
    with program(new.command("run"), new.directory):
        token = new.run("pair", "till-1", "--json").json["token"]
        first = sell(new, token)["receipt_no"]
    taken = new.run("journal", "import", str(backup))
    assert (0, True) == (taken.code, "3 entries" in taken.out), taken
    assert 0 == new.run("journal", "verify").code
    with program(new.command("run"), new.directory):
        second = sell(new, token)["receipt_no"]
    assert 5 == len({*sold, first, second})
    lines = new.run("journal", "verify").out.splitlines()
    assert 1 == sum(" 3 entries" in line for line in lines), lines
