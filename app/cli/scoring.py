"""Compute the error rate of a hypothesis: CER for Chinese, WER for other languages. Pure."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """Error rate: substitutions, deletions and insertions per unit of the reference."""

    name: str
    errors: int
    units: int

    @property
    def rate(self) -> float:
        """The errors per unit; 0 is perfect, and insertions can raise it above 1."""
        return self.errors / self.units if self.units else float(bool(self.errors))

    def __str__(self) -> str:
        return f"{self.name} {self.rate:.1%} ({self.errors} of {self.units})"


def score(reference: str, hypothesis: str, language: str) -> Score:
    """Score a hypothesis, ignoring case and punctuation; traditional for simplified characters are errors."""
    split = list if language == "zh" else str.split
    name = "CER" if language == "zh" else "WER"
    said, heard = (split(_plain(text, language)) for text in (reference, hypothesis))
    return Score(name, edit_distance(said, heard), len(said))


def edit_distance(reference: Sequence[str], hypothesis: Sequence[str]) -> int:
    """Return the Levenshtein distance, in items of the sequences."""
    row = list(range(len(hypothesis) + 1))
    for position, wanted in enumerate(reference, start=1):
        diagonal, row[0] = row[0], position
        for column, got in enumerate(hypothesis, start=1):
            diagonal, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, diagonal + (wanted != got)),
            )
    return row[-1]


def _plain(text: str, language: str) -> str:
    """Return letters, marks and digits in lower case.

    Other characters become spaces, but apostrophes are removed (don't); Chinese has no spaces.
    """
    kept: list[str] = []
    for character in unicodedata.normalize("NFKC", text).lower():
        if unicodedata.category(character)[0] in "LNM":
            kept.append(character)
        elif character not in "'’":
            kept.append(" ")
    return "".join(kept).replace(" ", "") if language == "zh" else "".join(kept)
