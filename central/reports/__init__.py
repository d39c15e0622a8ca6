"""What HQ asks of the whole chain: days and their Z reports, and what a person should look at."""

from __future__ import annotations
