"""The address of the API: does the daemon answer there, does another program, or nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.core.faults import AccessFault, Fault
from agent.daemon.control import DaemonAnswered, DaemonAway, ask, base_url, greeting
from agent.daemon.doctor.finding import Finding, from_fault, ill, well
from agent.daemon.doctor.processes import Process, holders_of_port, program_of
from agent.journal.lock import holder
from agent.settings import Settings

PRIVILEGED = 1024
_START = "systemctl start till-agent; if it does not stay up: journalctl -u till-agent -n 50"


def journal_holder(journal: Path) -> Process | None:
    """Tell which process has the journal; None where nobody has, or it cannot be told."""
    try:
        pid = holder(journal)
    except OSError:
        return None
    return None if pid is None else Process(pid, program_of(pid))


def daemon(settings: Settings, held_by: Process | None) -> Iterator[Finding]:
    """Say whether a daemon answers; where none does, why it could not start on its port."""
    told = greeting(settings)
    if told is not None:
        yield _answers(settings, told)
        return
    yield _port(settings)
    if held_by is not None:
        yield ill(
            "daemon",
            f"{held_by} has the journal, but does not answer at {base_url(settings)}",
            "systemctl restart till-agent; if it was started by hand on other settings, stop it",
        )
    else:
        yield ill("daemon", "it does not run", _START)


def status(settings: Settings) -> dict[str, Any]:
    """Ask the running daemon for all it can tell; nothing where it does not run or refuses."""
    try:
        found: dict[str, Any] = ask(settings, "GET", "/v1/status")
    except (DaemonAway, DaemonAnswered, AccessFault):
        return {}
    return found


def _answers(settings: Settings, told: dict[str, Any]) -> Finding:
    said = f"till-agent {told['version']} answers at {base_url(settings)}"
    if not told["ok"]:
        return ill(
            "daemon",
            f"{said}, but a till does not turn",
            "systemctl restart till-agent; send journalctl -u till-agent to IT",
        )
    try:
        ask(settings, "GET", "/v1/status")
    except (DaemonAway, DaemonAnswered):
        return ill(
            "daemon",
            f"{said}, but it works on another state directory than {settings.agent.state_dir}",
            "name its own settings with --config, or restart it: systemctl restart till-agent",
        )
    except AccessFault:
        return well("daemon", f"{said}; this user may not ask it for more", "run as root")
    return well("daemon", said)


def _port(settings: Settings) -> Finding:
    from agent.program.serving import listen_on, split_address

    host, port = split_address(settings.agent.listen)
    if port < PRIVILEGED:
        return ill(
            "port",
            f"{port} is a port only root may listen on, which the service is not",
            "take a port above 1023 in [agent] listen",
        )
    try:
        listen_on(host, port, setting="[agent] listen").close()
    except Fault as fault:
        return _taken(port, fault)
    return well("port", f"{settings.agent.listen} is free")


def _taken(port: int, fault: Fault) -> Finding:
    holders = holders_of_port(port)
    if not holders:
        return from_fault("port", fault)
    named = ", ".join(map(str, holders))
    return ill("port", f"{fault.detail}: {named} has it", fault.remedy)
