"""SIGKILL at random moments of what people run by hand: `python -m tests.journeys.command_kills`.

A shop sells for a while, then both programs stop. Each command that moves whole files (at HQ
backup, restore, export and import-journal, at the till journal export, journal import, journal
salvage and backup) is killed again and again, and then run to its end. Nothing half-written may
pass for whole, and the last run must find and leave everything as if there had been no other.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from itertools import takewhile
from pathlib import Path

import msgspec
from pysqlite3 import dbapi2

from agent.core.entries import encode
from agent.core.entries.bodies import JournalBegun
from agent.core.faults import Fault
from agent.daemon import cli as agent_cli
from agent.daemon.files import JOURNAL
from agent.journal import Connection, chains, reading
from agent.journal.archives import check
from agent.journal.verify import JournalReport
from agent.journal.verify import verify as verify_journal
from agent.settings import load
from central.daemon import cli as central_cli
from central.daemon.backups import require_whole
from central.daemon.commands import run_verify
from tests.journeys.audit import insist
from tests.journeys.command_places import Place, stock
from tests.journeys.seeded import asking, played

PROGRAMS = {"till-central": central_cli.app, "till-agent": agent_cli.app}
KILLED = -signal.SIGKILL
WOUND_MAX, WOUND_BYTES = 16, 8192
"""Where a journal's file begins: SQLite does not take it for one."""


class Outcome(msgspec.Struct):
    """The numbers of a run."""

    seed: int
    sales: int = 0
    kills: Counter[str] = msgspec.field(default_factory=Counter)
    ended: int = 0
    """Runs that were faster than their kill."""
    seconds: float = 0.0

    def __str__(self) -> str:
        """Say it in one line."""
        kills = ", ".join(f"{count} {what}" for what, count in sorted(self.kills.items()))
        return (
            f"seed {self.seed}: {self.kills.total()} kills ({kills}), {self.ended} runs were "
            f"faster; {self.sales} sales, all whole after each; {self.seconds:.0f} s"
        )


class Killer:
    """Runs commands in processes of their own, and ends some of them."""

    def __init__(self, place: Place, rng: random.Random, seed: int) -> None:
        self.place, self.rng = place, rng
        self.outcome = Outcome(seed)
        self._log = place.directory / "commands.log"

    def run(self, program: str, *arguments: str) -> float:
        """Run a command to its end; gives the seconds it took.

        Raises:
            Broken: it failed.
        """
        began = time.monotonic()
        code = self._ended(self._start(program, arguments))
        insist(code == 0, f"{program} {arguments} ended with {code}: {self._words()}")
        return time.monotonic() - began

    def kill(self, within_s: float, program: str, *arguments: str) -> None:
        """Run a command, and end it at a random moment."""
        child = self._start(program, arguments)
        time.sleep(self.rng.uniform(0, within_s))
        os.kill(child, signal.SIGKILL)
        code = self._ended(child)
        insist(code in {0, KILLED}, f"{program} {arguments} ended with {code}: {self._words()}")
        if code == KILLED:
            words = takewhile(lambda each: "/" not in each, arguments)
            self.outcome.kills[" ".join([program, *words])] += 1
        else:
            self.outcome.ended += 1

    @staticmethod
    def _ended(child: int) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def _start(self, program: str, arguments: tuple[str, ...]) -> int:
        # Forked, not started anew: so the kill falls into the work, not into a second of imports.
        child = os.fork()
        if child:
            return child
        code = 1
        try:
            log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            PROGRAMS[program](args=list(arguments), prog_name=program)
        except SystemExit as done:
            code = int(done.code or 0)
        finally:
            sys.stdout.flush()
            os._exit(code)

    def _words(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-12:])

    def backup(self, times: int) -> None:
        """What lies under the name of a backup is one."""
        config, state = self.place.central()
        home = state.parent / "backups"
        command = ("backup", str(home), "--config", str(config))
        took = self.run("till-central", *command)
        for _ in range(times):
            self.kill(took, "till-central", *command)
            for found in home.glob("central-*"):
                require_whole(found)
        self.run("till-central", *command)
        self.run("till-central", "backup", "--check", "--config", str(config))
        insist(not list(home.glob(".unfinished-*")), "half a backup is left")

    def restore(self, times: int) -> None:
        """HQ's database is the old one or the new one, at any moment."""
        config, state = self.place.central()
        home = state.parent / "backups"
        self.run("till-central", "backup", str(home), "--config", str(config))
        (place,) = home.glob("central-*")
        command = ("restore", str(place), "--config", str(config))
        took = self.run("till-central", *command)
        for _ in range(times):
            self.kill(took, "till-central", *command)
            insist((state / "central.sqlite").exists(), "there is no database any more")
            insist(run_verify(config).ok, "what is there does not verify")
        self.run("till-central", *command)
        insist(run_verify(config).ok, "what is there does not verify")

    def export(self, times: int) -> None:
        """The export that is killed is, in the end, the one that was not."""
        config, state = self.place.central()
        whole, cut = state.parent / "whole", state.parent / "cut"
        settings = ("--config", str(config))
        took = self.run("till-central", "export", "all", "--out", str(whole), *settings)
        for _ in range(times):
            limit = str(self.rng.randrange(1, 20))
            arguments = ("--out", str(cut), "--limit", limit, *settings)
            self.kill(took, "till-central", "export", "all", *arguments)
        self.run("till-central", "export", "all", "--out", str(cut), *settings)
        for one in whole.glob("*.csv"):
            insist(one.read_bytes() == (cut / one.name).read_bytes(), f"{one.name} differs")

    def import_journal(self, times: int) -> None:
        """A file that was taken in half-way is taken in once."""
        agent, state = self.place.agent()
        file = state.parent / "journal.jsonl"
        self.run("till-agent", "journal", "export", str(file), "--config", str(agent))
        config, _ = self.place.central(empty=True)
        self.run("till-central", "migrate", "--config", str(config))
        command = ("import-journal", str(file), "--approve", "IT", "--config", str(config))
        took = 1.0
        for _ in range(times):
            self.kill(took, "till-central", *command)
            insist(run_verify(config).ok, "what is there does not verify")
        self.run("till-central", *command)
        held = {each.journal_id: each.have_seq for each in run_verify(config).journals}
        tails = {each.journal: each.tail_seq for each in check(file).journals if each.tail_seq}
        insist(held == tails, f"HQ holds {held}, the file {tails}")
        found = self._sales(config)
        insist(found == len(self.place.shop.book), f"{found} sales of {len(self.place.shop.book)}")

    def _sales(self, config: Path) -> int:
        database = config.parent / "central" / "central.sqlite"
        with closing(dbapi2.connect(database)) as conn:
            return int(conn.execute("SELECT count(*) FROM sale").fetchone()[0])

    def journal_export(self, times: int) -> None:
        """Half a file proves nothing, and is no export."""
        config, state = self.place.agent()
        took = 1.0
        for number in range(times + 1):
            file = state.parent / f"{number}.jsonl"
            command = ("journal", "export", str(file), "--config", str(config))
            if number == 0:
                took = self.run("till-agent", *command)
                whole = check(file).records
                continue
            self.kill(took, "till-agent", *command)
            try:
                records = check(file).records if file.exists() else whole
            except Fault:
                continue
            insist(records == whole, f"half a file proves {records} of {whole} entries")

    def journal_import(self, times: int) -> None:
        """What was taken in half-way is not there at all, or is all there."""
        source, state = self.place.agent()
        file = state.parent / "journal.jsonl"
        self.run("till-agent", "journal", "export", str(file), "--config", str(source))
        config, state = self.place.agent(empty=True)
        command = ("journal", "import", str(file), "--config", str(config))
        for _ in range(times):
            self.kill(0.5, "till-agent", *command)
        self.run("till-agent", *command)
        held = {each.journal_id: each.tail_seq for each in self._verified(config)}
        tails = {each.journal: each.tail_seq for each in check(file).journals}
        insist(tails.items() <= held.items(), f"the till holds {held}, the file {tails}")

    def salvage(self, times: int) -> None:
        """What can be read of a damaged file goes on, once, and the file itself is kept."""
        wound = self.rng.randrange(WOUND_MAX)
        config, state = self._damaged(wound)
        took = self.run("till-agent", "journal", "salvage", "--config", str(config))
        expected = _facts(state / JOURNAL)
        insist(expected, "nothing could be read")
        for _ in range(times):
            config, state = self._damaged(wound)
            damaged = (state / JOURNAL).read_bytes()
            command = ("journal", "salvage", "--config", str(config))
            self.kill(took, "till-agent", *command)
            code = self._ended(self._start("till-agent", command))
            insist(code == 0 or "journal-sound" in self._words(), self._words())
            self._verified(config)
            insist(_facts(state / JOURNAL) == expected, "the second salvage gives another journal")
            kept = (state / "journal.damaged-1.db").read_bytes()
            insist(kept == damaged, "the damaged file was changed")

    def _damaged(self, wound: int) -> tuple[Path, Path]:
        """Give an agent of its own whose journal is damaged, always in the same way."""
        config, state = self.place.agent()
        with (state / JOURNAL).open("r+b") as file:
            file.seek(wound)
            file.write(bytes(WOUND_BYTES))
        return config, state

    def agent_backup(self, times: int) -> None:
        """What lies under the name of a copy is one."""
        config, state = self.place.agent()
        home = state.parent / "copies"
        home.mkdir()
        command = ("backup", str(home), "--config", str(config))
        took = self.run("till-agent", *command)
        for _ in range(times):
            self.kill(took, "till-agent", *command)
            for found in home.glob("till-agent-*.db"):
                insist(all(each.ok for each in reading(found, verify_journal)), f"{found} is not")
        self.run("till-agent", *command)

    def _verified(self, config: Path) -> list[JournalReport]:
        path = Path(load(config).agent.state_dir) / "journal.db"
        reports = reading(path, verify_journal)
        insist(all(each.ok for each in reports), f"the journal does not verify: {reports}")
        return reports


def _facts(path: Path) -> list[bytes]:
    """Give every fact of a journal file, whichever of its journals it stands in.

    How a journal began is left out: it has the time of that salvage in it.
    """

    def read(conn: Connection) -> list[bytes]:
        numbers = range(1, len(chains.heads(conn)) + 1)
        facts = [body for no in numbers for _, body in chains.facts_of(conn, no, 0)]
        return sorted(encode(body) for body in facts if not isinstance(body, JournalBegun))

    return reading(path, read)


def command_kills(directory: Path, *, times: int, seconds: float, seed: int) -> Outcome:
    """Kill each command so many times.

    Raises:
        Broken: a promise of the product did not hold.
    """
    rng, began = random.Random(seed), time.monotonic()
    killer = Killer(asyncio.run(stock(directory, seconds, rng)), rng, seed)
    series: list[Callable[[int], None]] = [
        killer.backup,
        killer.restore,
        killer.export,
        killer.import_journal,
        killer.journal_export,
        killer.journal_import,
        killer.salvage,
        killer.agent_backup,
    ]
    for each in series:
        each(times)
    killer.outcome.sales = len(killer.place.shop.book)
    killer.outcome.seconds = time.monotonic() - began
    return killer.outcome


def run(times: int, seconds: float, seed: int) -> int:
    """Run and report; gives the exit code."""
    return played(
        "commands",
        seed,
        f"{times} kills of each command",
        lambda at: command_kills(at, times=times, seconds=seconds, seed=seed),
    )


def main() -> int:
    """Read the command line."""
    parser = asking(__doc__)
    parser.add_argument("--kills", type=int, default=20, help="of each command")
    parser.add_argument("--seconds", type=float, default=20, help="of selling before")
    asked = parser.parse_args()
    return run(asked.kills, asked.seconds, asked.seed)


if __name__ == "__main__":
    sys.exit(main())
