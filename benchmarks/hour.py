"""Time and errors of ``kikipounamu transcribe`` on an hour of speech: cut at every pause, and packed into windows.

    python -m benchmarks.hour [--audio AUDIO_DIR] [--minutes 60] [--turn 5] [--json FILE]

The recording has the shipped sentences and those that ``benchmarks.fidelity.corpus`` built in AUDIO_DIR, from the
first again if they do not suffice: ``--turn`` minutes of English, as long of Mandarin, and so on. It goes through
the whole chain twice, with whisper-base, language detected. The text of a turn is aligned with what was spoken in
it. An utterance is in its place if at most half of its words or characters are wrong there: it is there once.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, cycle, pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import soundfile
from rich.console import Console

from app.cli.scoring import edit_distance
from app.core.transcript import RecordingTranscript, TranscriptSegment
from app.transcription.pipeline import Recogniser
from app.transcription.progress import ProgressDisplay
from benchmarks.fidelity.corpus import room, seed_of
from benchmarks.fidelity.items import SETS, Item, Samples, items
from benchmarks.fidelity.text_comparison import aligned, normalised, units
from benchmarks.latency import sounding
from benchmarks.programs import cpu_seconds, share_models, temporary_chain, whisper_options
from benchmarks.report import Row, arguments, report
from client.connection import Address, fixed_locator
from protocol.audio import SAMPLE_RATE
from protocol.recognition import Options
from protocol.texts import join_pieces
from runtime.folders import folders
from speech.packing import Cutter, PackingSegmenter
from speech.segmenter import Segmenter
from tests.helpers.chain import Chain
from tests.helpers.recordings import samples_of, synthetic

_LANGUAGES: Final = ("en", "zh")
_CUTS: Final[dict[str, Callable[[], Cutter]]] = {"at every pause": Segmenter, "into windows": PackingSegmenter}
_BETWEEN_TURNS: Final = 3 * SAMPLE_RATE
_BLOCK: Final = SAMPLE_RATE // 100
_SETS: Final = tuple(name for name in SETS if name not in ("short", "level", "sounds"))


class Utterance(NamedTuple):
    """A spoken text and its place in the recording, in samples. ``turn``: the number of its turn."""

    turn: int
    language: str
    text: str
    begin: int
    end: int


@dataclass(frozen=True)
class Recording:
    """Utterances in a row."""

    samples: Samples
    utterances: Sequence[Utterance]


class Placed(NamedTuple):
    """An utterance and the recognised text at its place."""

    utterance: Utterance
    heard: str
    errors: int
    units: int

    @property
    def in_place(self) -> bool:
        """True if the utterance was recognised there, once."""
        return 2 * self.errors <= self.units


def main() -> None:
    """Measure both cuts and print the table."""
    options = arguments(__doc__, audio="", minutes=60.0, turn=5.0)
    spoken = recorded(sentences(options.audio), round(options.minutes * 60), round(options.turn * 60))
    share_models()
    with temporary_chain() as chain:
        rows = list(_rows(chain, spoken))
    report("An hour of speech", rows, options.json, "hour")


def sentences(folder: str) -> dict[str, list[Item]]:
    """Return the recordings of sentences by language."""
    found = [Item(one.path.stem, one.language, one.text, (), samples_of(one.path)) for one in synthetic()]
    if folder:
        found += [item for name in _SETS for item in items(Path(folder), name)]
    return {language: [one for one in found if one.language == language] for language in _LANGUAGES}


def recorded(chosen: dict[str, list[Item]], seconds: int, turn_s: int) -> Recording:
    """Join recordings to one of this length, with pauses of up to a second between them and 3 s between turns."""
    chance = np.random.default_rng(1)
    coming = {language: cycle(those) for language, those in chosen.items()}
    sounds: list[Samples] = []
    utterances: list[Utterance] = []
    at = 0

    def add(samples: Samples) -> None:
        nonlocal at
        sounds.append(samples)
        at += len(samples)

    for turn, begin_s in enumerate(range(0, seconds, turn_s)):
        while at < min(begin_s + turn_s, seconds) * SAMPLE_RATE:
            item = next(coming[_LANGUAGES[turn % len(_LANGUAGES)]])
            utterances.append(Utterance(turn, item.language, item.text, at, at + len(item.samples)))
            add(item.samples)
            add(_silence(int(chance.integers(SAMPLE_RATE)), item.name))
        add(_silence(_BETWEEN_TURNS, str(turn)))
    return Recording(np.concatenate(sounds), utterances)


def _silence(samples: int, name: str) -> Samples:
    return np.rint(room(samples, seed_of(name))).astype(np.int16)


def _rows(chain: Chain, spoken: Recording) -> Iterator[Row]:
    _, endpoint = chain.gateway()
    worker = chain.worker(*whisper_options())
    path, first = chain.root / "hour.wav", chain.root / "first.wav"
    for place, samples in ((path, spoken.samples), (first, spoken.samples[: 5 * SAMPLE_RATE])):
        soundfile.write(place, samples, SAMPLE_RATE, subtype="PCM_16")
    options = Options(priority="bulk", script="simplified", languages=_LANGUAGES)
    locate = fixed_locator(Address(endpoint.url, endpoint.key))
    for cut, cutter in _CUTS.items():
        recogniser = Recogniser(locate, folders().models / "fsmn-vad", options, cutter=cutter)
        _transcribed(recogniser, first)  # loads the model
        before_s = cpu_seconds(worker.popen.pid, descendants=True)
        begun, here_s = time.monotonic(), time.process_time()
        transcript = _transcribed(recogniser, path)
        times = {
            "minutes": (time.monotonic() - begun) / 60,
            "worker_cpu_s": cpu_seconds(worker.popen.pid, descendants=True) - before_s,
            "command_cpu_s": time.process_time() - here_s,
        }
        yield {"cut": cut, "audio_s": len(spoken.samples) / SAMPLE_RATE, **times, **figures(spoken, transcript)}


def _transcribed(recogniser: Recogniser, path: Path) -> RecordingTranscript:
    return asyncio.run(recogniser.recognise(path, ProgressDisplay(Console(stderr=True), path.stem)))


def figures(spoken: Recording, transcript: RecordingTranscript) -> Row:
    """Return the seconds of speech in no piece and in several, the number of utterances in place, and errors."""
    pieces = transcript.segments
    places = list(placed(spoken.utterances, pieces))
    for one in places:
        if not one.in_place:
            print(f"{one.utterance}: {one.heard!r}", file=sys.stderr)
    return {
        "pieces": len(pieces),
        "failed": len(transcript.failures),
        **_covered(spoken.samples, pieces),
        "in_place": f"{sum(one.in_place for one in places)} of {len(places)}",
        **{f"errors_{language}": _errors(places, language) for language in _LANGUAGES},
    }


def _covered(samples: Samples, pieces: Sequence[TranscriptSegment]) -> Row:
    """Return the seconds of sound in no piece and in several, and how many pieces begin too early."""
    covers = np.zeros(len(samples) // _BLOCK + 1, np.int64)
    for piece in pieces:
        covers[round(piece.start_ms / 10) : round(piece.end_ms / 10)] += 1
    loud = covers[np.array(sounding(samples)) // _BLOCK - 1]
    return {
        "in_no_piece_s": np.count_nonzero(loud == 0) / 100,
        "in_several_s": np.count_nonzero(loud > 1) / 100,
        "out_of_order": sum(later.start_ms < before.start_ms for before, later in pairwise(pieces)),
    }


def placed(utterances: Sequence[Utterance], pieces: Sequence[TranscriptSegment]) -> Iterator[Placed]:
    """Yield each utterance with the recognised text at its place."""
    for turn in range(utterances[-1].turn + 1):
        those = [one for one in utterances if one.turn == turn]
        middle_ms = [(piece.start_ms + piece.end_ms) / 2 for piece in pieces]
        begin_ms, end_ms = (at * 1000 / SAMPLE_RATE for at in (those[0].begin, those[-1].end + SAMPLE_RATE))
        heard = [piece for piece, at in zip(pieces, middle_ms, strict=True) if begin_ms <= at < end_ms]
        yield from _in_turn(those, join_pieces(piece.timed for piece in heard))


def _in_turn(utterances: Sequence[Utterance], heard: str) -> Iterator[Placed]:
    language = utterances[0].language
    spoken = [[unit.text for unit in units(normalised(one.text, language), language)] for one in utterances]
    got = list(_split_compounds(spoken, [unit.text for unit in units(normalised(heard, language), language)]))
    _, before = aligned([unit for text in spoken for unit in text], got)
    ends = accumulate(map(len, spoken), initial=0)
    for utterance, text, (first, last) in zip(utterances, spoken, pairwise(ends), strict=True):
        here = got[before[first] if first else 0 : before[last]]
        yield Placed(utterance, " ".join(here), edit_distance(text, here), len(text))


def _split_compounds(spoken: Sequence[Sequence[str]], heard: Sequence[str]) -> Iterator[str]:
    """Yield the heard words; split compounds of two spoken words: "riverbank" is no error for "river bank"."""
    parts = {first + second: (first, second) for text in spoken for first, second in pairwise(text)}
    alone = {word for text in spoken for word in text}
    for word in heard:
        yield from (word,) if word in alone else parts.get(word, (word,))


def _errors(places: Sequence[Placed], language: str) -> str:
    those = [one for one in places if one.utterance.language == language]
    errors, total = sum(one.errors for one in those), sum(one.units for one in those)
    return f"{errors} of {total} ({errors / max(1, total):.1%})"


if __name__ == "__main__":
    main()
