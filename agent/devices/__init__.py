"""Opens, watches and reopens the devices it is handed, and works off print jobs."""

from __future__ import annotations

from agent.devices.board import DeviceStatus
from agent.devices.handed import DrawerOptions, Handed
from agent.devices.supervisor import DeviceSupervisor

__all__ = ["DeviceStatus", "DeviceSupervisor", "DrawerOptions", "Handed"]
