"""Journals in: enrolment, signatures, cursor, durable and insert-only, signed acks.

A device proves itself once by a code (`codes`, `enrolment`) and from then on by its signature
(`signatures`). A batch is weighed by `agent.core.exchange.intake` inside the transaction that
inserts it, and acknowledged only after that transaction is on disk (`batches`).
"""

from __future__ import annotations
