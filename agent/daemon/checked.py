"""Settings that this program can really start on: well-typed, consistent, and with drivers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agent.core.faults import InputFault
from agent.core.fields import FieldProblem
from agent.settings import Settings, load
from drivers.catalogue import build


def load_checked(path: Path) -> Settings:
    """Read a settings file and try what only the drivers know: addresses and models.

    Raises:
        SettingsFault: with every problem.
    """
    return load(path, _device_problems)


def _device_problems(settings: Settings) -> Iterator[FieldProblem]:
    for index, device in enumerate(settings.devices):
        try:
            build(device)
        except InputFault as fault:
            yield FieldProblem(f"device[{index}]", fault.detail, fault.remedy)
