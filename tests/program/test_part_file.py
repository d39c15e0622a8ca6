"""Files that are written beside their name."""

from __future__ import annotations

import errno

import pytest

from agent.core.faults import StateFault
from agent.program.part_file import claimed, part_of


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def full(target):
    target.write(b"half")
    raise OSError(errno.ENOSPC, "no space")


def test_what_a_killed_run_left_is_written_over(tmp_path):
    """Every power cut would leave one more file that nobody deletes."""
    part = part_of(tmp_path / "out.csv", "till-agent")
    part.write_bytes(b"half of it, and longer than what comes now")
    with claimed(part, 0o600) as target:
        target.write(b"whole")
        target.flush()
        part.rename(tmp_path / "out.csv")
    assert ["out.csv"] == names(tmp_path)
    assert b"whole" == (tmp_path / "out.csv").read_bytes()


def test_what_failed_is_gone(tmp_path):
    """Half an export would lie about in a directory that others read."""
    part = part_of(tmp_path / "out.csv", "till-agent")
    with pytest.raises(OSError, match="no space"), claimed(part, 0o600) as target:
        full(target)
    assert [] == names(tmp_path)


def test_two_runs_do_not_write_into_one_file(tmp_path):
    """The second would empty what the first has just read back, and is about to name."""
    part = part_of(tmp_path / "out.csv", "till-agent")
    with claimed(part, 0o600) as target:
        target.write(b"the first")
        target.flush()
        with pytest.raises(StateFault, match="another export"), claimed(part, 0o600):
            pass
        assert b"the first" == part.read_bytes()


def test_the_next_run_may_begin_while_the_last_one_closes(tmp_path):
    """The first would delete the file of the second, whose name is the same."""
    file = tmp_path / "out.csv"
    part = part_of(file, "till-agent")
    with claimed(part, 0o600):
        part.rename(file)
        with claimed(part, 0o600) as second:
            second.write(b"second")
            second.flush()
            part.rename(tmp_path / "again.csv")
    assert ["again.csv", "out.csv"] == names(tmp_path)


def test_a_link_in_its_place_is_not_followed(tmp_path):
    """Whoever may write into the directory could have any file of the shop emptied."""
    precious = tmp_path / "precious"
    precious.write_bytes(b"kept")
    part = part_of(tmp_path / "out.csv", "till-agent")
    part.symlink_to(precious)
    with pytest.raises(OSError, match="symbolic links"), claimed(part, 0o600):
        pass
    assert b"kept" == precious.read_bytes()
