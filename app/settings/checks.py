"""Checks of settings: each returns the allowed values for an invalid value, or an empty text. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from app.hotkeys import binding
from app.hotkeys.errors import HotkeyUnknown
from app.insertion.plan import LONGEST_PROGRAM, MOST_PROGRAMS, ProgramRule, program_problems
from app.local_services.worker_limits import parse_hours
from app.replacements.rules import (
    LONGEST_HEARD,
    LONGEST_WRITTEN,
    MOST_CHARACTERS,
    MOST_RULES,
    Replacement,
    wrong,
)
from app.updates.index import is_key
from client.cleartext import is_cleartext
from protocol.devices import LONGEST_NAME

MOST_HOTWORDS: Final = 512
LONGEST_HOTWORD: Final = 64
MOST_LENT: Final = 16
MOST_LANGUAGES: Final = 30
STEPS: Final = frozenset({"language", "hotkey", "sentence"})

Check = Callable[[Any], str]
RowsCheck = Callable[[Sequence[Any]], Mapping[int, str]]
"""Returns the problems of a list of tables by row."""

RULE_FAULTS: Final = {
    "empty": "`hears` is empty",
    "hears-long": f"`hears` may have at most {LONGEST_HEARD} characters",
    "writes-long": f"`writes` may have at most {LONGEST_WRITTEN} characters",
    "control": "it contains an invisible character",
    "twice": "an earlier row has the same `hears`",
    "too-many": f"there may be at most {MOST_RULES} rows, with {MOST_CHARACTERS} characters in all",
}
_PROGRAMS: Final = {
    "empty": "`program` is empty",
    "long": f"`program` may have at most {LONGEST_PROGRAM} visible characters",
    "twice": "an earlier row is for the same program",
    "too-many": f"there may be at most {MOST_PROGRAMS} rows",
}


def text(value: Any) -> str:
    """Check nothing: any text is allowed."""
    return ""


def setting(default: Any, description: str, check: Check = text) -> Any:
    """Define a field of a section with its default, its description and its check."""
    return field(default=default, metadata={"description": description, "check": check})


def table(description: str, wrong: RowsCheck) -> Any:
    """Define a field that is a list of tables, empty by default, with a check of its rows."""
    return field(default=(), metadata={"description": description, "check": text, "rows": wrong})


def replacements(rows: Sequence[Replacement]) -> Mapping[int, str]:
    """Check the rows of replacement rules."""
    return {place: RULE_FAULTS[problem] for place, problem in wrong(rows).items()}


def programs(rows: Sequence[ProgramRule]) -> Mapping[int, str]:
    """Check the rows of program rules."""
    return {place: _PROGRAMS[problem] for place, problem in program_problems(rows).items()}


def key(text: str) -> str:
    """Check a hotkey; it may be empty."""
    try:
        if text:
            binding.parse(text)
    except HotkeyUnknown as error:
        return str(error)
    return ""


def language(text: str) -> str:
    """Check the code of the spoken language."""
    known = text == "auto" or (text.isascii() and text.isalpha() and text.islower() and len(text) in (2, 3))
    return "" if known else "auto, or a code of ISO 639 such as en or zh"


def languages(codes: tuple[str, ...]) -> str:
    """Check the codes of the languages that the user speaks."""
    known = all(code != "auto" and not language(code) or code == "system" for code in codes)
    fine = known and len(codes) <= MOST_LANGUAGES
    return "" if fine else f"at most {MOST_LANGUAGES} codes of ISO 639 such as en or zh, or system"


def steps(names: tuple[str, ...]) -> str:
    """Check the names of first steps."""
    return "" if set(names) <= STEPS else f"names of first steps: {', '.join(sorted(STEPS))}"


def model(text: str) -> str:
    """Check the name of a recognition model."""
    plain = all(character.isascii() and (character.isalnum() or character in "._-") for character in text)
    return "" if plain and len(text) <= 64 else "a name as `kikipounamu models list` prints it, or empty for any"


def hours(text: str) -> str:
    """Check the hours during which something is active."""
    return "" if not text or parse_hours(text) else "hours such as 20:00-08:00, or empty for always"


def words(words: tuple[str, ...]) -> str:
    """Check the list of hotwords."""
    short = all(0 < len(word) <= LONGEST_HOTWORD for word in words)
    allowed = f"at most {MOST_HOTWORDS} words of 1 to {LONGEST_HOTWORD} characters"
    return "" if short and len(words) <= MOST_HOTWORDS else allowed


@dataclass(frozen=True)
class UpTo:
    """A check for numbers from 0 to ``most``."""

    most: int

    def __call__(self, number: int) -> str:
        return "" if 0 <= number <= self.most else f"a number from 0 to {self.most}"


def port(number: int) -> str:
    """Check the port on which a service listens."""
    return "" if 0 < number < 65_536 else "a port from 1 to 65535"


def lent(gateways: tuple[str, ...]) -> str:
    """Check the names of the gateways that this computer's worker is lent to."""
    named = all(0 < len(gateway) <= LONGEST_NAME for gateway in gateways)
    return "" if named and len(gateways) <= MOST_LENT else f"at most {MOST_LENT} names of gateways"


def index_url(text: str) -> str:
    """Check the address of the list of versions."""
    parts = urlsplit(text) if text.isascii() and text.isprintable() and "[" not in text else None
    good = not text or (parts is not None and parts.scheme == "https" and bool(parts.hostname))
    return "" if good else "https://HOST/PATH, or empty"


def index_key(text: str) -> str:
    """Check the key that signs the list of versions."""
    return "" if not text or is_key(text) else "a public key: 32 bytes in Base64, or empty"


def url(text: str) -> str:
    """Check the URL of a gateway."""
    try:
        parts = urlsplit(text)
        place = bool(parts.hostname) and parts.port != 0 and "@" not in text  # the key is not part of it
        good = not text or (parts.scheme in {"http", "https"} and place)
    except ValueError:
        good = False
    if not good:
        return "https://HOST:PORT, http:// on this computer itself, or empty for this computer"
    if is_cleartext(text):
        return "https://HOST:PORT: without TLS a key and speech go to this computer alone, or into a tunnel there"
    return ""
