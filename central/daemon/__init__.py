"""HQ's programs: serve, migrate, imports, enrolment codes, status, ledger verify.

The one room that knows who implements what: `assembly` hands the rooms their `Hq`, `app` puts
their routes behind the gate, `serve` starts everything in order and stops it in reverse.
"""

from __future__ import annotations
