"""Forms of texts: the patterns that msgspec checks, and the words in which errors describe them."""

from typing import Final

MODEL: Final = r"^[A-Za-z0-9._-]*$"
LANGUAGE: Final = r"^[A-Za-z0-9-]*$"
LANGUAGES: Final = r"^([a-z]{2,3}(, ?[a-z]{2,3}){0,31})?$"
PHRASES: Final = r"^[^,\x00-\x1f\x7f]{0,64}(,[^,\x00-\x1f\x7f]{0,64}){0,511}$"
ONE_LINE: Final = r"^[^\x00-\x1f\x7f]*$"
HEXADECIMAL: Final = r"^[0-9a-f]+$"
SHA256: Final = "^[0-9a-f]{64}$"

WORDS: Final = {
    MODEL: "letters, digits, dots, hyphens and underscores",
    LANGUAGE: "letters, digits and hyphens, such as en or zh",
    LANGUAGES: "codes of at most 32 languages, separated by commas, such as en, zh",
    PHRASES: "at most 512 words or phrases of at most 64 characters each, separated by commas",
    ONE_LINE: "one line without control characters",
    HEXADECIMAL: "digits and letters from a to f",
    SHA256: "64 digits and letters from a to f",
}
"""Description of each form for error messages, because most readers cannot read a pattern."""
