"""What keeps a person's secrets on a till: nobody else's card can be opened (P9).

Everything here is pure: keys, random bytes and measured costs come in as arguments.

*The till's replica.* HQ gives a device a `ScopeKey` in an envelope that it alone can open
(`envelopes`: HPKE). Of each identifier a till computes the stretch, slowly, and of it the token by
which a row is found (`keys`). The row's card opens with the stretch, and only as far as the
strength of the identifier goes (`sealing`). Whom a till does not hold, a filter knows (`bloom`).
Papers that wait for a printer are the machine's own to read (`kept`). What it costs to guess all
that with a stolen key is a table (`theft`).

What is not hidden on a disk without the key: how many customers a scope has, how many identifiers
each has, when their id was made (UUIDv7), the length of their packed card in steps of 32 bytes, how
long a note about them is, and by the filter's set bits how many identifiers the whole chain has.
"""

from __future__ import annotations

from agent.core.privacy.bloom import FILTERED, filter_element
from agent.core.privacy.envelopes import (
    EnvelopeUnreadable,
    seal_account,
    seal_enrolment,
    seal_words,
    unseal_account,
    unseal_enrolment,
    unseal_words,
    unwrap_keys,
    wrap_keys,
)
from agent.core.privacy.kept import KeptUnreadable, conceal, reveal
from agent.core.privacy.keys import (
    ScopeKey,
    ScopeKeys,
    Stretching,
    keys_of,
    stretch,
    token,
)
from agent.core.privacy.sealing import (
    CardUnreadable,
    Layer,
    Opened,
    Opener,
    SealedCard,
    Slot,
    layer_of,
    open_card,
    seal_card,
    sealing_layer,
)
from agent.core.privacy.theft import KINDS, Guessable, Theft, candidates_of, cost_table

__all__ = [
    "FILTERED",
    "KINDS",
    "CardUnreadable",
    "EnvelopeUnreadable",
    "Guessable",
    "KeptUnreadable",
    "Layer",
    "Opened",
    "Opener",
    "ScopeKey",
    "ScopeKeys",
    "SealedCard",
    "Slot",
    "Stretching",
    "Theft",
    "candidates_of",
    "conceal",
    "cost_table",
    "filter_element",
    "keys_of",
    "layer_of",
    "open_card",
    "reveal",
    "seal_account",
    "seal_card",
    "seal_enrolment",
    "seal_words",
    "sealing_layer",
    "stretch",
    "token",
    "unseal_account",
    "unseal_enrolment",
    "unseal_words",
    "unwrap_keys",
    "wrap_keys",
]
