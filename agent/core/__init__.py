"""Every rule about scans, sales, facts, customers and sync: pure, and shared with HQ.

No I/O, no clock, no randomness: what a rule needs of these is an argument. Rooms in their order:
`exchange` / `history`, `receipt` / `entries` / `suggest` / `leads`, `loyalty`, `orders` / `stock` /
`sale` / `card_numbers`, `privacy` / `recognition` / `barcode` / `consent`, `prompts` / `days`,
`identifiers`, `quantities`, `rows`, `space` / `faults`, `fields`; each may use those to its right.
"""

from __future__ import annotations
