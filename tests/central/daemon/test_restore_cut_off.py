"""A restore that ends half-way: HQ's database is the old one or the new one, and always there."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
from itertools import count

import pytest
from typer.testing import CliRunner

from central.daemon.cli import app
from central.ledger.engine import open_engine, reading, writing
from central.ledger.outbox import GLOBAL, Change, publish_many
from central.ledger.tables import FACTS, FEED_SCOPES

CONFIG = "central.toml"
NAMING = ("rename", "replace", "link", "unlink")


@pytest.fixture
def call(tmp_path):
    """Call a command on a state directory of its own."""
    config = tmp_path / CONFIG
    config.write_text(f'[central]\nstate_dir = "{tmp_path / "state"}"\n')

    def _call(*arguments):
        result = CliRunner().invoke(app, [*arguments, "--config", str(config)])
        assert 0 == result.exit_code, result.stderr
        return result.stdout

    return _call


def publish(database, number):
    engine = open_engine(database)
    with writing(engine) as conn:
        publish_many(conn, GLOBAL, [Change(f"item:{number}", "put", b"{}")])
    engine.dispose()


def published(database):
    engine = open_engine(database)
    with reading(engine) as conn:
        held = dict(conn.execute(FEED_SCOPES.select().with_only_columns(*FEED_SCOPES.c[:2])).all())
        assert conn.execute(FACTS.select()).all()
    engine.dispose()
    return held[GLOBAL]


def ended_at(number, call, *arguments):
    """Run a command in a process that ends before its n-th change of a name; gives its code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seen = count(1)
    for name in NAMING:
        real = getattr(os, name)

        def cut(*args, real=real, **options):
            if next(seen) == number:
                os._exit(9)
            return real(*args, **options)

        setattr(os, name, cut)
    code = 1
    try:
        call(*arguments)
        code = 0
    finally:
        os._exit(code)


def test_a_restore_that_is_cut_off_leaves_a_whole_database(tmp_path, call):
    """Wrong: HQ starts on an empty database, because the restored one was not in place yet."""
    database = tmp_path / "state" / "central.sqlite"
    call("migrate")
    publish(database, 1)
    place = json.loads(call("backup", str(tmp_path / "backups"), "--json"))["place"]
    publish(database, 2)
    seen = []
    for number in range(1, 40):
        code = ended_at(number, call, "restore", place)
        assert database.exists(), f"gone before change {number}"
        seen.append(published(database))
        if code == 0:
            break
    assert (0, 2, 1) == (code, seen[0], seen[-1])
    assert [2] * seen.count(2) + [1] * seen.count(1) == seen
    call("restore", place)
    assert 1 == published(database)
    aside = list(database.parent.glob("central.sqlite.before-*"))
    assert 2 in {published(each) for each in aside if each.suffix not in {"-wal", "-shm"}}


def test_a_restore_without_room_says_so_and_changes_nothing(tmp_path, call):
    """Wrong: who restores in need gets a traceback, and a half copy takes the last room (P12)."""
    database = tmp_path / "state" / "central.sqlite"
    call("migrate")
    publish(database, 1)
    place = json.loads(call("backup", str(tmp_path / "backups"), "--json"))["place"]
    publish(database, 2)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    was = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, before[1]))
    try:
        done = CliRunner().invoke(app, ["restore", place, "--config", str(tmp_path / CONFIG)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, was)
    assert (1, True) == (done.exit_code, "(restore-not-written)" in done.stderr), done.stderr
    assert "HQ's database is as it was" in done.stderr
    assert [] == list(database.parent.glob("*.restoring*"))
    assert 2 == published(database)


def test_a_database_behind_a_link_is_replaced_where_it_lies(tmp_path, call):
    """Wrong: the restored one lies on the small disk, and the old one's log is played into it."""
    link = tmp_path / "state" / "central.sqlite"
    database = tmp_path / "large disk" / "hq.sqlite"
    call("migrate")
    database.parent.mkdir()
    link.rename(database)
    link.symlink_to(database)
    publish(link, 1)
    place = json.loads(call("backup", str(tmp_path / "backups"), "--json"))["place"]
    publish(link, 2)
    call("restore", place)
    assert link.is_symlink()
    assert 1 == published(database)
    (aside,) = database.parent.glob("hq.sqlite.before-*")
    assert 2 == published(aside)


def test_a_disk_without_links_and_without_room_says_so_and_keeps_no_half(
    tmp_path, call, monkeypatch
):
    """Wrong: a traceback, and half a copy of the old database takes the last room (P12)."""
    database = tmp_path / "state" / "central.sqlite"
    call("migrate")
    publish(database, 1)
    place = json.loads(call("backup", str(tmp_path / "backups"), "--json"))["place"]
    publish(database, 2)
    real = shutil.copyfile

    def no_link(*_paths, **_options):
        raise OSError(errno.EPERM, "Operation not permitted")

    def full(source, target):
        real(source, target)
        if ".before-" in str(target):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", no_link)
    monkeypatch.setattr(shutil, "copyfile", full)
    done = CliRunner().invoke(app, ["restore", place, "--config", str(tmp_path / CONFIG)])
    assert (1, True) == (done.exit_code, "(restore-not-written)" in done.stderr), done.stderr
    assert [] == [*database.parent.glob("*.restoring*"), *database.parent.glob("*.before-*")]
    assert 2 == published(database)
