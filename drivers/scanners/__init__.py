"""Barcode scanners: a transport and a pure codec that frames its bytes."""

from __future__ import annotations
