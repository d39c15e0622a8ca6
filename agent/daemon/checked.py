"""Settings that this program can really start on: well-typed, consistent, and with drivers."""

from __future__ import annotations

from pathlib import Path

from agent.core.faults import InputFault
from agent.core.fields import FieldProblem
from agent.settings import DeviceSettings, Settings, SettingsFault, load
from drivers.catalogue import build


def load_checked(path: Path) -> Settings:
    """Read a settings file and try what only the drivers know: addresses and models.

    Raises:
        SettingsFault: with every problem.
    """
    settings = load(path)
    problems = [
        problem
        for index, device in enumerate(settings.devices)
        for problem in _device_problems(index, device)
    ]
    if problems:
        raise SettingsFault(path, problems)
    return settings


def _device_problems(index: int, device: DeviceSettings) -> list[FieldProblem]:
    try:
        build(device)
    except InputFault as fault:
        return [FieldProblem(f"device[{index}]", fault.detail, fault.remedy)]
    return []
