"""What a transport is: something that opens into a stream of bytes, and a stream on a descriptor.

Serial ports, sockets, input devices and pipes are all file descriptors to the kernel, so one class
reads and writes them: it asks the event loop when the descriptor is ready and never blocks a
thread. Foreign errors are translated here, once, into `DeviceFault`.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import sys
import termios
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType
from typing import Protocol

from agent.contracts.devices import DeviceFault

READ_SIZE = 65_536
"""More than a tty (4 KiB) or a socket hands over at once on this kind of machine."""


class Stream(Protocol):
    """An open connection to a device."""

    async def read(self) -> bytes:
        """Wait for bytes and give all that is there, never none.

        Raises:
            DeviceFault: the device went away.
        """
        ...

    async def write_some(self, data: bytes) -> int:
        """Wait for room and hand over what fits; give the number of bytes taken, at least one.

        The caller counts, so it always knows whether a byte can have reached the device.

        Raises:
            DeviceFault: the device went away; nothing of `data` was taken.
        """
        ...

    def unsent(self) -> int:
        """Tell how many bytes handed over have not left this machine; 0 where nobody knows."""
        ...


class Transport(Protocol):
    """A way to a device; may be opened again and again, one stream at a time."""

    def open(self) -> AbstractAsyncContextManager[Stream]:
        """Open it; closing the context closes it.

        Raises:
            DeviceFault: it cannot be opened; the remedy says what to check.
        """
        ...


def gone(name: str, cause: OSError | None = None) -> DeviceFault:
    """Say that a device went away, in the words a technician can act on."""
    reason = os.strerror(cause.errno) if cause and cause.errno else "it closed the connection"
    return DeviceFault(
        f"{name} went away: {reason}",
        remedy="check its cable and power; it is opened again by itself",
        name="device-gone",
    )


class DescriptorStream:
    """A stream on a non-blocking file descriptor."""

    def __init__(self, descriptor: int, name: str) -> None:
        """Watch `descriptor`, which stays its opener's to close; `name` is for messages."""
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._name = name
        self._loop = asyncio.get_running_loop()

    async def read(self) -> bytes:
        """Wait for bytes and give all that is there."""
        while True:
            await self._ready(self._loop.add_reader, self._loop.remove_reader)
            try:
                data = os.read(self._descriptor, READ_SIZE)
            except BlockingIOError:
                continue
            except OSError as cause:
                raise gone(self._name, cause) from cause
            if data:
                return data
            await self.nothing_read()

    async def nothing_read(self) -> None:
        """Say what an empty read of a ready descriptor means: a hang-up, unless overridden.

        Raises:
            DeviceFault: the device went away.
        """
        raise gone(self._name)

    async def write_some(self, data: bytes) -> int:
        """Hand over what the kernel takes, waiting only when it takes nothing."""
        while True:
            try:
                taken = os.write(self._descriptor, data)
            except BlockingIOError:
                taken = 0
            except OSError as cause:
                raise gone(self._name, cause) from cause
            if taken:
                return taken
            await self._ready(self._loop.add_writer, self._loop.remove_writer)

    def unsent(self) -> int:
        """Ask the kernel; of a socket it counts what the device has not acknowledged."""
        waiting = bytearray(4)
        try:
            fcntl.ioctl(self._descriptor, termios.TIOCOUTQ, waiting)
        except OSError:  # a kind of device that does not count, or one that went away
            return 0
        return int.from_bytes(waiting, sys.byteorder)

    async def _ready(self, add: Callable[..., None], remove: Callable[[int], bool]) -> None:
        ready: asyncio.Future[None] = self._loop.create_future()
        try:
            add(self._descriptor, _resolve, ready)
        except OSError as cause:  # epoll refuses a descriptor the kernel has already taken away
            raise gone(self._name, cause) from cause
        try:
            await ready
        finally:
            remove(self._descriptor)


def _resolve(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


REMEDIES = {
    errno.ENOENT: "check that it is plugged in and that the address in the settings names it",
    errno.ENODEV: "check that it is plugged in and switched on",
    errno.EACCES: "let the agent's user into the port's group (usually `dialout`, or `lp`)",
    errno.EBUSY: "another program holds it: find it with `fuser -v` and stop it",
    errno.EAGAIN: "another program holds it: find it with `fuser -v` and stop it",
    errno.ECONNREFUSED: "check the port number, and that nothing else is connected to it",
    errno.EHOSTUNREACH: "check its power, its network cable and its IP address",
    errno.ENETUNREACH: "check this machine's network",
}
"""By errno of opening: what a person does about it."""


def cannot_open(
    name: str, cause: OSError, remedies: Mapping[int, str] = MappingProxyType({})
) -> DeviceFault:
    """Say why a device could not be opened, and the remedy that fits the errno.

    Args:
        name: of the device.
        cause: what the system said.
        remedies: by errno, for a kind of device that needs other words than `REMEDIES`.
    """
    # Of a name that is not found (`gaierror`) the number is none of the system's errors.
    number = cause.errno or 0
    reason = os.strerror(number) if number > 0 else cause.strerror or str(cause)
    usual = REMEDIES.get(number, "check the address in the settings and the device")
    remedy = remedies.get(number, usual)
    return DeviceFault(f"{name} cannot be opened: {reason}", remedy=remedy, name="device-closed")
