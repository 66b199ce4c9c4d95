"""Recordings joined from others: repeated Mandarin words, and alternating English and Mandarin sentences.

    python -m benchmarks.fidelity.joined --audio AUDIO_DIR [--previous WORKTREE] [--only words] [--json FILE]

AUDIO_DIR is that of ``benchmarks.fidelity``. Each short answer is said two, three, five and seven times, each time
at another speed and level, with pauses of 0.25 to 0.9 s. Sentences of the sets ``tuning`` and ``held-out`` follow
each other in several orders, with pauses of 0.4 to 1.2 s. A sentence counts as left out if no part of the text as
long as the sentence has two fifths of its words or characters in order. ``voted`` decodes the same recordings with
each of both languages given, as after a vote of the recording. Texts are listed on standard error.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.fidelity.corpus import Samples, room, seed_of, trimmed
from benchmarks.fidelity.dictating_app import CHECKOUT
from benchmarks.fidelity.items import Item, items
from benchmarks.fidelity.reference import AUTO, Decoded, Decoder
from benchmarks.fidelity.sounds import as_samples
from benchmarks.fidelity.text_comparison import normalised, units
from benchmarks.report import Row, arguments, report
from protocol.audio import SAMPLE_RATE
from runtime.folders import folders
from worker.engines.repetition import count_repeats

_TIMES: Final = (2, 3, 5, 7)
_WORDS_APART_S: Final = (0.25, 0.9)
_SPEEDS: Final = (0.9, 1.1)
_MOST_DB: Final = 3.0
_ORDERS: Final = ("zez", "eze", "zeze", "ezez", "zeez", "ezze", "zezez", "ezeze")
_ROUNDS: Final = 2
_SENTENCES_APART_S: Final = (0.4, 1.2)
_LEAD_S: Final = 0.4
_HEARD: Final = 0.4
_THREADS: Final = 1


def main() -> None:
    """Decode all recordings with this version, and with a previous one if it is named."""
    options = arguments(__doc__, audio="", previous="", only="")
    turns = list(in_turn(Path(options.audio)))
    voted = [replace(one, language=language) for one in turns for language in _KEYS.values()]
    made = {"words": list(repeated(Path(options.audio))), "languages": turns, "voted": voted}
    versions = {"now": CHECKOUT} | ({"before": Path(options.previous).resolve()} if options.previous else {})
    for kind, recordings in made.items():
        if options.only in ("", kind):
            rows = [_row(kind, name, recordings, checkout) for name, checkout in versions.items()]
            report(f"joined recordings, {kind}", rows, options.json, "joined")


def repeated(folder: Path) -> Iterator[Item]:
    """Yield each short Mandarin answer, said several times in a row."""
    for word in (one for one in items(folder, "short") if one.language == "zh"):
        for times in _TIMES:
            chance = np.random.default_rng(seed_of(word.name) + times)
            parts = [_varied(trimmed(word.samples), chance) for _ in range(times)]
            samples = joined(parts, _WORDS_APART_S, seed_of(word.name) + times)
            yield replace(word, samples=samples, condition=str(times))


def in_turn(folder: Path) -> Iterator[Item]:
    """Yield sentences of both languages in several orders; the text has a sentence in each line."""
    spoken = [one for name in ("tuning", "held-out") for one in items(folder, name)]
    for number in range(_ROUNDS):
        for order in _ORDERS:
            chance = np.random.default_rng(seed_of(order) + number)
            left = {key: [one for one in spoken if one.language == name] for key, name in _KEYS.items()}
            chosen = [left[key].pop(int(chance.integers(len(left[key])))) for key in order]
            samples = joined([trimmed(one.samples) for one in chosen], _SENTENCES_APART_S, seed_of(order) + number)
            yield Item(f"{order}-{number}", "", "\n".join(one.text for one in chosen), (), samples)


_KEYS: Final = {"z": "zh", "e": "en"}


def _varied(samples: Samples, chance: np.random.Generator) -> Samples:
    """Return a recording at another speed and level."""
    at = np.arange(0, len(samples) - 1, chance.uniform(*_SPEEDS))
    gain = 10 ** (chance.uniform(-_MOST_DB, _MOST_DB) / 20)
    return as_samples(np.interp(at, np.arange(len(samples)), samples) * gain)


def joined(parts: Sequence[Samples], apart_s: tuple[float, float], seed: int) -> Samples:
    """Join parts with pauses between two lengths, with the noise of a room throughout."""
    chance = np.random.default_rng(seed)
    pieces = [np.zeros(round(_LEAD_S * SAMPLE_RATE), np.int16)]
    for part in parts:
        pieces += [part, np.zeros(round(chance.uniform(*apart_s) * SAMPLE_RATE), np.int16)]
    clean = np.concatenate(pieces)
    return as_samples(clean + room(len(clean), seed))


def _row(kind: str, name: str, recordings: Sequence[Item], checkout: Path) -> Row:
    with closing(Decoder(checkout, folders().models, _THREADS)) as ask:
        heard = [(item, ask(item, item.language or AUTO, ("zh", "en"))) for item in recordings]
    for item, found in heard:
        print(f"{name} {item.name} {item.condition}: {found.text}", file=sys.stderr, flush=True)
    figures = _words(heard) if kind == "words" else _languages(heard)
    cpu_s = sum(found.cpu_s for _, found in heard)
    return {"version": name, "recordings": len(heard), **figures, "cpu_s": cpu_s}


def _words(heard: Sequence[tuple[Item, Decoded]]) -> Row:
    return {
        "as_often_as_said": sum(says_so_often(item.text, int(item.condition), one.text) for item, one in heard),
        "without_text": sum(not one.text for _, one in heard),
    }


def _languages(heard: Sequence[tuple[Item, Decoded]]) -> Row:
    shares = [[share(sentence, one.text) for sentence in item.text.split("\n")] for item, one in heard]
    return {
        "sentences": sum(map(len, shares)),
        "left_out": sum(one < _HEARD for found in shares for one in found),
        "recordings_with_one": sum(min(found) < _HEARD for found in shares),
    }


def says_so_often(word: str, times: int, heard: str) -> bool:
    """Return whether a text repeats any one phrase as often as the word was said."""
    return count_repeats(heard) in (times, times * count_repeats(word))


def share(sentence: str, heard: str) -> float:
    """Return the largest share of a sentence's words or characters that a part of the text has, in order.

    The part is two words or characters longer than the sentence.
    """
    language = "en" if sentence.isascii() else "zh"
    wanted, got = (
        [unit.text for unit in units(normalised(text, language), language)] for text in (sentence, heard)
    )
    pieces = (got[at : at + len(wanted) + 2] for at in range(max(1, len(got) - len(wanted) + 1)))
    return max(_matching(wanted, piece) for piece in pieces) / len(wanted)


def _matching(wanted: list[str], piece: list[str]) -> int:
    return sum(one.size for one in SequenceMatcher(None, wanted, piece, autojunk=False).get_matching_blocks())


if __name__ == "__main__":
    main()
