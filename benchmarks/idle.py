"""The daemon beside a till that nobody uses: its memory, its processor time, and its start.

Base: the bare interpreter (`python -c ''`). Ours: the real `till-agent run` with six emulated
devices outside of it: two scanners, two printers, a display and a scale, each at the wire it
would have in a shop; a start is from the command to the first answer at `/v1/status`.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from benchmarks.program import started_agent
from benchmarks.table import Row
from drivers.virtual.display import VirtualDisplay
from drivers.virtual.printer import VirtualPrinter
from drivers.virtual.scale import VirtualScale
from drivers.virtual.scanner import VirtualScanner

STARTS = 3
QUIET_S, IDLE_S = 5, 20
MB_MAX, PERCENT_MAX, START_S_MAX = 80, 1, 2
_BASE = "import sys; print(open('/proc/self/status').read())"
_TILL = """
[[till]]
id = "till-1"
scanners = ["counter", "hand"]
printer = "receipt"
drawer = "receipt"
display = "pole"
scale = "scale"
"""
_DEVICE = """
[[device]]
id = "{name}"
kind = "{kind}"
address = "{address}"
"""


_NAMES = (
    ("counter", "scanner"),
    ("hand", "scanner"),
    ("receipt", "printer"),
    ("kitchen", "printer"),
    ("pole", "display"),
    ("scale", "scale"),
)


def run() -> list[Row]:
    """Measure the real program, idle."""
    with TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "."), prefix=".bench-") as folder:
        starts, mb, percent = asyncio.run(_measured(Path(folder).resolve()))
    base_s, base_mb = _bare()
    start = median(starts)
    return [
        Row("bare interpreter, start (base)", base_s, "s"),
        Row(
            "till-agent, start to first answer",
            start,
            "s",
            start / base_s,
            *_at_most(start, START_S_MAX, "s"),
        ),
        Row("bare interpreter, resident (base)", base_mb, "MB"),
        Row(
            "till-agent idle, 6 devices, resident",
            mb,
            "MB",
            mb / base_mb,
            *_at_most(mb, MB_MAX, "MB"),
        ),
        Row(
            "till-agent idle, 6 devices, processor",
            percent,
            "%",
            None,
            *_at_most(percent, PERCENT_MAX, "%"),
        ),
    ]


def _at_most(value: float, most: float, unit: str) -> tuple[str, bool]:
    return f"<= {most} {unit}", value <= most


def _bare() -> tuple[float, float]:
    taken = []
    for _ in range(STARTS):
        began = perf_counter()
        said = subprocess.run(
            (sys.executable, "-c", _BASE), check=True, capture_output=True, text=True
        ).stdout
        taken.append(perf_counter() - began)
    return median(taken), _resident(said)


def _resident(status: str) -> float:
    """Give the megabytes of `VmRSS` in a /proc/PID/status (proc_pid_status(5))."""
    [line] = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1e6


async def _measured(folder: Path) -> tuple[list[float], float, float]:
    async with AsyncExitStack() as plugged:
        devices = await _devices(plugged)
        starts = [
            await asyncio.to_thread(_start, folder / str(number), devices)
            for number in range(STARTS)
        ]
        return starts, *await asyncio.to_thread(_idle, folder / "idle", devices)


async def _devices(plugged: AsyncExitStack) -> str:
    """Plug them in, and write down where they are."""
    scanners = [plugged.enter_context(VirtualScanner()) for _ in range(2)]
    printers = [await plugged.enter_async_context(VirtualPrinter()) for _ in range(2)]
    pole = await plugged.enter_async_context(VirtualDisplay())
    scale = await plugged.enter_async_context(VirtualScale())
    addresses = [machine.address for machine in (*scanners, *printers, pole, scale)]
    rows = zip(_NAMES, addresses, strict=True)
    return _TILL + "".join(
        _DEVICE.format(name=name, kind=kind, address=address) for (name, kind), address in rows
    )


def _start(folder: Path, devices: str) -> float:
    folder.mkdir()
    with started_agent(folder, devices) as running:
        return running.start_s


def _idle(folder: Path, devices: str) -> tuple[float, float]:
    folder.mkdir()
    with started_agent(folder, devices) as running:
        sleep(QUIET_S)
        before = _worked_s(running.pid)
        sleep(IDLE_S)
        percent = (_worked_s(running.pid) - before) / IDLE_S * 100
        return _resident(Path(f"/proc/{running.pid}/status").read_text()), percent


def _worked_s(pid: int) -> float:
    """Give the seconds a process has worked, for itself and in the kernel (proc_pid_stat(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
