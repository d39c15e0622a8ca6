"""The snapshots of the HQ in memory: put there ready-made, signed, and given out in chunks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import zstandard

from agent.contracts.hq import HqSlowDown, NoSnapshot
from agent.core.exchange.cursors import parse
from agent.core.exchange.replica import FORMAT, SHAPES
from agent.core.exchange.signed import Sign
from agent.core.exchange.snapshots import Chunk, Manifest, SignedManifest, make_manifest

CHUNK_BYTES = 64 << 10
_BUILDING_MS = 20


@dataclass
class Shelf:
    """Snapshots by scope; each of them stays to be fetched after a newer one came."""

    sign: Sign
    building: set[str] = field(default_factory=set)
    """Scopes of which one is being made: tills are asked for patience."""
    newest: dict[str, tuple[str, SignedManifest]] = field(default_factory=dict)
    """Scope → epoch, manifest."""
    chunks: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    """Every chunk that was asked for: snapshot id, number."""

    def offer(
        self,
        scope: str,
        cursor: str,
        content: bytes,
        *,
        rows: int = 1,
        chunk_bytes: int = CHUNK_BYTES,
        layout: int = FORMAT,
        shapes: str = SHAPES,
    ) -> Manifest:
        """Put a snapshot there.

        Args:
            scope: of the feed.
            cursor: where the feed goes on after it.
            content: the SQLite file.
            rows: keys in it.
            chunk_bytes: size of the pieces it travels in.
            layout: `exchange.replica.FORMAT` of whoever made it.
            shapes: `exchange.replica.SHAPES` of whoever made it.
        """
        packed = zstandard.ZstdCompressor(level=3).compress(content)
        pieces = [packed[at : at + chunk_bytes] for at in range(0, len(packed), chunk_bytes)]
        manifest = Manifest(
            snapshot_id=hashlib.sha256(f"{scope}{cursor}".encode() + packed).hexdigest()[:32],
            scope=scope,
            epoch=parse(cursor).epoch,
            cursor=cursor,
            format=layout,
            shapes=shapes,
            rows=rows,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            chunks=tuple(Chunk(hashlib.sha256(one).hexdigest(), len(one)) for one in pieces),
        )
        self.chunks[scope, manifest.snapshot_id] = pieces
        self.newest[scope] = (manifest.epoch, make_manifest(self.sign, manifest))
        return manifest

    def manifest(self, scope: str, epoch: str) -> SignedManifest:
        """Give the newest manifest of a scope, if it is of HQ's present epoch.

        Raises:
            HqSlowDown: it is being made.
            NoSnapshot: there is none.
        """
        if scope in self.building:
            raise HqSlowDown("it is being made", remedy="nothing", delay_ms=_BUILDING_MS)
        made_in, manifest = self.newest.get(scope, ("", None))
        if manifest is None or made_in != epoch:
            raise _nothing(scope)
        return manifest

    def chunk(self, scope: str, snapshot_id: str, number: int) -> bytes:
        """Give a piece.

        Raises:
            NoSnapshot: there is no such snapshot, or no such piece of it.
        """
        self.asked.append((snapshot_id, number))
        pieces = self.chunks.get((scope, snapshot_id), [])
        if not 0 <= number < len(pieces):
            raise _nothing(scope)
        return pieces[number]


def _nothing(scope: str) -> NoSnapshot:
    return NoSnapshot(
        f"this HQ has no such snapshot of {scope}", remedy="nothing: the feed is read page by page"
    )
