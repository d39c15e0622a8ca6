"""Snapshots: a whole feed scope as one file, for a till that begins it or has lost its place.

HQ says what the file is in a manifest under its root key: this is the directory every till will
believe. The file travels in chunks, each named by its hash, so that what was broken off goes on
where it stopped, whoever carried the bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from agent.core.exchange.cursors import parse
from agent.core.exchange.signed import Sign, Verify, statement, unhex
from agent.core.faults import Fault, InputFault

CHUNK_BYTES_MAX = 4 << 20
"""A chunk as it travels; a till holds one in memory at a time."""
SIZE_MAX = 1 << 40
"""Of a file, unpacked."""
_DOMAIN = b"till-agent snapshot v1"


class SnapshotUnusable(Fault):
    """A snapshot that is not installed; the feed is read page by page instead."""

    name = "snapshot-unusable"
    title = "A snapshot cannot be used"


class Chunk(msgspec.Struct, frozen=True):
    """A piece of the compressed file, as it travels."""

    sha256: str
    """Hexadecimal."""
    bytes: int


class Manifest(msgspec.Struct, frozen=True):
    """What a snapshot is; HQ signs the canonical JSON of it."""

    snapshot_id: str
    scope: str
    epoch: str
    cursor: str
    """`epoch.fseq.fh`: the feed goes on from here."""
    format: int
    """Layout of the file: `exchange.replica.FORMAT`."""
    shapes: str
    """Which shapes its rows have: `exchange.replica.SHAPES`."""
    rows: int
    """Keys in it."""
    size: int
    """Bytes of the file, unpacked."""
    sha256: str
    """Of the file, unpacked; hexadecimal."""
    chunks: tuple[Chunk, ...]
    """One zstd frame (RFC 8878), cut into pieces in their order."""
    made_at: str = ""
    """HQ's clock, for show."""

    @property
    def bytes(self) -> int:
        """Add up what travels."""
        return sum(chunk.bytes for chunk in self.chunks)


class SignedManifest(msgspec.Struct, frozen=True):
    """A manifest as it travels."""

    manifest: str
    """Canonical JSON of `Manifest`: what is signed, byte for byte."""
    signature: str
    """Ed25519 by HQ's root key over `manifest_bytes(...)`, hexadecimal."""


def manifest_bytes(text: str) -> bytes:
    """Write what HQ signs of a manifest."""
    return statement(_DOMAIN, text.encode())


def make_manifest(sign: Sign, manifest: Manifest) -> SignedManifest:
    """Sign a manifest."""
    text = msgspec.json.encode(manifest, order="deterministic").decode()
    return SignedManifest(text, sign(manifest_bytes(text)).hex())


def read_manifest(signed: SignedManifest, scope: str, verify: Verify) -> Manifest:
    """Read the manifest of a scope's snapshot.

    Args:
        signed: as received.
        scope: the one that was asked for.
        verify: checks a signature by HQ's root key.

    Raises:
        SnapshotUnusable: HQ did not sign it, it is of another scope, or it contradicts itself.
    """
    if not verify(unhex(signed.signature), manifest_bytes(signed.manifest)):
        raise unusable(scope, "its manifest does not carry the signature of HQ's root key")
    try:
        manifest = msgspec.json.decode(signed.manifest, type=Manifest)
        cursor = parse(manifest.cursor)
    except (msgspec.MsgspecError, RecursionError, InputFault) as error:
        raise unusable(scope, f"its manifest cannot be read: {error}") from error
    if manifest.scope != scope:
        raise unusable(scope, f"HQ gave the one of {manifest.scope[:80]!r} instead")
    if cursor.epoch != manifest.epoch or not _is_possible(manifest):
        raise unusable(scope, "its manifest contradicts itself")
    return manifest


def is_chunk(chunk: Chunk, content: bytes) -> bool:
    """Tell whether bytes are the chunk they should be."""
    return len(content) == chunk.bytes and hashlib.sha256(content).hexdigest() == chunk.sha256


def unusable(scope: str, reason: str, *, name: str | None = None) -> SnapshotUnusable:
    """Say why the snapshot of a scope is not installed."""
    return SnapshotUnusable(
        f"HQ's snapshot of {scope} cannot be used: {reason}",
        remedy="nothing at the till: what it holds stays in use and the feed is read page by page; "
        "if it happens again, look into HQ's log and at what stands between till and HQ",
        name=name,
    )


def _is_possible(manifest: Manifest) -> bool:
    sizes = [chunk.bytes for chunk in manifest.chunks]
    return bool(sizes) and 0 < manifest.size <= SIZE_MAX and _are_chunks(sizes)


def _are_chunks(sizes: Sequence[int]) -> bool:
    return min(sizes) > 0 and max(sizes) <= CHUNK_BYTES_MAX
