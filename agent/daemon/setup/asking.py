"""Settling one answer after another: as given, else as a person says, else as proposed.

Every answer is checked at once by the same rules that check the settings file, so that a wrong
one is asked again while the person still knows what was meant.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from agent.core.faults import InputFault
from agent.core.fields import FieldProblem
from agent.daemon.setup.keys import NONE, Answers, Value, shown, value_of
from agent.daemon.setup.text import toml_text
from agent.program.terminal import say_aside
from agent.settings import DeviceSettings, Settings, SettingsFault, parse
from drivers.catalogue import build

Read = Callable[[str], Value | None]
Show = Callable[[Value], str]

_PLACEHOLDERS: Answers = {"store.id": "store-0001", "till.id": "till-1"}
_PATHS = {"till.id": "till[0].id"}
"""Where the settings' check says `till[0].id`, the setup says `till.id`."""


class Asking:
    """Collects the answers of one setup.

    Attributes:
        answers: all there are, from beforehand, from the present settings, and by asking.
        asks: whether a person is there.
    """

    def __init__(self, config: Path, given: Answers, present: Answers, *, ask: bool) -> None:
        """Begin with what is known.

        Args:
            config: the settings file, for messages.
            given: beforehand; not asked.
            present: of the present settings; proposed, and taken where nobody is asked.
            ask: whether a person is there.

        Raises:
            InputFault: something given cannot be; the first such thing is named.
        """
        self.answers: Answers = dict(present)
        self.asks = ask
        self._config = config
        self._given = frozenset(given)
        for key, value in given.items():
            self.take(key, value)

    def settle(
        self,
        key: str,
        question: str,
        otherwise: Value | None,
        *,
        read: Read | None = None,
        show: Show = shown,
    ) -> None:
        """Settle one key.

        Args:
            key: see `keys`.
            question: for a person, without its default.
            otherwise: what is proposed where the present settings do not say.
            read: turns what a person types into a value; by the key where it is absent.
            show: writes the proposal the way `read` reads it.

        Raises:
            InputFault: nobody is there to be asked, and there is no answer or no good one.
        """
        proposed = self.answers.get(key, otherwise)
        if key in self._given or not self.asks:
            self.take(key, proposed)
        else:
            self.ask(key, question, proposed, read=read, show=show)

    def ask(
        self,
        key: str,
        question: str,
        proposed: Value | None,
        *,
        read: Read | None = None,
        show: Show = shown,
    ) -> None:
        """Ask for one key until the answer is a good one; also what was given can be asked."""
        default = None if proposed is None else show(proposed)
        while True:
            text = str(typer.prompt(question, default=default))
            try:
                self.take(key, read(text) if read else value_of(key, text))
            except InputFault as fault:
                say_aside(f"{fault.detail}\n→ {fault.remedy}")
            else:
                return

    def take(self, key: str, value: Value | None) -> None:
        """Keep an answer, if the settings would be good with it.

        Raises:
            InputFault: why they would not.
        """
        if value is None and key in _PLACEHOLDERS:
            raise InputFault(
                f"{key} is not known", remedy=f"say it beforehand: --set {key}=…", name="no-answer"
            )
        before = dict(self.answers)
        self.answers[key] = None if value == NONE else value
        found = self._complaint(key)
        if found is not None:
            self.answers = before
            raise InputFault(f"{key}: {found.detail}", remedy=found.remedy, name="bad-answers")

    def confirm(self, question: str) -> bool:
        """Ask for yes or no."""
        return typer.confirm(question, default=True)

    def text(self, question: str) -> str:
        """Ask for a text that may stay empty, as it does where nobody is there."""
        if not self.asks:
            return ""
        return str(typer.prompt(question, default="", show_default=False)).strip()

    def device(self, kind: str) -> DeviceSettings | None:
        """Give the device as it will stand in the settings; None where there is none."""
        return next((each for each in self.draft().devices if each.kind == kind), None)

    def draft(self) -> Settings:
        """Give the settings as far as they are answered.

        Raises:
            SettingsFault: they are no good.
        """
        known = {key: value for key, value in self.answers.items() if value is not None}
        return parse(toml_text({**_PLACEHOLDERS, **known}), self._config)

    def _complaint(self, key: str) -> FieldProblem | None:
        path = _PATHS.get(key, key)
        try:
            devices = self.draft().devices
        except SettingsFault as fault:
            return next((found for found in fault.problems if found.path.startswith(path)), None)
        try:
            for device in devices:
                build(device)
        except InputFault as fault:
            return FieldProblem(path, fault.detail, fault.remedy)
        return None
