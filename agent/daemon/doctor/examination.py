"""All checks in order: from what everything stands on to what only a working agent has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.daemon.checked import load_checked
from agent.daemon.doctor import hardware, hq, keys, port, records, state
from agent.daemon.doctor.customers import known_customers
from agent.daemon.doctor.finding import Finding, from_fault, ill, well
from agent.daemon.doctor.service import service_user
from agent.daemon.files import state_dir
from agent.daemon.receipts import load_template, logo_notes
from agent.program.terminal import say
from agent.settings import Settings, SettingsFault

_WIDTH = 17


def examine(config: Path) -> list[Finding]:
    """Look at everything there is; nothing is changed."""
    try:
        settings = load_checked(config)
    except SettingsFault as fault:
        return [*_in_settings(config, fault), state.sqlite(), state.clock()]
    tills = ", ".join(till.id for till in settings.tills)
    first = well("settings", f"{config}: store {settings.store.id}, {tills}")
    return [first, state.sqlite(), state.clock(), *_machine(settings)]


def _in_settings(config: Path, fault: SettingsFault) -> list[Finding]:
    return [
        ill("settings", f"{config}: {found.path}: {found.detail}", found.remedy)
        for found in fault.problems
    ] or [from_fault("settings", fault)]


def _machine(settings: Settings) -> Iterator[Finding]:
    held_by = port.journal_holder(records.path_of(settings))
    user = service_user(state_dir(settings), held_by.pid if held_by else None)
    told = port.status(settings)
    yield from state.directory(state_dir(settings), user)
    yield keys.machine_key(settings)
    yield from port.daemon(settings, held_by)
    yield from hardware.devices(settings, user, held_by, told)
    yield from _slow(settings)
    yield hq.reach(settings.hq)
    yield from troubles(told)
    yield from known_customers(told)
    # Last: to read the journal, root becomes its owner and sees less from then on.
    yield from records.journal(settings, held_by)


def _slow(settings: Settings) -> Iterator[Finding]:
    for note in logo_notes(settings, load_template(settings)):
        yield ill(f"receipt {note.path}", note.detail, note.remedy)


def troubles(told: dict[str, Any]) -> Iterator[Finding]:
    """Say what about sync needs a person, as the daemon says it in its status."""
    sync = told.get("sync") or {}
    for trouble in sync.get("troubles", ()):
        yield ill(
            f"sync {trouble['till']}",
            f"{trouble['lane']}: {trouble['detail']} ({trouble['name']})",
            trouble.get("remedy") or "selling goes on; send this line to HQ's IT",
        )


def show(findings: list[Finding]) -> None:
    """Say each finding in a line, with what to do below it."""
    for finding in findings:
        mark = "ok  " if finding.ok else "FAIL"
        say(f"{mark} {finding.name:<{_WIDTH}} {finding.detail}")
        if finding.remedy:
            say(f"     {'':<{_WIDTH}} → {finding.remedy}")
    wrong = sum(not finding.ok for finding in findings)
    say(f"{wrong} of {len(findings)} checks found something wrong" if wrong else "All is well.")
