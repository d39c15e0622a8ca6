"""Reading the TOML file: the settings, or one fault that lists every problem."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from agent.core.faults import Fault
from agent.core.fields import FieldProblem, convert_checked
from agent.settings.checks import problems_of
from agent.settings.model import Settings

Check = Callable[[Settings], Iterable[FieldProblem]]


class SettingsFault(Fault):
    """The settings cannot be used; `problems` has each of them."""

    name = "bad-settings"
    title = "The settings have errors"

    def __init__(self, path: Path, problems: list[FieldProblem]) -> None:
        """Keep the problems; the detail lists them, one a line."""
        lines = [f"  {found.path}: {found.detail}; {found.remedy}" for found in problems]
        errors = "1 error" if len(problems) == 1 else f"{len(problems)} errors"
        super().__init__(
            "\n".join([f"{path} has {errors}:", *lines]),
            remedy=f"edit {path}, then try: till-agent check-config {path}",
        )
        self.problems = problems


def parse(text: str, path: Path, *checks: Check) -> Settings:
    """Turn the text of a settings file into settings.

    Args:
        text: of the file.
        path: names the file in the message.
        checks: what only the caller can judge, besides the rules of this room.

    Raises:
        SettingsFault: with all problems found.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsFault(path, [_syntax(error)]) from error

    def check(settings: Settings) -> Iterator[FieldProblem]:
        for rules in (problems_of, *checks):
            yield from rules(settings)

    settings, problems = convert_checked(data, Settings, check)
    if settings is None:
        raise SettingsFault(path, problems)
    return settings


def _syntax(error: tomllib.TOMLDecodeError) -> FieldProblem:
    return FieldProblem(
        "TOML", str(error), "mend the line; texts stand in quotes, tables in [brackets]"
    )


def load(path: Path, *checks: Check) -> Settings:
    """Read the settings file; `checks` are the caller's own, see `parse`.

    Raises:
        SettingsFault: the file cannot be read, or has problems.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = FieldProblem("file", f"cannot be read: {error}", "check the path and its rights")
        raise SettingsFault(path, [problem]) from error
    return parse(text, path, *checks)
