"""Attacking a stolen state directory: what can be read, what can be tried, and what a try costs.

    python -m tests.till.stolen_disk STATE_DIR --known FILE [--key machine.key]

`--known` names one thing per line that the owner knows to be in there: `phone +49301234567`,
`email ada@example.com`, `loyalty_card LC1PB1X9SFPE`, `text Lovelace`. Without the key every file is
searched for each of them in many writings, and for every hash of them that needs no key. With the
key each is looked up as the till does, and the cost of trying all there could be is computed from
what a try takes here. Nothing is changed: the attack works on a copy.
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import blake2b, md5, sha1, sha256, sha512
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from agent.core.privacy import KINDS, cost_table, keys_of, stretch, token
from agent.core.privacy.keys import context, derived
from agent.core.recognition import Found, Identifier, IdentifierType
from agent.daemon.replica_keys import FILE_NAME as KEYS
from agent.directory import Directory, Keyring
from agent.program.terminal import say

TEXT = "text"
CENTS_PER_CORE_HOUR = 2
_HASHES = (md5, sha1, sha256, sha512, blake2b)
_TOKEN_BYTES = 16
_LEAST = 5
"""Shorter writings are found by chance in any database."""
_ROUNDS = 5


class Known(NamedTuple):
    """One thing the owner knows to be in there."""

    kind: str
    value: str


class Loot(NamedTuple):
    """What an attack brought."""

    read: list[tuple[Known, str]]
    """Found in a file without any key."""
    opened: list[Known]
    """Found by looking it up with the key."""


def attack(state_dir: Path, known: list[Known], machine_key: bytes | None = None) -> Loot:
    """Try everything on a state directory.

    Args:
        state_dir: as stolen.
        known: what is looked for.
        machine_key: as the daemon makes it of the key file; None where that was not stolen.
    """
    read = list(_read(state_dir, known))
    opened = [] if machine_key is None else _opened(state_dir, known, machine_key)
    return Loot(read, opened)


def _read(state_dir: Path, known: list[Known]) -> Iterator[tuple[Known, str]]:
    wanted = [(one, writings(one)) for one in known]
    for path in sorted(state_dir.rglob("*")):
        # What is held back on the disk for bad days is zeros, and large.
        content = path.read_bytes().strip(b"\0").lower() if path.is_file() else b""
        yield from ((one, path.name) for one, traces in wanted if _holds(content, traces))


def _holds(folded: bytes, traces: Iterable[bytes]) -> bool:
    return any(trace in folded for trace in traces)


def writings(one: Known) -> set[bytes]:
    """Write a thing in every way that needs no key, in lower case: plain, coded, and hashed."""
    texts = _spellings(one)
    plain = {code for text in texts for code in _encoded(text)}
    coded = {way for each in plain for way in _coded(each)}
    coded |= {quote(text).encode() for text in texts}
    coded |= {json.dumps(text)[1:-1].encode() for text in texts}
    said = {text.encode() for text in texts} | {f"{one.kind}\0{text}".encode() for text in texts}
    digests = {hash_(each).digest()[:_TOKEN_BYTES] for hash_ in _HASHES for each in said}
    written = {each.hex().encode() for each in digests}
    written |= {base64.b64encode(each)[:_TOKEN_BYTES] for each in digests}
    found = {each for each in plain | coded if len(each) >= _LEAST} | digests | written
    return {each.lower() for each in found}


def _spellings(one: Known) -> set[str]:
    """Give the ways people and programs write a thing."""
    texts = {one.value, one.value.lower(), one.value.upper(), one.value.casefold()}
    if one.kind == IdentifierType.PHONE:
        digits = "".join(sign for sign in one.value if sign.isdigit())
        here = digits[2:]
        texts |= {digits, here, "0" + here, "00" + digits, f"0{here[:3]} {here[3:]}"}
        texts |= {f"0{here[:3]}{sign}{here[3:]}" for sign in "/-"}
        texts |= {f"0{here[:3]} / {here[3:6]} {here[6:8]}-{here[8:]}"}
    return texts


def _encoded(text: str) -> Iterator[bytes]:
    """Give a text in the encodings of disks and devices."""
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "latin-1"):
        with suppress(UnicodeEncodeError):
            yield text.encode(encoding)


def _coded(plain: bytes) -> Iterator[bytes]:
    """Give bytes as text: hexadecimal, and base64 wherever in a longer text they begin."""
    yield plain.hex().encode()
    for before in range(3):
        # What the bytes around them decide, too, is left away.
        coded = base64.b64encode(bytes(before) + plain)
        start, whole = (0, 2, 3)[before], (before + len(plain)) * 8 // 6
        yield coded[start:whole]


def _opened(state_dir: Path, known: list[Known], machine_key: bytes) -> list[Known]:
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "state"
        shutil.copytree(state_dir, copy, symlinks=True)
        keyring = Keyring(machine_key, copy / KEYS)
        directory = Directory.open(copy / "directory.db", keyring)
        try:
            return [one for one in known if one.kind != TEXT and _is_found(directory, one)]
        finally:
            directory.close()


def _is_found(directory: Directory, one: Known) -> bool:
    return isinstance(directory.party(Identifier(IdentifierType(one.kind), one.value)), Found)


def costs() -> str:
    """Say what all that could be tried costs, with one core of this machine and the key."""
    key = Keyring.passing().own()
    uses = keys_of(key)
    one = Identifier(IdentifierType.PHONE, "+49301234567")
    stretch_ns = min(_spent_ns(lambda: stretch(one, key.pepper, key.stretching)))
    check_ns = min(_spent_ns(lambda: token(uses, bytes(32))))
    table = cost_table(
        KINDS,
        stretch_ns=stretch_ns,
        check_ns=check_ns,
        cents_per_core_hour=CENTS_PER_CORE_HOUR,
    )
    lines = [f"a try takes {stretch_ns // 1000:,} µs of one core"]
    for each in table:
        opens = each.opens.name.lower()
        days = f"{each.core_days:,} core-days"
        lines.append(f"{each.kind:<28}{days:>36}  opens {opens:<8} {each.basis}")
    return "\n".join(lines)


def _spent_ns(call) -> list[int]:
    spent = []
    for _ in range(_ROUNDS):
        began = time.process_time_ns()
        call()
        spent.append(max(time.process_time_ns() - began, 1))
    return spent


def main() -> int:
    """Attack what the command line names; 1 where anything could be read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state_dir", type=Path)
    parser.add_argument("--known", type=Path, required=True)
    parser.add_argument("--key", type=Path)
    asked = parser.parse_args()
    lines = asked.known.read_text(encoding="utf-8").splitlines()
    known = [Known(*line.split(" ", 1)) for line in lines if line.strip()]
    key = derived(asked.key.read_bytes(), context("machine key")) if asked.key else None
    loot = attack(asked.state_dir, known, key)
    for one, name in loot.read:
        say(f"READ {one.kind} {one.value} in {name}")
    say(f"{len(loot.read)} of {len(known)} could be read without the key")
    if key is not None:
        say(f"{len(loot.opened)} were looked up with it; trying all there are:")
        say(costs())
    return int(bool(loot.read))


if __name__ == "__main__":
    sys.exit(main())
