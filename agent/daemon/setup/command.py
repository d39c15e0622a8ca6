"""The whole setup in order: ask, try, write, enrol, and say what comes next."""

from __future__ import annotations

from pathlib import Path

from agent.core.faults import InputFault
from agent.daemon.doctor.port import journal_holder
from agent.daemon.files import JOURNAL, state_dir
from agent.daemon.setup.asking import Asking
from agent.daemon.setup.hardware import settle_printer, settle_scanner
from agent.daemon.setup.keys import read_answers
from agent.daemon.setup.present import present_answers
from agent.daemon.setup.shop import settle_hq, settle_shop
from agent.daemon.setup.text import toml_text
from agent.daemon.setup.trials import service_trouble
from agent.daemon.setup.writing import backup_of, make_state_dir, write_settings
from agent.program.terminal import say, say_aside
from agent.settings import Settings

DEFAULT_CONFIG = Path("/etc/till-agent/agent.toml")


def run_setup(config: Path, answers: dict[str, str], code: str | None, *, ask: bool) -> None:
    """Set this till up.

    Args:
        config: where the settings go; a file that is there is kept as `.bak`.
        answers: given beforehand, see `keys`.
        code: the one-time code from HQ, if it is at hand.
        ask: whether a person is there to answer; else what was found and proposed is taken.

    Raises:
        WrongAnswer: an answer that cannot be meant.
        InputFault: answers that make no good settings, or a file that cannot be written.
        HqUnreachable, HqRefused: the settings are written, but HQ gave no credential.
    """
    given = read_answers(answers)
    asking = Asking(config, given, present_answers(config), ask=ask)
    settle_shop(asking)
    settle_hq(asking)
    _check_code(asking, code)
    settle_scanner(asking)
    settle_printer(asking)
    had_settings = config.exists()
    settings = write_settings(config, toml_text(asking.answers))
    _show_written(config, settings, had_settings=had_settings)
    enrolled = False
    try:
        enrolled = _enrol(config, settings, code or _asked_code(asking, settings))
    finally:
        _show_next(config, settings, enrolled=enrolled)


def _check_code(asking: Asking, code: str | None) -> None:
    if code is not None and asking.answers.get("hq.url") is None:
        raise InputFault(
            "there is a code, but no HQ to show it to", remedy="say --set hq.url=https://…"
        )


def _show_written(config: Path, settings: Settings, *, had_settings: bool) -> None:
    say(f"Written: {config}")
    if had_settings:
        say(f"The settings before are in {backup_of(config)}")
    for device in settings.devices:
        trouble = service_trouble(device, state_dir(settings))
        if trouble is not None:
            say_aside(f"{trouble[0]}\n→ {trouble[1]}")


def _asked_code(asking: Asking, settings: Settings) -> str | None:
    if settings.hq is None:
        return None
    return asking.text("One-time code from HQ (empty: later)") or None


def _enrol(config: Path, settings: Settings, code: str | None) -> bool:
    if code is None:
        return False
    from agent.daemon.enrolment import enrol_till

    make_state_dir(state_dir(settings))
    enrol_till(config, code, settings.tills[0].id)
    return True


def _show_next(config: Path, settings: Settings, *, enrolled: bool) -> None:
    till = settings.tills[0].id
    option = "" if config == DEFAULT_CONFIG else f" --config {config}"
    running = journal_holder(state_dir(settings) / JOURNAL)
    say("Next:")
    say(f"  systemctl {'restart' if running else 'enable --now'} till-agent")
    if settings.hq is not None and not enrolled:
        say(f"  at HQ: till-central enrol-code {settings.store.id} {till}")
        say(f"  till-agent enrol CODE{option}")
    if settings.hq is None:
        say(f"  till-agent import-items FILE.csv{option}")
    say(f"  till-agent pair {till}{option}")
    say(f"  till-agent doctor{option}")
