"""Errors and full stops of the whole app, compared with a previous version's decodes of whole recordings.

    python -m benchmarks.fidelity AUDIO_DIR --previous WORKTREE [--mode hold] [--set held-out] [--json FILE]

AUDIO_DIR: output of ``benchmarks.fidelity.corpus``, or recordings with a ``transcripts.tsv`` of the same columns,
in the set ``other``. Every recording is dictated as one take: in hands-free mode between two taps of the key, in
hold mode while it is down. ``hold-in-time`` and ``hands-free-in-time`` give the texts of an app whose second
passes are never late, even on a busy machine. ``whole`` decodes a recording as one piece with this version's
engine. Sets: ``held-out`` and ``tuning`` sentences (also ``-2``), ``pairs-held-out``, ``pairs-tuning`` and
``pairs-fresh`` (also ``-2`` to ``-7``) of two sentences each, ``short`` answers, ``level`` (sentences at -20 and
-50 dBFS), ``sounds`` without words.

Texts and decodes are kept in AUDIO_DIR by revision. Missing decodes are made first, so that the takes end as on a
quiet computer.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.fidelity.corpus import room, seed_of
from benchmarks.fidelity.dictating_app import CHECKOUT, TALLY, Dictated, DictatingApp, running_app, worker_with
from benchmarks.fidelity.in_time import in_time
from benchmarks.fidelity.items import SETS, Item, items
from benchmarks.fidelity.reference import whole
from benchmarks.fidelity.result_cache import ResultCache, key_of, whisper_digest
from benchmarks.fidelity.scores import Heard, groups, rates, sounds
from benchmarks.report import argument_parser, table, write_json
from loadtest.measurement.figures import percentile
from protocol.audio import SAMPLE_RATE
from runtime.folders import folders

HOLD, HANDS_FREE, WHOLE = "hold", "hands-free", "whole"
IN_TIME: Final = {f"{mode}-in-time": mode for mode in (HOLD, HANDS_FREE)}
_ROUNDS: Final = 5
_MOST_APPS: Final = 200
_TAIL_S: Final = {HOLD: 0.1, HANDS_FREE: 3.0}
"""Seconds of room noise after the speech, before the take ends."""


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argument_parser(__doc__)
    parser.add_argument("audio", type=Path)
    parser.add_argument("--previous", type=Path, required=True, help="checkout of the version to compare with")
    parser.add_argument(
        "--mode", action="append", choices=(HANDS_FREE, HOLD, *IN_TIME, WHOLE), help="default: the first two"
    )
    parser.add_argument("--set", default="held-out", choices=SETS)
    parser.add_argument("--language", choices=("zh", "en"), help="sentences of one language only")
    parser.add_argument("--part", default="0/1", help="only every Nth recording, from the Kth: K/N")
    parser.add_argument("--decode-only", action="store_true", help="keep the decodes, and dictate in a later run")
    parser.add_argument("--pace", type=float, default=1.0, help="times faster than real time")
    parser.add_argument("--recognition", default="", help="lines of the section [recognition] of settings.toml")
    return parser.parse_args()


def with_tail(item: Item, mode: str) -> NDArray[np.int16]:
    """Return the recording with the silence that follows it in this mode."""
    if not item.language:
        return item.samples
    noise = room(round(_TAIL_S[mode] * SAMPLE_RATE), seed_of(item.name) + 1)
    level = 10 ** (-30 / 20) if item.condition.startswith("-50") else 1.0
    return np.concatenate([item.samples, np.rint(noise * level).astype(np.int16)])


@dataclass
class Takes:
    """Takes of one mode. Those that an earlier run of the same revision kept are not dictated again."""

    mode: str
    options: argparse.Namespace

    async def of(self, chosen: Sequence[Item]) -> list[Dictated]:
        """Dictate every recording until all its decodes are kept, then once more with all of them replayed."""
        kept = ResultCache(self.options.audio / self.mode, CHECKOUT)
        keys = [key_of(item.samples, f"{self.options.pace:g}", self.options.recognition) for item in chosen]
        missing = [(key, item) for key, item in zip(keys, chosen, strict=True) if key not in kept]
        if missing:
            async with self._app() as app:
                for _, item in missing:
                    await self._warm(app, item)
        if missing and self.options.decode_only:
            sys.exit()
        for _ in range(_MOST_APPS):
            if not missing:
                break
            async with self._app() as app:
                await self._until_new_decode(app, missing, kept)
        return [Dictated(**kept[key]) for key in keys]

    async def _until_new_decode(
        self, app: DictatingApp, missing: list[tuple[str, Item]], kept: ResultCache
    ) -> None:
        """Dictate and keep the missing takes until one needs a new decode, which makes the worker look slow.

        The first take is dictated twice, because the worker's speed is not known before it.
        """
        for number in range(len(missing) + 1):
            key, item = missing[0]
            found = await app.dictate(with_tail(item, self.mode), hold=self.mode == HOLD)
            print(f"{len(missing)} left: {item.name} {found}", file=sys.stderr, flush=True)
            if found.fresh:
                missing.append(missing.pop(0))
                break
            if number:
                kept[key] = asdict(found)
                del missing[0]

    async def _warm(self, app: DictatingApp, item: Item) -> None:
        for _ in range(_ROUNDS):
            found = await app.dictate(with_tail(item, self.mode), hold=self.mode == HOLD)
            print(f"{item.name}: {found.fresh} decodes", file=sys.stderr, flush=True)
            if not found.fresh:
                break

    @asynccontextmanager
    async def _app(self) -> AsyncIterator[DictatingApp]:
        lines = f"partials = false\n{self.options.recognition}"
        sections = {"hotkeys": f'mode = "{self.mode}"', "recognition": lines}
        decodes = self.options.audio / f"decodes-{whisper_digest(CHECKOUT)}"
        with tempfile.TemporaryDirectory(prefix="kiki-bench-") as home:
            worker = worker_with(decodes, Path(home) / TALLY)
            async with running_app(Path(home), sections, self.options.pace, worker) as app:
                yield app


def row(mode: str, condition: str, heard: Sequence[Heard], takes: Sequence[Dictated]) -> dict[str, Any]:
    """Return the figures of the recordings of one condition."""
    return {
        "mode": mode,
        "condition": condition,
        **rates(heard),
        "held": sum(one.held for one in takes),
        "segments": sum(one.segments for one in takes),
        "spans": sum(one.spans for one in takes),
        "insertions": sum(one.pieces for one in takes),
        "key_up_p50_ms": percentile([one.after_ms for one in takes if one.after_ms is not None], 0.5),
    }


def measure(mode: str, chosen: Sequence[Item], options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the figures of one mode: one row for each condition."""
    models = folders().models
    decodes = list(whole(chosen, CHECKOUT, models, options.audio)) if mode == WHOLE else []
    if mode in IN_TIME:
        found = list(texts_in_time(IN_TIME[mode], chosen, options.audio))
    else:
        found = [Dictated(one.text) for one, _ in decodes] or asyncio.run(Takes(mode, options).of(chosen))
    if options.set == "sounds":
        pairs = [(item.condition, one.text) for item, one in zip(chosen, found, strict=True)]
        return [{"mode": mode, **figures} for figures in sounds(pairs)]
    before = list(whole(chosen, options.previous.resolve(), models, options.audio))
    rows: list[dict[str, Any]] = []
    for language, condition in dict.fromkeys((item.language, item.condition) for item in chosen):
        numbers = [n for n, item in enumerate(chosen) if (item.language, item.condition) == (language, condition)]
        heard = [Heard(chosen[n], found[n].text, before[n][0].text, before[n][1].text) for n in numbers]
        figures = row(mode, f"{language} {condition}".strip(), heard, [found[n] for n in numbers])
        if decodes:
            times = [(decodes[n][0].cpu_s, before[n][0].cpu_s) for n in numbers]
            figures["cpu_ratio"] = sum(now for now, _ in times) / sum(then for _, then in times)
        rows.append(figures)
        for name, some in groups(heard)[1:]:
            rows.append(
                {**dict.fromkeys(figures, ""), "mode": mode, "condition": f"{language} {name}", **rates(some)}
            )
    return rows


def texts_in_time(mode: str, chosen: Sequence[Item], folder: Path) -> Iterator[Dictated]:
    """Yield the text that the app inserts for each recording if nothing is late."""
    spoken = [replace(item, samples=with_tail(item, mode)) for item in chosen]
    yield from map(Dictated, in_time(spoken, hold=mode == HOLD, models=folders().models, folder=folder))


def main() -> None:
    """Measure and print the figures."""
    options = arguments()
    options.audio = options.audio.resolve()
    chosen = [one for one in items(options.audio, options.set) if options.language in (None, one.language)]
    first, step = map(int, options.part.split("/"))
    rows: list[dict[str, Any]] = []
    for mode in options.mode or (HANDS_FREE, HOLD):
        found = measure(mode, chosen[first::step], options)
        table(f"fidelity, {options.set}, {mode}", found)
        rows += found
    write_json(options.json, "fidelity", rows)


if __name__ == "__main__":
    main()
