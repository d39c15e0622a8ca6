"""A wallet pass at the till: how many honest ones are taken, and what a check costs.

Base: one HMAC-SHA1 of a counter, which a one-time code cannot do without. Phones are up to a minute
off, as their owners never notice; each shows the code of its own clock, and shows it again, as a
picture of it would. A wrong code is the dearest to check: it is looked for two hours either way.
"""

from __future__ import annotations

import hmac
import random
from collections.abc import Callable
from time import process_time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agent.core.recognition import CodePass, Proofs, SignedPass, TotpKey, Used, remember, wallet
from agent.core.recognition.one_time_codes import SKEW_SECONDS, code_at
from agent.core.recognition.proofs import Standing, Verdict, check
from agent.core.recognition.rules import RecognitionRules
from agent.core.recognition.signed_text import key_id, with_signature
from benchmarks.table import Row

PASSES = 50_000
TRIES = 2_000
TAKEN_MIN = 99.9
_NOW = 1_800_000_000
_PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_PUBLIC = _PRIVATE.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


class _Keys:
    """One secret for all: only time is asked here."""

    key = TotpKey(b"12345678901234567890")

    def totp(self, _pass_id: str) -> TotpKey:
        return self.key

    def public(self, _key_id: str, _pass_id: str | None) -> bytes:
        return _PUBLIC


def run() -> list[Row]:
    """Show passes, and show them again."""
    taken, again = _shown(random.Random(16))
    counter = (_NOW // 30).to_bytes(8, "big")
    base = _micros(lambda: hmac.digest(_Keys.key.secret, counter, "sha1"))
    right = CodePass(wallet.new_pass_id(bytes(10)), code_at(_Keys.key, _NOW // 30))
    wrong = CodePass(right.pass_id, "00000000")
    signed = _signed(right.pass_id)
    return [
        Row(
            "passes taken, clocks to a minute off",
            taken,
            "%",
            None,
            ">= 99.9 %",
            taken >= TAKEN_MIN,
        ),
        Row("the same code taken again", again, "%", None, "0 %", again == 0),
        Row("one HMAC-SHA1 (base)", base, "µs"),
        _row("check of a one-time code", right, base),
        _row("check of a wrong one", wrong, base),
        _row("check of a signed time (Ed25519)", signed, base),
    ]


def _shown(draw: random.Random) -> tuple[float, float]:
    """Give the share that was taken, and of that the share that was taken twice."""
    first = second = 0
    for _ in range(PASSES):
        now = _NOW + draw.randrange(10**7)
        phone = now + draw.randint(-SKEW_SECONDS, SKEW_SECONDS)
        shown = CodePass(wallet.new_pass_id(draw.randbytes(10)), code_at(_Keys.key, phone // 30))
        verdict = _checked(shown, now, Used())
        if verdict.mark is not None:
            first += 1
            once = remember(Used(), verdict.mark)
            second += _checked(shown, now + 1, once).standing is Standing.FRESH
    return 100 * first / PASSES, 100 * second / first


def _checked(shown: CodePass | SignedPass, now: int, used: Used) -> Verdict:
    return check(shown, None, Proofs(_Keys(), now, used))


def _signed(pass_id: str) -> CodePass | SignedPass:
    text = wallet.to_sign(pass_id, _NOW, key_id(_PUBLIC))
    shown = with_signature(text, _PRIVATE.sign(text.encode()))
    return wallet.passes(shown, RecognitionRules())[0]


def _row(name: str, shown: CodePass | SignedPass, base: float) -> Row:
    taken = _micros(lambda: _checked(shown, _NOW, Used()))
    return Row(name, taken, "µs", taken / base)


def _micros(once: Callable[[], object]) -> float:
    """Time a call on the processor's own clock: the best of five rounds."""
    rounds = []
    for _ in range(5):
        began = process_time()
        for _ in range(TRIES // 5):
            once()
        rounds.append((process_time() - began) / (TRIES // 5))
    return min(rounds) * 1e6
