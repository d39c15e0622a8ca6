"""What can go wrong with the directory's file."""

from __future__ import annotations

from agent.core.faults import UnavailableFault


class DirectoryFault(UnavailableFault):
    """The directory's file cannot be opened or written; sales go on without it."""

    name = "directory-unusable"
    title = "Customers and items cannot be looked up"
