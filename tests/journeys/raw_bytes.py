"""Looking for somebody in every byte of what programs keep, whatever they say of it themselves."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import zstandard

from agent.core.privacy import keys_of, stretch, token
from agent.core.recognition import IdentifierType, name_postcode, normalise
from central.intake.root_key import RootKey, master_of
from tests.till.stolen_disk import Known, writings

TYPES = frozenset(IdentifierType)


class Scan(NamedTuple):
    """What a look through some files brought."""

    hits: list[str]
    files: int
    bytes: int
    writings: int

    def __str__(self) -> str:
        """Say it in a line."""
        return (
            f"{self.files} files, {self.bytes:,} bytes, {self.writings} writings: "
            f"{len(self.hits)} hits"
        )


def readable(known: Iterable[Known]) -> dict[bytes, str]:
    """Give every writing of what is known that needs no key, with what it is of."""
    return {trace: f"{one.kind} {one.value}" for one in known for trace in writings(one)}


def known_by(root_key: Path, one, scopes: Iterable[str]) -> dict[bytes, str]:
    """Give what a chain itself knows somebody by: stretches, fingerprints, tokens of its scopes."""
    master = master_of(RootKey.open(root_key))
    found = {}
    for each in _identifiers(one):
        stretched = stretch(each, master.pepper, master.stretching)
        found[stretched] = f"the stretch of a {each.type}"
        found[master.fingerprint(each).encode()] = f"the fingerprint of a {each.type}"
        for scope in scopes:
            made = token(keys_of(master.key(scope, 1)), stretched)
            for written in (made, made.hex().encode(), base64.b64encode(made)):
                found[written] = f"the token of a {each.type} in {scope}"
    return {trace.lower(): what for trace, what in found.items()}


def scanned(wanted: dict[bytes, str], *places: Path) -> Scan:
    """Look through every byte of every file under some places, in whatever case it is written."""
    hits, files, size = [], 0, 0
    for place in places:
        for path, content in contents(place):
            files, size, folded = files + 1, size + len(content), content.lower()
            hits += [f"{what}: {path}" for trace, what in wanted.items() if trace in folded]
    return Scan(sorted(set(hits)), files, size, len(wanted))


def contents(place: Path) -> Iterator[tuple[Path, bytes]]:
    """Read every file under a place; the pieces of a snapshot are put together and unpacked."""
    for path in sorted(Path(place).rglob("*")) if place.is_dir() else [place]:
        try:
            if path.is_file():
                content = path.read_bytes()
                yield path, content if content.strip(b"\0") else b""
                if path.name == "0" and path.parent.parent.name == "snapshots":
                    yield path.parent, unpacked(path.parent)
        except FileNotFoundError:
            continue  # A file of a program that runs: a log that was emptied, a snapshot.


def unpacked(folder: Path) -> bytes:
    """Give what the pieces of a snapshot hold."""
    numbered = (each for each in folder.iterdir() if each.name.isdigit())
    packed = b"".join(
        each.read_bytes() for each in sorted(numbered, key=lambda path: int(path.name))
    )
    return zstandard.ZstdDecompressor().decompressobj().decompress(packed)


def _identifiers(one):
    for each in one.known:
        if each.kind in TYPES:
            # A web account is one of its channel.
            channel = "web/" if each.kind == IdentifierType.WEB_ACCOUNT else ""
            yield normalise(IdentifierType(each.kind), channel + each.value, "DE")
    yield name_postcode.key(one.name, one.postcode)
