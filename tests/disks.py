"""Small file systems of a test's own, to be filled to the last byte: ext4 in a file, tmpfs."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest

MB = 1 << 20
needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mkfs.ext4") is None,
    reason="needs root and mkfs.ext4, to mount a small file system",
)
"""Without it nothing can be mounted."""


def run(*command):
    subprocess.run([str(word) for word in command], check=True, capture_output=True)


@contextmanager
def small_disk(folder, kind, megabytes):
    """Mount a file system of this size; give where it is mounted.

    Args:
        folder: of the test.
        kind: `ext4` or `tmpfs`.
        megabytes: its size.
    """
    place = folder / f"disk-{kind}"
    place.mkdir()
    if kind == "ext4":
        image = folder / "disk.img"
        with image.open("wb") as file:
            file.truncate(megabytes * MB)
        # No blocks for root alone: the agent runs as root here, and not in a shop.
        run("mkfs.ext4", "-q", "-m", "0", image)
        run("mount", "-o", "loop", image, place)
    else:
        run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", place)
    try:
        yield place
    finally:
        run("umount", "--lazy", place)


class Hog:
    """Another program's file that grows until nothing is left, and shrinks when told."""

    def __init__(self, place):
        self.path = place / "log-gone-wild"

    def fill(self, *, but=0):
        """Take every byte there is, down to the last block, and then give `but` bytes back."""
        with self.path.open("ab", buffering=0) as file:
            for size in (MB, 4096, 512, 64, 1):
                take(file, size)
            if but:
                file.truncate(max(0, file.tell() - but))
            os.fsync(file.fileno())

    def free(self):
        """Give everything back."""
        self.path.unlink(missing_ok=True)


def take(file, size):
    try:
        while file.write(b"x" * size):
            pass
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
