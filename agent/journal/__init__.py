"""The agent's one SQLite file: chains, bodies, baskets, print jobs, events; one writer thread.

Everything that must survive a power cut is here, and a caller hears of it only after the commit
that made it survive (P2). `Journal` owns the file, its lock and two threads; it is handed
functions of a connection:

    receipt = await journal.write(lambda conn: complete(conn, sale))

The functions that read and write stand in modules by subject: `chains` (append, heads, records),
`sales`, `days`, `baskets`, `prints`, `events`, `cursors`, `pairing`, `registry`, `erasures`,
`verify`. They never begin or commit, so one `write` is one decision, whole or not at all.

Inside: `journal` (the door), `preparation` (start-up checks), `migrations` with `schema/`,
`database` (how SQLite is opened), `writer` and `reader` (the threads), `memory` (what the writer
need not read again), `signals` (who waits for what), `lock`, `device_key`. Against a full disk:
`space` (what may be written), `reserve` (room that is held back).

A journal's life: `founding` makes and seals one, `successors` goes on from one that must end,
`lineage` follows a till's journals, `prune` lets go of what HQ holds for good, `archives` writes
them to files and takes files in (`filling`). A damaged file: `checking`, `layout` and `texts` find
it, `pages`, `shapes` and `wreck` read what is left, `remains`, `stranded` and `salvage` make a new
file of it, `ordered` carries out again what HQ had ordered, `moving` puts it in place, `salvaged`
tells. A second medium: `backup`, `rotation`.
"""

from __future__ import annotations

from agent.journal.connection import Connection, Cursor
from agent.journal.faults import (
    JournalBusy,
    JournalClosed,
    JournalDamaged,
    JournalLocked,
    JournalNotWritable,
    JournalUnusable,
    NoRoom,
)
from agent.journal.journal import Journal, reading
from agent.journal.signals import Signal, Signals

__all__ = [
    "Connection",
    "Cursor",
    "Journal",
    "JournalBusy",
    "JournalClosed",
    "JournalDamaged",
    "JournalLocked",
    "JournalNotWritable",
    "JournalUnusable",
    "NoRoom",
    "Signal",
    "Signals",
    "reading",
]
