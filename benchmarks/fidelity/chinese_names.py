"""Mandarin names and terms that whisper-base writes correctly, by how the speaker's list of names is used.

    python -m benchmarks.fidelity.chinese_names --audio AUDIO_DIR [--app] [--json FILE]

AUDIO_DIR has a recording NAME.wav of each line of ``chinese_names.tsv``: name, language, text, voice, speed, and
the name or term in the text. Any text-to-speech program may speak them. All names are on the list. Rows: no list;
the list compared by sound only, as for engines without hotwords; the list as hotwords only; and both.
``never_said``: names from the list that a text has although they were not said in it. ``--app``: dictate each
recording with the whole app instead, with and without the list in its settings.
"""

import asyncio
import csv
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from benchmarks.fidelity.dictating_app import TALLY, running_app, worker_with
from benchmarks.fidelity.text_comparison import compare
from benchmarks.programs import whisper_settings
from benchmarks.report import Row, argument_parser, report
from protocol.engine import DecodeOutcome, DecodeRequest, Transcript
from protocol.recognition import Options
from tests.helpers.recordings import samples_of
from worker.chinese_names import apply_chinese_names
from worker.engines.whisper.engine import WhisperEngine, create

LINES: Final = Path(__file__).with_name("chinese_names.tsv")


class Spoken(NamedTuple):
    """A recording of one sentence with one name in it."""

    text: str
    name: str
    pcm: bytes


def main() -> None:
    """Recognise all recordings without and with the list of names, and print a row for each way to use it."""
    parser = argument_parser(__doc__)
    parser.add_argument("--audio", type=Path, required=True)
    parser.add_argument("--app", action="store_true", help="dictate with the whole app")
    options = parser.parse_args()
    spoken = recordings(options.audio)
    rows = list(app_rows(spoken) if options.app else engine_rows(spoken))
    report("Chinese names", rows, options.json, "chinese-names")


def engine_rows(spoken: Sequence[Spoken]) -> Iterator[Row]:
    """Yield the figures of the engine, without and with the parts that use the list."""
    names = tuple(one.name for one in spoken)
    engine = create(whisper_settings())
    plain, prompted = (decoded(engine, spoken, hotwords) for hotwords in ((), names))
    yield row("no list", spoken, plain, str)
    yield row("by sound", spoken, plain, lambda text: by_sound(text, names))
    yield row("hotwords", spoken, prompted, str)
    yield row("hotwords and by sound", spoken, prompted, lambda text: by_sound(text, names))


def app_rows(spoken: Sequence[Spoken]) -> Iterator[Row]:
    """Yield the figures of the app, which uses the list in every way that the engine allows."""
    names = [one.name for one in spoken]
    for label, hotwords in (("no list, in the app", []), ("list, in the app", names)):
        yield row(label, spoken, asyncio.run(dictated(spoken, hotwords)), str)


async def dictated(spoken: Sequence[Spoken], hotwords: Sequence[str]) -> list[str]:
    """Return the text that the app inserts for each recording, dictated in real time with a held key."""
    lines = f'languages = ["zh", "en"]\nhotwords = {json.dumps(hotwords)}'
    sections = {"hotkeys": 'mode = "hold"', "recognition": lines}
    with tempfile.TemporaryDirectory(prefix="kiki-bench-") as home:
        worker = worker_with(None, Path(home) / TALLY)
        async with running_app(Path(home), sections, 1.0, worker) as app:
            audio = (np.frombuffer(one.pcm, np.int16) for one in spoken)
            return [(await app.dictate(samples, hold=True)).text for samples in audio]


def recordings(folder: Path) -> list[Spoken]:
    """Return the recordings of all lines."""
    with LINES.open(encoding="utf-8", newline="") as lines:
        return [
            Spoken(text, said, samples_of(folder / f"{name}.wav").tobytes())
            for name, _, text, _, _, said in csv.reader(lines, delimiter="\t")
        ]


def decoded(engine: WhisperEngine, spoken: Sequence[Spoken], hotwords: tuple[str, ...]) -> list[str]:
    """Return the text of each recording, decoded by itself."""
    options = Options(language="zh", hotwords=hotwords)
    return [_text(engine.decode([DecodeRequest(one.pcm, options)])[0]) for one in spoken]


def by_sound(text: str, names: tuple[str, ...]) -> str:
    """Return the text as a worker writes it with these names."""
    return _text(apply_chinese_names(Transcript(text), Options(hotwords=names)))


def row(names: str, spoken: Sequence[Spoken], texts: Sequence[str], written: Callable[[str], str]) -> Row:
    """Count the names that are right, the names that were never said, and the wrong characters."""
    right = wrong = errors = units = 0
    for one, text in zip(spoken, map(written, texts), strict=True):
        right += one.name in text
        wrong += sum(other.name in text and other.name not in one.text for other in spoken)
        heard = compare(one.text, (), text, "zh")
        errors, units = errors + heard.errors, units + heard.units
    return {
        "names": names,
        "said": len(spoken),
        "right": right,
        "never_said": wrong,
        "characters_wrong_percent": 100 * errors / units,
    }


def _text(outcome: DecodeOutcome) -> str:
    return outcome.text if isinstance(outcome, Transcript) else ""


if __name__ == "__main__":
    main()
