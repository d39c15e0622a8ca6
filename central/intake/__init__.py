"""Journals in: enrolment, signatures, cursor, durable and insert-only, signed acks.

A device proves itself once by a code (`codes`, `enrolment`, `places`, `binding`) and from then on
by its signature (`signatures`), under a new key after a `renewal`; of two machines that claim one
till `precedence` says which stands there. A batch waits its turn
(`admission`), is weighed by `agent.core.exchange.intake` inside the transaction that inserts it
(`positions`, `batches`, `keeping`), and acknowledged only after that transaction is on disk.

An HQ that was restored from a backup notices it by its own signatures, and gets back what it lost
(`rewinds`); its orders to tills come back by the evidence they keep (`orders`, `outstanding`).
A journal that comes as a file (`archives`, `archived`) is weighed and kept as a batch is.
"""

from __future__ import annotations
