"""Sentences of the measurement, and their recordings put together from separately spoken parts.

    python -m benchmarks.fidelity.corpus parts PARTS.tsv            # a line for each part, to be spoken
    python -m benchmarks.fidelity.corpus build PARTS_DIR AUDIO_DIR  # PARTS_DIR holds NAME.wav of each part
    python -m benchmarks.fidelity.corpus split PARTS_DIR AUDIO_DIR  # each part is a recording, of the set "parts"

A line of PARTS.tsv is name, language, text, voice and speed. ``sentences.tsv`` marks a pause in seconds as
``[0.8]``, and a word that the English voice speaks within Mandarin as ``<word>``. Before a pause, a part ends with
a comma, so that the voice stays up as in a thinking pause.
"""

import re
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.fidelity.sounds import as_samples
from protocol.audio import SAMPLE_RATE
from speech.level import BLOCK, levels_of
from tests.helpers.noise import noise
from tests.helpers.recordings import samples_of

SENTENCES: Final = Path(__file__).with_name("sentences.tsv")
TRANSCRIPTS: Final = "transcripts.tsv"
COLUMNS: Final = ("name", "set", "language", "voice", "speed", "text")
PARTS: Final = "parts"
ROOM_DBFS: Final = -62.0

_PIECE: Final = re.compile(r"\[(\d+\.\d+)\]|<([^>]+)>|([^\[<]+)")
_MARKUP: Final = re.compile(r"\[\d+\.\d+\]|[<>]")
_COMMAS: Final = {"zh": "，", "en": ","}
_SPEECH_DBFS: Final = -45.0
_EDGE_S: Final = 0.03  # kept on both sides of a part: quiet consonants
_JOINT_S: Final = 0.08  # between parts in two languages
_LEAD_S: Final = 0.4

Samples = NDArray[np.int16]


class Part(NamedTuple):
    """A part that one voice speaks at once; ``pause_s``: seconds of silence after it."""

    name: str
    language: str
    text: str
    pause_s: float


@dataclass(frozen=True)
class Sentence:
    """A spoken text. ``marked`` includes the marks of pauses and of English words."""

    name: str
    set: str
    language: str
    voice: str
    speed: str
    marked: str

    @property
    def text(self) -> str:
        """The text as it should be written."""
        return _without_marks(self.marked)

    @property
    def pauses(self) -> list[str]:
        """The text before each pause, from the start of the sentence."""
        ends = [mark.start() for mark in re.finditer(r"\[", self.marked)]
        return [_without_marks(self.marked[:end]) for end in ends]

    @property
    def parts(self) -> list[Part]:
        """The parts to speak, in order."""
        pieces = [match.groups() for match in _PIECE.finditer(self.marked)]
        parts: list[Part] = []
        for number, ((_, english, text), following) in enumerate(pairwise([*pieces, ("", "", "")])):
            spoken = (english or text or "").strip()
            if not any(character.isalnum() for character in spoken):
                if following[0] and parts:  # a comma after an English word, then a pause
                    parts[-1] = parts[-1]._replace(pause_s=float(following[0]))
                continue
            pause = float(following[0]) if following[0] else _JOINT_S if any(following) else 0.0
            language = "en" if english else self.language
            if any(following) and spoken[-1].isalnum():
                spoken += _COMMAS[language]
            parts.append(Part(f"{self.name}.{number}", language, spoken, pause))
        return parts


def _without_marks(marked: str) -> str:
    return re.sub(r"\s+", " ", _MARKUP.sub("", marked)).strip()


def read(path: Path = SENTENCES) -> list[Sentence]:
    """Read the sentences, or the transcripts of a folder of recordings."""
    lines = path.read_text(encoding="utf-8").splitlines()
    names = lines[0].split("\t")
    rows = (dict(zip(names, line.split("\t"), strict=True)) for line in lines[1:])
    return [Sentence(*(row[column] for column in COLUMNS)) for row in rows]


def part_lines(sentences: Iterable[Sentence]) -> Iterator[str]:
    """Yield a line for each part: name, language, text, voice and speed."""
    for sentence in sentences:
        for part in sentence.parts:
            yield "\t".join((part.name, part.language, part.text, _voice(sentence, part), sentence.speed))


def _voice(sentence: Sentence, part: Part) -> str:
    return sentence.voice if part.language == sentence.language else "joe"


def trimmed(samples: Samples) -> Samples:
    """Return a part without the silence around it."""
    loud = np.flatnonzero(levels_of(samples) > _SPEECH_DBFS)
    edge = round(_EDGE_S * SAMPLE_RATE)
    return samples[max(0, int(loud[0]) * BLOCK - edge) : (int(loud[-1]) + 1) * BLOCK + edge]


def room(samples: int, seed: int) -> NDArray[np.float64]:
    """Return the noise of a quiet room, in units of samples."""
    return noise("pink", max(samples, SAMPLE_RATE), seed)[:samples] * 2**15 * 10 ** (ROOM_DBFS / 20)


def assembled(parts: Iterable[tuple[Samples, float]], seed: int) -> Samples:
    """Join trimmed parts with their pauses, with the noise of a room throughout."""
    lead = np.zeros(round(_LEAD_S * SAMPLE_RATE), np.int16)
    pieces = [lead]
    for samples, pause_s in parts:
        pieces += [trimmed(samples), np.zeros(round(pause_s * SAMPLE_RATE), np.int16)]
    clean = np.concatenate([*pieces, lead])
    return as_samples(clean + room(len(clean), seed))


def seed_of(name: str) -> int:
    """Return a number that is equal for this name in every run."""
    return zlib.crc32(name.encode())


def split(sentences: Iterable[Sentence]) -> Iterator[tuple[Sentence, list[Part]]]:
    """Yield each part as a text of its own."""
    for sentence in sentences:
        for part in sentence.parts:
            voice = _voice(sentence, part)
            one = Sentence(part.name, PARTS, part.language, voice, sentence.speed, part.text)
            yield one, [part._replace(pause_s=0.0)]


def build(parts: Path, out: Path, texts: Iterable[tuple[Sentence, Sequence[Part]]]) -> None:
    """Write the recordings of these texts, and their transcripts."""
    out.mkdir(parents=True, exist_ok=True)
    rows = ["\t".join((*COLUMNS, "seconds"))]
    for sentence, to_speak in texts:
        places = [parts / f"{part.name}.wav" for part in to_speak]
        if absent := [place.name for place in places if not place.exists()]:
            print(f"{sentence.name} is left out: {', '.join(absent)} is missing")
            continue
        spoken = [(samples_of(place), part.pause_s) for place, part in zip(places, to_speak, strict=True)]
        samples = assembled(spoken, seed_of(sentence.name))
        soundfile.write(out / f"{sentence.name}.wav", samples, SAMPLE_RATE, subtype="PCM_16")
        values = (sentence.name, sentence.set, sentence.language, sentence.voice, sentence.speed, sentence.marked)
        rows.append("\t".join((*values, f"{len(samples) / SAMPLE_RATE:.2f}")))
    (out / TRANSCRIPTS).write_text("\n".join(rows) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> None:
    """Write the list of parts, or make recordings from spoken parts."""
    match arguments:
        case ["parts", path]:
            Path(path).write_text("\n".join(part_lines(read())) + "\n", encoding="utf-8")
        case ["build", parts, out]:
            build(Path(parts), Path(out), ((one, one.parts) for one in read()))
        case ["split", parts, out]:
            build(Path(parts), Path(out), split(read()))
        case ["--help"]:
            print(__doc__)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
