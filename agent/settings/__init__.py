"""TOML to frozen structs: every error at once, each with its path and its remedy."""

from __future__ import annotations
