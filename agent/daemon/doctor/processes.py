"""Who holds a file or a port, and what a process may: read from /proc (proc(5))."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

PROC = Path("/proc")
_TERMINALS = Path("/dev/pts")
_LISTEN = "0A"
"""TCP_LISTEN, as /proc/net/tcp writes it."""


class Process(msgspec.Struct, frozen=True):
    """A process and the program it runs."""

    pid: int
    program: str

    def __str__(self) -> str:
        """Name it as a person looks for it."""
        return f"{self.program} (pid {self.pid})"


def holders_of_file(path: Path, proc: Path = PROC) -> list[Process]:
    """Find who has a file or device open; only root sees everybody's."""
    return _holders(os.path.realpath(path), proc)


def plays(process: Process, node: Path, proc: Path = PROC) -> bool:
    """Tell whether a process is the device at the other end of a pseudo-terminal (pty(7)).

    Whoever has the master side plays the device; that it has the other side open as well, so that
    the line outlives a restart of its reader, takes nobody's bytes. Linux names the pair in
    /proc/PID/fdinfo as `tty-index`.
    """
    terminal = Path(os.path.realpath(node))
    if terminal.parent != _TERMINALS:
        return False
    wanted, own = f"tty-index:\t{terminal.name}", proc / str(process.pid)
    try:
        masters = [each.name for each in (own / "fd").iterdir() if _is_master(each)]
        told = [(own / "fdinfo" / name).read_text("ascii").splitlines() for name in masters]
    except OSError:  # it has ended, or is not ours to look into
        return False
    return any(wanted in lines for lines in told)


def holders_of_port(port: int, proc: Path = PROC) -> list[Process]:
    """Find who listens on a TCP port of any address; only root sees everybody's."""
    found = {
        process.pid: process
        for inode in _listening(port, proc)
        for process in _holders(f"socket:[{inode}]", proc)
    }
    return list(found.values())


def running(programs: Collection[str], proc: Path = PROC) -> list[Process]:
    """Find the processes that run one of some programs."""
    pids = sorted(int(entry.name) for entry in proc.iterdir() if entry.name.isdigit())
    found = [Process(pid, program_of(pid, proc)) for pid in pids]
    return [each for each in found if each.program in programs]


def program_of(pid: int, proc: Path = PROC) -> str:
    """Name the program of a process; `?` where it has ended."""
    try:
        words = (proc / str(pid) / "cmdline").read_bytes().split(b"\0")
        name = (proc / str(pid) / "comm").read_text("utf-8", "replace").strip()
    except OSError:
        return "?"
    # A script's process is called after its interpreter; the script's own name tells more.
    script = next((word for word in words[1:3] if word and not word.startswith(b"-")), b"")
    interpreted = name.startswith(("python", "sh", "bash", "perl", "ruby", "node"))
    return Path(os.fsdecode(script)).name if interpreted and script else name


def groups_of(pid: int, proc: Path = PROC) -> set[int]:
    """Give all groups of a running process, also those its service manager added."""
    groups: set[int] = set()
    try:
        lines = (proc / str(pid) / "status").read_text("utf-8", "replace").splitlines()
    except OSError:
        return groups
    for line in lines:
        name, _, numbers = line.partition(":")
        if name in {"Gid", "Groups"}:
            groups.update(int(number) for number in numbers.split())
    return groups


def _listening(port: int, proc: Path) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _holders(target: str, proc: Path) -> list[Process]:
    pids = sorted(int(entry.name) for entry in proc.iterdir() if entry.name.isdigit())
    return [Process(pid, program_of(pid, proc)) for pid in pids if _holds(proc / str(pid), target)]


def _holds(process: Path, target: str) -> bool:
    try:
        return any(_points_to(link, target) for link in (process / "fd").iterdir())
    except OSError:  # it has ended, or is not ours to look into
        return False


def _is_master(link: Path) -> bool:
    return _points_to(link, "/dev/ptmx") or _points_to(link, "/dev/pts/ptmx")


def _points_to(link: Path, target: str) -> bool:
    try:
        return str(link.readlink()) == target
    except OSError:  # closed in between
        return False
