"""Files of lines that are only ever appended to: what HQ must not forget with its database."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from central.ledger.held_file import sync_file

_OWNER_ONLY = 0o600


def append(path: Path, there: bytes, lines: Sequence[bytes]) -> None:
    """Put lines on disk behind those that are there, the file readable by its owner alone.

    Args:
        path: of the book; made where there is none.
        there: what it holds.
        lines: to be added, without their ends.

    Raises:
        OSError: they are not on disk, or not all of them.
    """
    if not lines:
        return
    # What a power cut has left of a line is ended: it says nothing, and those after it do.
    before = b"\n" if there and not there.endswith(b"\n") else b""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    with os.fdopen(os.open(path, flags, _OWNER_ONLY), "ab") as file:
        file.write(before + b"".join(line + b"\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
    if not there:
        sync_file(path)
