"""Short words of which the app keeps no text or no recording, with and without the click of a key before them.

    python -m benchmarks.fidelity.clicked --audio AUDIO_DIR [--json FILE]

AUDIO_DIR is that of ``benchmarks.fidelity``. Each short answer is said at -20 and -45 dBFS in the noise of a room:
hands-free, while a key is held, and in a take that ends with the word. No recording is left of a take of less than
half a second in which neither the VAD nor the engine finds speech. Texts are as in ``hold-in-time``.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.dictation.take_progress import SHORT_S
from app.transcription.listening import CuttingMode, segmenting_vad
from benchmarks.fidelity.corpus import Samples, room, seed_of, trimmed
from benchmarks.fidelity.in_time import in_time
from benchmarks.fidelity.items import Item, items
from benchmarks.fidelity.sounds import as_samples, speech_at
from benchmarks.report import Row, arguments, report
from protocol.audio import FRAME_SAMPLES, SAMPLE_RATE
from runtime.folders import folders

_LEVELS: Final = (-20, -45)
_CLICK_AT_S: Final = 0.01
_CLICK_S: Final = 0.006
_CLICK_PEAK: Final = 0.25 * 2**15


class Kind(NamedTuple):
    """Way to dictate, with the seconds of room noise before and after the word."""

    name: str
    hold: bool
    lead_s: float
    tail_s: float


KINDS: Final = (
    Kind("hands-free", False, 0.4, 3.0),
    Kind("hold", True, 0.3, 0.3),
    Kind("hold, ends with the word", True, 0.08, 0.02),
)


def main() -> None:
    """Dictate all words and print a row for each kind, level and language."""
    options = arguments(__doc__, audio="")
    folder, words, rows = Path(options.audio), items(Path(options.audio), "short"), list[Row]()
    for kind, dbfs, clicks, language in product(KINDS, _LEVELS, (False, True), ("en", "zh")):
        spoken = [word for word in words if word.language == language]
        takes = [Item(word.name, language, word.text, (), take_of(word, kind, dbfs, clicks)) for word in spoken]
        texts = in_time(takes, hold=kind.hold, models=folders().models, folder=folder)
        silent = [take for take, text in zip(takes, texts, strict=True) if not text]
        rows.append(
            {
                "kind": kind.name,
                "dbfs": dbfs,
                "click": clicks,
                "language": language,
                "takes": len(takes),
                "without_text": len(silent),
                "without_recording": sum(map(_is_slip, silent)),
            }
        )
    report("Short words and clicks", rows, options.json, "clicked")


def take_of(word: Item, kind: Kind, dbfs: int, clicks: bool) -> Samples:
    """Return a take with the word at a level."""
    speech = speech_at(trimmed(word.samples), dbfs)
    before, after = (np.zeros(round(s * SAMPLE_RATE)) for s in (kind.lead_s, kind.tail_s))
    sound: NDArray[np.float64] = np.concatenate((before, speech, after))
    if clicks:
        at, length = (round(s * SAMPLE_RATE) for s in (_CLICK_AT_S, _CLICK_S))
        click = np.random.default_rng(seed_of(word.name)).standard_normal(length) * np.geomspace(1, 0.02, length)
        sound[at : at + length] += click / np.abs(click).max() * _CLICK_PEAK
    return as_samples(sound + room(len(sound), seed_of(word.name)))


def _is_slip(take: Item) -> bool:
    """Return whether a take without a text is one that leaves no recording."""
    return len(take.samples) < SHORT_S * SAMPLE_RATE and not any(_heard(take.samples))


def _heard(samples: Samples) -> Iterator[bool]:
    vad = segmenting_vad(CuttingMode.TOGGLE, folders().models / "fsmn-vad", needs_context=True)
    for block in np.split(samples, range(FRAME_SAMPLES, len(samples), FRAME_SAMPLES)):
        vad.accept(block)
        yield vad.heard
    vad.finish()
    yield vad.heard


if __name__ == "__main__":
    main()
