"""`till-agent devices`: the devices with their state, and the models there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import msgspec

from agent.core.identifiers import DeviceId
from agent.daemon.claiming import owners
from agent.daemon.control import DaemonAway, ask
from agent.devices.claims import Ownership
from agent.program.terminal import print_json, say, say_aside
from agent.settings import Settings, load

NOT_RUNNING = "not running"
"""The state of every device while no daemon watches it."""


class ListedDevice(msgspec.Struct, frozen=True):
    """What `devices --json` prints of each device."""

    id: DeviceId
    kind: str
    model: str | None
    """Of a printer, display or scale; None takes the default one."""
    address: str
    tills: tuple[str, ...]
    """Which tills use it."""
    state: str
    """As the daemon tells it; `not running` while there is none."""
    detail: str = ""
    since: str | None = None
    owner: str | None = None
    """Which till has a scanner that several tills name; None where nobody has claimed it."""


def list_devices(config: Path, *, json: bool) -> None:
    """Show the devices of the settings, as the running daemon sees them.

    Raises:
        SettingsFault: the settings cannot be read.
        AccessFault: this user may not ask the daemon.
    """
    settings = load(config)
    seen = _seen(settings)
    listed = [_listed(settings, n, seen) for n in range(len(settings.devices))]
    if seen:
        shared = owners(settings)
        listed = [_owned(each, shared.get(each.id)) for each in listed]
    if json:
        print_json(listed)
        return
    for device in listed:
        _show(device)
    if not listed:
        say_aside(f"there is no [[device]] in {config}")
    elif all(device.state == NOT_RUNNING for device in listed):
        say_aside("→ start the daemon to see how they are: systemctl start till-agent")


def _seen(settings: Settings) -> dict[str, dict[str, Any]]:
    try:
        status = ask(settings, "GET", "/v1/status")
    except DaemonAway:
        return {}
    return {device["id"]: device for device in status.get("devices", [])}


def _listed(settings: Settings, n: int, seen: dict[str, dict[str, Any]]) -> ListedDevice:
    device = settings.devices[n]
    told = seen.get(device.id, {})
    return ListedDevice(
        id=device.id,
        kind=device.kind,
        model=device.model,
        address=device.address,
        tills=tuple(
            till.id
            for till in settings.tills
            if device.id in {*till.scanners, till.printer, till.drawer, till.display, till.scale}
        ),
        state=told.get("state", NOT_RUNNING),
        detail=told.get("detail", ""),
        since=told.get("since"),
    )


def _owned(device: ListedDevice, shared: Ownership | None) -> ListedDevice:
    if shared is None:
        return device
    if shared.owner is not None:
        return msgspec.structs.replace(device, owner=shared.owner)
    remedy = f"no till has claimed it: till-agent devices claim {device.id} {shared.tills[0]}"
    return msgspec.structs.replace(device, detail="; ".join(filter(None, (device.detail, remedy))))


def _show(device: ListedDevice) -> None:
    model = f" {device.model}" if device.model else ""
    tills = ", ".join(device.tills) or "no till"
    tills += f" (now {device.owner})" if device.owner else ""
    say(f"{device.id}: {device.kind}{model} at {device.address}, for {tills}: {device.state}")
    if device.detail:
        say(f"  {device.detail}")


class ListedModel(msgspec.Struct, frozen=True):
    """What `devices --models --json` prints of each model."""

    kind: str
    """`printer`, `scale` or `display`."""
    name: str
    """As written in `[[device]] model`."""
    title: str
    proof: str
    """`emulated`, `captured` or `tested on hardware`."""
    reason: str
    """What is odd about it."""
    default: bool
    """Taken where none is named."""
    columns: int | None = None
    """Characters per line; None of a scale."""
    dots: int | None = None
    """Printable width of a printer."""


def list_models(*, json: bool) -> None:
    """Show the tables of models: printers, scales, displays."""
    listed = list(_models())
    if json:
        print_json(listed)
        return
    width = max(len(model.name) for model in listed)
    proof = max(len(model.proof) for model in listed)
    for model in listed:
        default = " (taken where none is named)" if model.default else ""
        columns = f", {model.columns} columns" if model.columns else ""
        say(
            f"{model.kind:<7}  {model.name:<{width}}  {model.proof:<{proof}}  "
            f"{model.title}{columns}{default}"
        )


class _Model(Protocol):
    """A row of any of the tables."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def proof(self) -> str: ...
    @property
    def reason(self) -> str: ...


def _models() -> Iterator[ListedModel]:
    from drivers.displays import models as displays
    from drivers.printers import models as printers
    from drivers.scales import models as scales

    for printer in printers.MODELS.values():
        dialect = printer.dialect
        row = _row("printer", printer, printers.DEFAULT_MODEL)
        yield msgspec.structs.replace(row, columns=dialect.columns, dots=dialect.dots)
    for scale in scales.MODELS.values():
        yield _row("scale", scale, scales.DEFAULT_MODEL)
    for display in displays.MODELS.values():
        row = _row("display", display, displays.DEFAULT_MODEL)
        yield msgspec.structs.replace(row, columns=display.columns)


def _row(kind: str, model: _Model, default: str) -> ListedModel:
    return ListedModel(
        kind=kind,
        name=model.name,
        title=model.title,
        proof=model.proof,
        reason=model.reason,
        default=model.name == default,
    )
