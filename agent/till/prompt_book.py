"""What may be asked of customers, as HQ published it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agent.core.prompts import Prompt, catalogue
from agent.directory import Directory
from agent.till.rule_book import RuleBook

RULE = "prompts"
"""The rule of the directory that holds them: a JSON list."""

_read = msgspec.json.Decoder(list[Prompt]).decode


class PromptBook:
    """The definitions."""

    def __init__(self, directory: Directory) -> None:
        """Read nothing yet."""
        nothing: Mapping[str, Prompt] = {}
        self._rule = RuleBook(
            directory, RULE, lambda body: catalogue(_read(body)), nothing, "nobody is asked"
        )

    def all(self) -> Mapping[str, Prompt]:
        """Give the questions by their ids."""
        return self._rule.now()
