"""Figures of a set of recordings: the chain beside the decode of the whole recording. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.fidelity.items import Item
from benchmarks.fidelity.text_comparison import Counts, compare, repeats, units, upper_bound


@dataclass(frozen=True)
class Heard:
    """Texts of one recording by the chain, and by the decodes of the whole: language detected, and given."""

    item: Item
    chain: str
    detected: str
    given: str

    def compare(self, text: str) -> Counts:
        """Compare one of the texts with the spoken one."""
        return compare(self.item.text, self.item.pauses, text, self.item.language)

    @property
    def loops(self) -> bool:
        """True if the decode of the whole recording repeats itself, which makes any chain look good."""
        return any(repeats(text, self.item.language) for text in (self.detected, self.given))


def groups(heard: Sequence[Heard]) -> list[tuple[str, list[Heard]]]:
    """Return all texts, and where the decodes of whole recordings have loops, those without."""
    clean = [one for one in heard if not one.loops]
    both = [("", list(heard)), ("without loops", clean)]
    return both[: 1 if len(clean) in (0, len(heard)) else 2]


def rates(heard: Sequence[Heard]) -> dict[str, Any]:
    """Return error rates and marks in percent, the chain's and those of the whole recordings."""
    chain = [one.compare(one.chain) for one in heard]
    detected = [one.compare(one.detected) for one in heard]
    given = [one.compare(one.given) for one in heard]
    found, whole = sum(chain, Counts()), sum(given, Counts())
    return {
        "texts": len(heard),
        "errors": _percent(found.errors, found.units),
        "whole": _percent(sum(one.errors for one in detected), found.units),
        "bound": 100 * upper_bound(list(zip(chain, detected, strict=True))),
        "whole_given": _percent(whole.errors, whole.units),
        "bound_given": 100 * upper_bound(list(zip(chain, given, strict=True))),
        "right": _right(chain),
        "whole_right": _right(detected),
        "whole_given_right": _right(given),
        "false_stops": f"{found.false_stops} of {found.pauses}",
        "whole_false_stops": f"{whole.false_stops} of {whole.pauses}",
        "missing_stops": f"{found.missing_stops} of {found.ends}",
        "whole_missing_stops": f"{whole.missing_stops} of {whole.ends}",
        "foreign": found.foreign,
        "loops": sum(repeats(one.chain, one.item.language) for one in heard),
        "empty": sum(not one.chain for one in heard),
    }


def sounds(heard: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return, for each sound without words and its recognised text, the inserted characters and loops."""
    return [
        {
            "sound": condition,
            "characters": len(text.replace(" ", "")),
            "loop": any(repeats(text, language) for language in ("en", "zh")) and len(units(text, "zh")) > 0,
            "text": text[:60].replace("\n", " "),
        }
        for condition, text in heard
    ]


def _right(counts: Sequence[Counts]) -> int:
    return sum(not one.errors for one in counts)


def _percent(part: int, whole: int) -> float:
    return 100 * part / max(1, whole)
