"""`till-agent demo`: a whole shop and its HQ on one machine.

A parent that spawns the two real programs and plays the hardware at the wire: a scanner on a pty,
a receipt printer on a TCP port. `world` is that parent, `story` what the script plays in it,
`narrator` what a person reads meanwhile.
"""

from __future__ import annotations
