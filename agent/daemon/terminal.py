"""What a person at a terminal sees: results on stdout, faults as three lines on stderr.

Exit codes of every command: 0 success, 1 a found fault, 2 wrong use.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Annotated, ParamSpec, TypeVar

import msgspec
import typer
from rich.console import Console

from agent.core.faults import Fault

P = ParamSpec("P")
R = TypeVar("R")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def print_fault(fault: Fault) -> None:
    """Show a fault: its name, what happened, and what to do."""
    err.print(f"[bold red]{fault.title}[/] ({fault.name})")
    err.print(fault.detail, markup=False)
    err.print("→ " + fault.remedy, markup=False)


def print_json(value: object) -> None:
    """Write one JSON document to stdout and nothing else."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def shows_faults(command: Callable[P, R]) -> Callable[P, R]:
    """Turn a fault that leaves a command into its three lines and exit code 1."""

    @functools.wraps(command)
    def shown(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except Fault as fault:
            print_fault(fault)
            raise typer.Exit(1) from fault

    return shown
