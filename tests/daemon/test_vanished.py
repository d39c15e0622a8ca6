"""A journal file that is gone beside the device's key: the shop opens, and is told what it lost."""

from __future__ import annotations

import shutil

import pytest
from structlog.testing import capture_logs

from agent.daemon import status
from agent.daemon.checked import load_checked
from agent.daemon.control import make_admin_token
from agent.daemon.files import JOURNAL, opened_journal
from agent.daemon.salvaging import open_or_salvage
from agent.daemon.status import StatusReport
from agent.journal import vanished
from agent.journal.verify import verify
from tests.journal.shop import sign_on


def fill(shop, before_close=lambda: None):
    """Sell a little, as a daemon that has run."""
    make_admin_token(shop.state)
    with opened_journal(load_checked(shop.config)) as (journal, _):
        for number in range(5):
            journal.write_blocking(lambda conn, n=number: sign_on(conn, f"actor-{n}"))
        before_close()


def start(shop, function):
    """Start as the daemon does, and look."""
    with capture_logs() as logs:
        journal, _ = open_or_salvage(load_checked(shop.config))
    try:
        return journal.read_blocking(function), [one["event"] for one in logs]
    finally:
        journal.close()


def take_away(shop, *, empty):
    for path in shop.state.glob(f"{JOURNAL}*"):
        path.unlink()
    if empty:
        (shop.state / JOURNAL).touch()


@pytest.mark.parametrize("empty", [True, False])
def test_a_file_that_is_gone_is_said(shop, capsys, empty):
    """The sales that only this disk had would be missed by nobody."""
    fill(shop)
    shutil.copy(shop.state / JOURNAL, shop.directory / "copy.db")
    shop.run("backup", str(shop.directory))
    [backup] = shop.directory.glob("till-agent-*.db")
    take_away(shop, empty=empty)
    gone, logs = start(shop, vanished.noted)
    assert [gone.detail] == [line for line in logs if "new journals were begun" in line]
    assert ("was empty" in gone.detail, "journal import" in gone.remedy) == (empty, True)
    _, logs = start(shop, vanished.noted)
    assert [] == [line for line in logs if "new journals were begun" in line]
    assert "vanished journal" in shop.run("doctor").out
    daemon = {"vanished": {"at": gone.at, "detail": gone.detail, "remedy": gone.remedy}}
    status.show(StatusReport("s", running=True, unsent=0, journals=[], hq=None, daemon=daemon))
    assert gone.detail in capsys.readouterr().out
    assert 0 == shop.run("journal", "import", str(backup)).code
    assert "vanished journal" not in shop.run("doctor").out


def test_a_first_start_is_no_loss(shop):
    """Every new till would begin with an alarm."""
    assert (None, []) == start(shop, vanished.noted)
    fill(shop)
    assert (None, []) == start(shop, vanished.noted)


@pytest.mark.parametrize("empty", [True, False])
def test_a_log_without_its_file_is_saved(shop, empty):
    """SQLite throws such a log away, and with it all that was sold since it was last emptied."""
    log, held = shop.state / f"{JOURNAL}-wal", shop.directory / "held"
    fill(shop, lambda: shutil.copy(log, held))
    take_away(shop, empty=empty)
    shutil.copy(held, log)
    (gone, reports, told), _ = start(
        shop, lambda conn: (vanished.noted(conn), verify(conn), carried_of(conn))
    )
    assert (None, [], 5) == (gone, [one.fault for one in reports if one.fault], told)
    assert held.read_bytes() == (shop.state / "journal.damaged-1.db-wal").read_bytes()


def carried_of(conn):
    """Count the sign-ons in the new journals."""
    return conn.execute("SELECT count(*) FROM body WHERE instr(bytes, 'actor-')").fetchall()[0][0]
