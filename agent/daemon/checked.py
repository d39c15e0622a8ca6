"""Settings that this program can really start on: well-typed, consistent, and with drivers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec

from agent.core.faults import InputFault
from agent.core.fields import FieldProblem
from agent.daemon.receipts import template_problems
from agent.settings import DeviceSettings, Settings, load
from agent.settings.device_checks import device_problems
from drivers.catalogue import build


def load_checked(path: Path) -> Settings:
    """Read a settings file, the receipt template it names, and try addresses and models.

    A relative path in it begins at the settings file's own folder.

    Raises:
        SettingsFault: with every problem.
    """
    folder = path.absolute().parent
    return _rooted(load(path, _device_problems, partial(_template_problems, folder)), folder)


def _rooted(settings: Settings, folder: Path) -> Settings:
    if settings.store.receipt_template is None:
        return settings
    place = str(folder / settings.store.receipt_template)
    store = msgspec.structs.replace(settings.store, receipt_template=place)
    return msgspec.structs.replace(settings, store=store)


def _template_problems(folder: Path, settings: Settings) -> Iterator[FieldProblem]:
    yield from template_problems(_rooted(settings, folder))


def _device_problems(settings: Settings) -> Iterator[FieldProblem]:
    told = {found.path for found in device_problems(settings)}
    for index, device in enumerate(settings.devices):
        for fault in _refusals(device):
            path = f"device[{index}]{_setting(fault)}"
            if path not in told:
                yield FieldProblem(path, fault.detail, fault.remedy)


def _refusals(device: DeviceSettings) -> Iterator[InputFault]:
    """Give why no driver takes a device; a bad address does not hide a model nobody knows."""
    fault = _refusal(device)
    if fault is None:
        return
    yield fault
    if fault.name == "bad-address" and device.kind != "scanner":
        hidden = _refusal(msgspec.structs.replace(device, address="virtual:check"))
        if hidden is not None:
            yield hidden


def _refusal(device: DeviceSettings) -> InputFault | None:
    try:
        build(device)
    except InputFault as fault:
        return fault
    return None


def _setting(fault: InputFault) -> str:
    """Name the setting a driver refuses, as its fault is called: `bad-layout`, `unknown-model`."""
    named = fault.name.partition("-")[2].replace("-", "_")
    known = {field.name for field in msgspec.structs.fields(DeviceSettings)} | {"frame_timeout"}
    if named not in known:
        return ""
    return f".{'frame_timeout_ms' if named == 'frame_timeout' else named}"
