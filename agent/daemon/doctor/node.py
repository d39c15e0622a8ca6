"""Device nodes: is it there, may the daemon use it, who else has it, and what was meant instead."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from agent.daemon.doctor.finding import Finding, ill, well
from agent.daemon.doctor.processes import Process, holders_of_file, plays, running
from agent.daemon.doctor.service import RULES, ServiceUser, how_to_allow, may_use
from agent.daemon.ports import DEV, Port, find_ports
from drivers.transports.evdev import EVIOCGRAB
from drivers.transports.sysfs import SYS, UsbNode, usb_nodes

CUPS_QUEUES = Path("/etc/cups/printers.conf")
"""Readable by root alone (CUPS, printers.conf(5))."""
LASTING = "serial/by-id"
_THIEVES = {
    "ModemManager": (
        "takes it for a modem",
        f"{RULES}; or: systemctl disable --now ModemManager",
    ),
    "brltty": (
        "takes it for a braille display",
        "apt-get remove brltty, or take its line out of /usr/lib/udev/rules.d/85-brltty.rules",
    ),
    "cupsd": ("prints on it", "take its queue away: lpstat -v, then lpadmin -x QUEUE"),
    "usb": ("is CUPS, printing on it", "take its queue away: lpstat -v, then lpadmin -x QUEUE"),
}
"""Program → what it does with a till's device, and the cure."""


def look(name: str, path: Path, user: ServiceUser, daemon: Process | None) -> Finding:
    """Check one node.

    Args:
        name: of the finding.
        path: of the node.
        user: whom the daemon runs as.
        daemon: which may well hold it.
    """
    try:
        if not may_use(path, user):
            return ill(name, *how_to_allow(path, user))
    except FileNotFoundError:
        return missing(name, path)
    except OSError as error:
        return ill(name, f"{path}: {error.strerror}", "run as root: till-agent doctor")
    others = [each for each in holders_of_file(path) if daemon is None or each.pid != daemon.pid]
    players = [each for each in others if plays(each, path)]
    if len(others) > len(players):
        return held(name, path, [each for each in others if each not in players])
    played = f"; {players[0]} plays the device behind it" if players else ""
    return well(name, f"{path} is there, and {user.name} may use it{played}", _lasting(path))


def held(name: str, path: Path, others: Sequence[Process]) -> Finding:
    """Say who holds a node, with the cure where the program is a known thief."""
    said = f"{path} is held by {', '.join(map(str, others))}"
    for each in others:
        if each.program in _THIEVES:
            what, cure = _THIEVES[each.program]
            return ill(name, f"{said}, which {what}", cure)
    return ill(name, said, f"stop that program: a port has one reader (fuser -v {path})")


def missing(name: str, path: Path, dev: Path = DEV, sys: Path = SYS) -> Finding:
    """Say that a node is not there, and what was most likely meant."""
    said = f"{path}: {os.strerror(errno.ENOENT)}"
    if path.name.startswith("lp") or "usb/lp" in str(path):
        return ill(name, said, _no_usb_printer(usb_nodes("usblp", sys, dev)))
    if path.name.startswith(("event", "hidraw")):
        kind = "evdev" if path.name.startswith("event") else "hidraw"
        return ill(name, said, _seen([node.title for node in usb_nodes(kind, sys, dev)]))
    return ill(name, said, _no_port(path, find_ports(dev)))


def _no_port(path: Path, here: list[Port]) -> str:
    thief = running({"brltty"})
    if not here and thief:
        return f"{thief[0]} may have taken it: {_THIEVES['brltty'][1]}; then plug it in again"
    meant = _similar(path, here)
    if meant is not None:
        return f'is it this one? address = "serial:{meant.path}"; {_ports(here)}'
    return f"plug it in and switch it on, or correct its address; {_ports(here)}"


def _similar(path: Path, here: list[Port]) -> Port | None:
    """Find the port that was most likely meant: the only one, or the one of the nearest name."""
    near = get_close_matches(path.name, [Path(port.path).name for port in here], n=1)
    named = [port for port in here if near and Path(port.path).name == near[0]]
    found = named or (here if len(here) == 1 else [])
    return found[0] if found else None


def _ports(here: list[Port]) -> str:
    if not here:
        return "there is no serial port now"
    return f"ports there are now: {', '.join(port.path for port in here)}"


def _no_usb_printer(here: list[UsbNode]) -> str:
    if here:
        return _seen([node.title for node in here])
    queues = cups_queues()
    if queues:
        return (
            f"CUPS has it (queue {queues[0]}) and takes it from the kernel: lpadmin -x {queues[0]}"
        )
    return (
        "plug it in and switch it on; if lsusb shows it: modprobe usblp, and let no CUPS queue "
        "use it (lpstat -v)"
    )


def cups_queues(conf: Path = CUPS_QUEUES) -> list[str]:
    """List the CUPS queues that print on a USB printer; none where that cannot be read."""
    try:
        lines = conf.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    queue, found = "", []
    for line in lines:
        if line.startswith(("<Printer ", "<DefaultPrinter ")):
            queue = line.split(maxsplit=1)[1].rstrip(">")
        elif line.startswith("DeviceURI usb:"):
            found.append(queue)
    return found


def _seen(titles: list[str]) -> str:
    said = "; ".join(titles) or "none of its kind"
    return f"plug it in, or correct its address; there now: {said}"


def _lasting(path: Path) -> str:
    """Advise a name that stays; the kernel numbers devices in the order they are found."""
    if not path.name.startswith(("ttyACM", "ttyUSB")):
        return ""
    named = [port.path for port in find_ports() if port.device == str(path) != port.path]
    return f'address = "serial:{named[0]}" stays the same after a restart' if named else ""


def is_grabbed(path: Path) -> bool | None:
    """Tell whether somebody has grabbed a keyboard (EVIOCGRAB); None where it cannot be told."""
    try:
        keyboard = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.ioctl(keyboard, EVIOCGRAB, 1)
        fcntl.ioctl(keyboard, EVIOCGRAB, 0)
    except OSError as error:
        return True if error.errno == errno.EBUSY else None
    finally:
        os.close(keyboard)
    return False
