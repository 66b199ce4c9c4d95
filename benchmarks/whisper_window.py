"""Errors and CPU time of Whisper on whole recordings, beside those of a previous version.

    python -m benchmarks.whisper_window AUDIO_DIR --previous WORKTREE [--set tuning] [--longest 6] [--json FILE]

AUDIO_DIR is that of ``benchmarks.fidelity``. Both versions decode each recording in turn, with its language given,
in processes of their own with one thread. The difference of errors is that after less that before, in points.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from statistics import fmean
from typing import Final, NamedTuple

import numpy as np

from benchmarks.fidelity.dictating_app import CHECKOUT
from benchmarks.fidelity.items import SETS, Item, items
from benchmarks.fidelity.reference import Decoded, Decoder
from benchmarks.fidelity.text_comparison import Counts, compare, upper_bound
from benchmarks.report import Row, argument_parser, report
from protocol.audio import SAMPLE_RATE
from runtime.folders import folders

_THREADS: Final = 1


class Pair(NamedTuple):
    """Decodes of one recording by both versions."""

    item: Item
    before: Decoded
    after: Decoded

    @property
    def ratio(self) -> float:
        """CPU time after, by that before."""
        return self.after.cpu_s / self.before.cpu_s

    @property
    def counts(self) -> tuple[Counts, Counts]:
        """Errors after and before."""
        after, before = (
            compare(self.item.text, (), one.text, self.item.language) for one in (self.after, self.before)
        )
        return after, before


def main() -> None:
    """Decode all recordings and print a row for each language."""
    asked = _arguments()
    chosen = [item for name in asked.set or ["tuning"] for item in items(asked.audio, name) if item.language]
    lasting = [item for item in chosen if asked.shortest <= len(item.samples) / SAMPLE_RATE <= asked.longest]
    if not lasting:
        raise SystemExit("no recording of these sets is as long as asked")
    pairs = defaultdict[str, list[Pair]](list)
    for pair in decoded(lasting, asked.previous, folders().models):
        pairs[pair.item.language].append(pair)
    rows = [figures(language, found) for language, found in sorted(pairs.items())]
    report("Whisper before and after", rows, asked.json, "whisper window")


def decoded(chosen: Sequence[Item], previous: Path, models: Path) -> Iterator[Pair]:
    """Yield the decodes of each recording. The first recording is also decoded once before, to warm up."""
    with (
        closing(Decoder(previous, models, _THREADS)) as before,
        closing(Decoder(CHECKOUT, models, _THREADS)) as after,
    ):
        for ask in (before, after):
            ask(chosen[0], chosen[0].language)
        for item in chosen:
            yield Pair(item, before(item, item.language), after(item, item.language))


def figures(language: str, pairs: Sequence[Pair]) -> Row:
    """Return the row of one language."""
    counts = [pair.counts for pair in pairs]
    after, before = (sum((pair[side] for pair in counts), Counts()) for side in (0, 1))
    return {
        "language": language,
        "recordings": len(pairs),
        "before_ms": round(1000 * fmean(pair.before.cpu_s for pair in pairs)),
        "after_ms": round(1000 * fmean(pair.after.cpu_s for pair in pairs)),
        "ratio": round(sum(pair.after.cpu_s for pair in pairs) / sum(pair.before.cpu_s for pair in pairs), 2),
        "ratio_p95": round(float(np.percentile([pair.ratio for pair in pairs], 95)), 2),
        "errors_before_%": round(100 * before.errors / before.units, 2),
        "errors_after_%": round(100 * after.errors / after.units, 2),
        "difference_at_most": round(100 * upper_bound(counts), 2),
    }


def _arguments() -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument("audio", type=Path)
    parser.add_argument("--previous", type=Path, required=True, help="checkout of the version to compare with")
    parser.add_argument("--set", action="append", choices=SETS, help="default: tuning")
    parser.add_argument("--shortest", type=float, default=2.0, metavar="S", help="seconds of audio")
    parser.add_argument("--longest", type=float, default=6.0, metavar="S", help="seconds of audio")
    return parser.parse_args()


if __name__ == "__main__":
    main()
