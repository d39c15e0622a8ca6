"""Journals in: enrolment, signatures, cursor, durable and insert-only, signed acks."""

from __future__ import annotations
