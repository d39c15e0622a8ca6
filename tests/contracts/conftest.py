"""Every way to HQ, before one and the same HQ: what holds for one must hold for all."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest
import uvicorn
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import ED25519
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import HTTPException

from agent.contracts.hq import HqRefused, HqSlowDown, NoSnapshot
from agent.core.exchange.coding import DECODED_BYTES_MAX, SIGNED_COMPONENTS, decode_batch
from agent.core.exchange.credentials import key_id
from agent.core.exchange.dictionary import PLAIN_CODING, dictionary
from agent.core.exchange.faults import FeedGone
from agent.core.exchange.leasing import LeaseAsk
from agent.core.exchange.versions import SYNC_VERSIONS, VERSIONS_HEADER
from agent.core.exchange.wire import Ack, EnrolRequest
from agent.daemon.demo.programs import free_port
from agent.links.http import HttpLink
from agent.links.memory import MemoryLink
from agent.links.memory_hq import MemoryHq

DEVICE = Ed25519PrivateKey.generate()
PUBLIC = DEVICE.public_key().public_bytes_raw()


class Keys(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id):
        assert key_id == globals()["key_id"](PUBLIC)
        return DEVICE.public_key()


class Served(uvicorn.Server):
    """A server whose start can be awaited."""

    def __init__(self, config):
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self.ready.set()


class HttpHq:
    """The HQ in memory behind a real server, with answers that can be put in its mouth."""

    def __init__(self, hq: MemoryHq) -> None:
        self.hq = hq
        self.seen: list[httpx.Headers] = []
        self.instead: Response | None = None
        self.versions = SYNC_VERSIONS
        self.codings = (PLAIN_CODING,)
        self.refused: dict[str, int] = {}
        self.seen_versions: list[str] = []
        self.port = free_port()
        self._task = None

    async def start(self) -> None:
        async def name_versions(message, _scope):
            if message["type"] == "http.response.start":
                MutableScopeHeaders.from_message(message)[VERSIONS_HEADER] = str(self.versions)

        handlers = [self.batches(), self.enrol(), self.feed(), self.manifest(), self.chunk()]
        handlers += [self.leases()]
        app = Litestar(handlers, openapi_config=None, before_send=[name_versions])
        config = uvicorn.Config(
            app, host="127.0.0.1", port=self.port, lifespan="off", ws="none", log_config=None
        )
        self._server = Served(config)
        self._task = asyncio.create_task(self._server.serve())
        await self._server.ready.wait()

    async def stop(self) -> None:
        if self._task is not None:
            self._server.should_exit = self._server.force_exit = True
            await self._task
            self._task = None

    def batches(self):
        @post("/v1/journals/{journal_id:str}/batches", status_code=200)
        async def handle(request: Request) -> Response:
            content = await self.verified(request)
            if self.instead:
                return self.instead
            coding = request.headers["content-encoding"]
            if coding in self.refused:
                raise HTTPException(status_code=self.refused[coding])
            assert coding in self.codings
            known = zstandard.ZstdCompressionDict(dictionary())
            unpacker = zstandard.ZstdDecompressor(None if coding == PLAIN_CODING else known)
            with unpacker.stream_reader(content) as reader:
                batch = decode_batch(reader.read(DECODED_BYTES_MAX), self.versions)
            journal_id = request.path_params["journal_id"]
            assert batch.journal_id == (journal_id if coding == PLAIN_CODING else "")
            batch = msgspec.structs.replace(batch, journal_id=journal_id)
            reply = self.answered(lambda: self.hq.receive(batch))
            if self.codings != (PLAIN_CODING,):
                reply.headers["Accept-Encoding"] = ", ".join(self.codings)
            return reply

        return handle

    def enrol(self):
        @post("/v1/enrol", status_code=200)
        async def handle(request: Request) -> Response:
            content = await self.verified(request)
            asked = msgspec.json.decode(content, type=EnrolRequest)
            return self.instead or self.answered(lambda: self.hq.enrol(asked))

        return handle

    def leases(self):
        @post("/v1/journals/{journal_id:str}/leases", status_code=200)
        async def handle(request: Request) -> Response:
            content = await self.verified(request)
            asked = msgspec.json.decode(content, type=LeaseAsk)
            assert asked.journal == request.path_params["journal_id"]
            return self.instead or self.answered(lambda: self.hq.lease(asked))

        return handle

    def feed(self):
        @get("/v1/feeds/{feed:str}")
        async def handle(request: Request) -> Response:
            await self.verified(request)
            scope, query = request.path_params["feed"], request.query_params
            after, limit = query["after"], int(query["limit"])
            return self.instead or self.answered(lambda: self.hq.page(scope, after, limit))

        return handle

    def manifest(self):
        @get("/v1/snapshots/{feed:str}")
        async def handle(request: Request) -> Response:
            await self.verified(request)
            scope, epoch = request.path_params["feed"], self.hq.database.epoch
            return self.instead or self.answered(lambda: self.hq.shelf.manifest(scope, epoch))

        return handle

    def chunk(self):
        @get("/v1/snapshots/{feed:str}/{snapshot:str}/{number:int}")
        async def handle(request: Request) -> Response:
            await self.verified(request)
            asked = [request.path_params[name] for name in ("feed", "snapshot", "number")]
            reply = self.instead or self.answered(lambda: self.hq.shelf.chunk(*asked))
            if reply.status_code == 200:
                reply.media_type = "application/octet-stream"
            return reply

        return handle

    async def verified(self, request) -> bytes:
        """Check who sent it, and that the content is what was signed."""
        content = await request.body()
        message = httpx.Request(
            request.method, str(request.url), headers=list(request.headers.items())
        )
        verifier = HTTPMessageVerifier(signature_algorithm=ED25519, key_resolver=Keys())
        verifier.verify(message, max_age=None, require_components=SIGNED_COMPONENTS, body=content)
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        assert f"sha-256=:{digest}:" == request.headers["content-digest"]
        self.seen.append(message.headers)
        self.check_version(message.headers["x-sync-version"])
        return content

    def check_version(self, version) -> None:
        self.seen_versions.append(version)
        if int(version) not in self.versions:
            raise HTTPException(f"HQ speaks sync version {self.versions}", status_code=426)

    def answered(self, ask) -> Response:
        try:
            reply = ask()
        except HqRefused as fault:
            return problem(403, fault)
        except FeedGone as fault:
            return problem(410, fault)
        except NoSnapshot as fault:
            return problem(404, fault)
        except HqSlowDown as fault:
            return problem(503, fault)
        named = getattr(reply, "name", "")
        status = 200 if isinstance(reply, Ack) else {"epoch": 410, "": 200}.get(named, 409)
        return Response(reply, status_code=status)


def problem(status, fault) -> Response:
    body = {"type": f"/problems/{fault.name}", "detail": fault.detail, "remedy": fault.remedy}
    return Response(body, status_code=status, media_type="application/problem+json")


class OverHttp:
    """HQ over HTTP."""

    @asynccontextmanager
    async def reach(self, hq, versions=SYNC_VERSIONS):
        self.server = HttpHq(hq)
        await self.server.start()
        link = HttpLink(
            f"http://127.0.0.1:{self.server.port}",
            private_key=DEVICE,
            keyid=key_id(PUBLIC),
            versions=versions,
        )
        try:
            yield link
        finally:
            await link.aclose()
            await self.server.stop()

    async def cut(self, _link):
        await self.server.stop()

    async def mend(self, _link):
        await self.server.start()


class InMemory:
    """HQ without a network."""

    @asynccontextmanager
    async def reach(self, hq):
        link = MemoryLink(hq)
        yield link
        await link.aclose()

    async def cut(self, link):
        link.set_offline(True)

    async def mend(self, link):
        link.set_offline(False)


@pytest.fixture(params=[InMemory, OverHttp])
def way(request):
    return request.param()


@pytest.fixture
def over_http():
    return OverHttp()


@pytest.fixture
def hq():
    return MemoryHq()


@pytest.fixture(scope="session")
def device():
    return DEVICE
