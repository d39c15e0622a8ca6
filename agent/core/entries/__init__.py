"""The sealed fact: journal, seq, kind, version, commitment, hash.

An entry's hash covers the commitment of its body, never the body itself, so that a body can be
erased under an intact chain.
"""

from __future__ import annotations
