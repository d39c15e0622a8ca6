"""HQ's programs: serve, migrate, imports, enrolment codes, status, ledger verify."""

from __future__ import annotations
