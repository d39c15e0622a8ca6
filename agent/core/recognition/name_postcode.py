"""Family name and postcode: a blinded key that opens nothing, and saves a second enrolment.

Several people may have one key, and it is easily guessed: the till only says that somebody is
known, and asks for a second identifier. So the key is deliberately coarse: accents, case, the ways
to write an umlaut, and everything but the last word of the name fall away.
"""

from __future__ import annotations

import re
import unicodedata

from agent.core.faults import InputFault
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.recognition.rules import RecognitionRules

CHARACTERS_MAX = 200
POSTCODE_CHARACTERS_MIN, POSTCODE_CHARACTERS_MAX = 3, 10

_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "phd", "md"})
# Letters that Unicode does not take apart (UAX 15), by what stands for them in a plain alphabet.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "a", "œ": "o", "þ": "th", "\u0131": "i", "ħ": "h"}
)
# Mueller, Müller and Muller are one family to whoever spells it over the counter.
_UMLAUT = re.compile(r"([aou])e+")
_COUNTRY = re.compile(r"^[A-Z]{1,3}-(?=[0-9])", re.ASCII)
_PLUS_FOUR = re.compile(r"^(\d{5})-\d{4}$", re.ASCII)
# Two halves: SW1A 1AA, K1A 0B1, 113 45; and the Dutch 1012 AB. A town has no digits.
_HALVES = re.compile(r"[0-9A-Z]{2,4} [0-9A-Z]*[0-9][0-9A-Z]*|[0-9]{4} [A-Z]{2}", re.ASCII)
_OTHER = re.compile(r"[^0-9A-Z]", re.ASCII)


def normalise(text: str, _region: str) -> str:
    """Bring a name and a postcode into the form both sides compare: `family|postcode`.

    Written `name, postcode` or, without a comma, with the postcode last. Of a name with a comma
    (`Byron, Ada`) the family name is what stands before it, else the last word. What follows the
    postcode, such as the town, and a country code before it are left out.

    Raises:
        InputFault: no name, or no postcode. The text is personal and not repeated.

    >>> normalise("Ada von Müller, D-10115 Berlin", "DE")
    'muller|10115'
    >>> normalise("o'brien sw1a 1aa", "GB")
    'obrien|SW1A1AA'
    """
    plain = unicodedata.normalize("NFKC", text[:CHARACTERS_MAX]).replace("|", ",")
    name, words = _split(plain)
    family, postcode = _family(name), _postcode(words)
    if not family or not POSTCODE_CHARACTERS_MIN <= len(postcode) <= POSTCODE_CHARACTERS_MAX:
        raise InputFault(
            "this is not a family name with a postcode",
            remedy="type the family name, a comma and the postcode, for example: Byron, 10115",
        )
    return f"{family}|{postcode}"


def key(name: str, postcode: str) -> Identifier | None:
    """Make the key of a person's record; None where the record says too little for one."""
    try:
        return Identifier(IdentifierType.NAME_POSTCODE, normalise(f"{name}|{postcode}", ""))
    except InputFault:
        return None


def identifiers(text: str, rules: RecognitionRules) -> tuple[Identifier, ...]:
    """Read a typed text as name and postcode, where a comma says that it is one."""
    if "," not in text:
        return ()
    try:
        return (Identifier(IdentifierType.NAME_POSTCODE, normalise(text, rules.region)),)
    except InputFault:
        return ()


def _split(text: str) -> tuple[str, list[str]]:
    """Part the name from the words among which the postcode is."""
    name, comma, rest = text.rpartition(",")
    words = (rest if comma else text).upper().split()
    first = next((at for at, word in enumerate(words) if _has_digit(word)), len(words))
    return (name if comma else " ".join(words[:first])), words[first:]


def _family(name: str) -> str:
    before, comma, _ = name.partition(",")
    words = [word for word in map(_plain, (before if comma else name).split()) if word]
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words.pop()
    return words[-1] if words else ""


def _plain(word: str) -> str:
    apart = unicodedata.normalize("NFKD", word.casefold())
    letters = "".join(letter for letter in apart.translate(_PLAIN) if letter.isalpha())
    return _UMLAUT.sub(r"\1", letters)


def _postcode(words: list[str]) -> str:
    """Take the postcode from its first word, and the second where one has two halves."""
    if not words:
        return ""
    first = _PLUS_FOUR.sub(r"\1", _COUNTRY.sub("", words[0]))
    halves = f"{first} {words[1]}" if len(words) > 1 else ""
    return _OTHER.sub("", halves if _HALVES.fullmatch(halves) else first)


def _has_digit(word: str) -> bool:
    return any("0" <= character <= "9" for character in word)
