"""Errors and CPU time of Whisper on whole recordings, compared with those of a previous version.

    python -m benchmarks.whisper_window AUDIO_DIR --previous WORKTREE [--set tuning] [--longest 6] [--texts FILE]

AUDIO_DIR is that of ``benchmarks.fidelity``. Both versions decode each recording in turn, with its language given,
in processes of their own with one thread. ``difference_at_most``: upper end of the 95 % interval of the error rate
after less that before, in percentage points.
``--texts FILE`` keeps a line for each recording: name, CPU seconds before and after, the spoken text, that before
and that after. Recordings that FILE has are not decoded again, and ``--most N`` decodes N others at most. FILE is
of these two versions only.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from itertools import chain
from pathlib import Path
from statistics import fmean
from typing import Final, NamedTuple

import numpy as np

from benchmarks.fidelity.dictating_app import CHECKOUT
from benchmarks.fidelity.items import SETS, Item, items
from benchmarks.fidelity.reference import Decoded, Decoder
from benchmarks.fidelity.text_comparison import Counts, compare, repeats, upper_bound
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
        """CPU time after, divided by that before."""
        return self.after.cpu_s / self.before.cpu_s

    @property
    def counts(self) -> tuple[Counts, Counts]:
        """Errors after and before."""
        after, before = (
            compare(self.item.text, (), one.text, self.item.language) for one in (self.after, self.before)
        )
        return after, before

    @property
    def line(self) -> str:
        """Name, CPU seconds before and after, the spoken text, that before and that after, separated by tabs."""
        cpu = (f"{one.cpu_s:.3f}" for one in (self.before, self.after))
        return "\t".join((self.item.name, *cpu, self.item.text, self.before.text, self.after.text))


def main() -> None:
    """Decode all recordings and print a row for each language."""
    options = _arguments()
    chosen = [item for name in options.set or ["tuning"] for item in items(options.audio, name)]
    wanted = [options.language] if options.language else ["zh", "en"]
    spoken = [item for item in chosen if item.language in wanted]
    lasting = [item for item in spoken if options.shortest <= len(item.samples) / SAMPLE_RATE <= options.longest]
    if not lasting:
        raise SystemExit("no recording of these sets is as long as asked")
    pairs = defaultdict[str, list[Pair]](list)
    kept = list(read(options.texts, lasting)) if options.texts else []
    known = {pair.item.name for pair in kept}
    others = [item for item in lasting if item.name not in known][: options.most]
    for pair in chain(kept, decoded(others, options.previous, folders().models, options.texts)):
        pairs[pair.item.language].append(pair)
    rows = [row for language, found in sorted(pairs.items()) for row in rows_of(language, found)]
    report("Whisper before and after", rows, options.json, "whisper window")


def decoded(chosen: Sequence[Item], previous: Path, models: Path, texts: Path | None) -> Iterator[Pair]:
    """Yield and keep the decodes of each recording. The first is also decoded once before, to warm up."""
    with (
        closing(Decoder(previous, models, _THREADS)) as before,
        closing(Decoder(CHECKOUT, models, _THREADS)) as after,
        texts.open("a", encoding="utf-8") if texts else nullcontext() as file,
    ):
        for number, item in enumerate(chosen):
            for ask in () if number else (before, after):
                ask(item, item.language)
            pair = Pair(item, before(item, item.language), after(item, item.language))
            if file:
                print(pair.line, file=file, flush=True)
            yield pair


def read(texts: Path, chosen: Sequence[Item]) -> Iterator[Pair]:
    """Yield the pairs of these recordings that the file has."""
    lines = texts.read_text(encoding="utf-8").splitlines() if texts.exists() else []
    spoken = {item.name: item for item in chosen}
    for name, *seconds, _, before, after in (line.split("\t") for line in lines):
        if item := spoken.get(name):
            decodes = zip((before, after), seconds, strict=True)
            yield Pair(item, *(Decoded(text, item.language, float(cpu_s)) for text, cpu_s in decodes))


def rows_of(language: str, pairs: Sequence[Pair]) -> Iterator[Row]:
    """Yield the row of one language. If decodes before were loops, also yield the row without these recordings."""
    yield figures(language, pairs)
    clean = [pair for pair in pairs if not repeats(pair.before.text, language)]
    if 0 < len(clean) < len(pairs):
        yield figures(f"{language} without loops before", clean)


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
    parser.add_argument("--texts", type=Path, help="file of all texts, kept and continued")
    parser.add_argument("--most", type=int, metavar="N", help="recordings to decode in this run")
    parser.add_argument("--language", choices=("zh", "en"))
    parser.add_argument("--shortest", type=float, default=2.0, metavar="S", help="seconds of audio")
    parser.add_argument("--longest", type=float, default=6.0, metavar="S", help="seconds of audio")
    return parser.parse_args()


if __name__ == "__main__":
    main()
