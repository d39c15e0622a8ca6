"""What a person at a terminal sees: results on stdout, faults as three lines on stderr.

Exit codes of every command: 0 success, 1 a found fault, 2 wrong use.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import msgspec
import typer

from agent.core.faults import Fault

P = ParamSpec("P")
R = TypeVar("R")


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


def print_fault(fault: Fault) -> None:
    """Show a fault: its name, what happened, and what to do."""
    typer.secho(f"{fault.title} ({fault.name})", fg="red", bold=True, err=True)
    typer.echo(fault.detail, err=True)
    typer.echo(f"→ {fault.remedy}", err=True)


def print_json(value: object) -> None:
    """Write one JSON document to stdout and nothing else."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    sys.stdout.write(text + "\n")


def say(line: str = "") -> None:
    """Write one line to stdout, at once: a service's output is read while it runs."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
