"""The loyalty programme as HQ published it."""

from __future__ import annotations

from agent.core.loyalty import RULE, Programme, read_programme
from agent.directory import Directory
from agent.till.rule_book import RuleBook


class ValueBook:
    """The programme; without one nothing is earned."""

    def __init__(self, directory: Directory) -> None:
        """Read nothing yet."""
        self._rule = RuleBook(directory, RULE, read_programme, Programme(), "nothing is earned")

    def programme(self) -> Programme:
        """Give what sales earn by, and which items are gift cards."""
        return self._rule.now()
