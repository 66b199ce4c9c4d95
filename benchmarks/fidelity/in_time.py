"""Texts that the app inserts if no second pass is late, computed without its processes and its clock.

Recordings are cut, spans are planned and texts are joined as in the app. So a busy computer gives the same texts.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from app.core.span_preference import prefers_span
from app.transcription.listening import CuttingMode, segmenting_vad
from app.transcription.pipeline import SpanningVad
from app.transcription.span_planner import Span, SpanPlanner, SpanRules
from benchmarks.fidelity.dictating_app import CHECKOUT
from benchmarks.fidelity.items import Item, Samples
from benchmarks.fidelity.reference import AUTO, Decoder
from benchmarks.fidelity.result_cache import ResultCache, key_of
from protocol.audio import FRAME_SAMPLES, samples_to_ms
from protocol.texts import TimedText, join_pieces
from speech.packing import AudioSpan
from speech.segmenter import SegmentClosed, SegmentOpened
from worker.core.decoding import amplify

_LANGUAGES: Final = ("zh", "en")

Decode = Callable[[AudioSpan], TimedText]


def in_time(items: Iterable[Item], *, hold: bool, models: Path, folder: Path) -> Iterator[str]:
    """Yield the text of each recording, and keep the decodes. The language of sounds is detected."""
    kept = ResultCache(folder / "parts", CHECKOUT)
    with closing(Decoder(CHECKOUT, models)) as ask:
        for item in items:
            decode = _decode(item, ask, kept)
            yield join_pieces(texts(item.samples, decode, hold=hold, vad=models / "fsmn-vad"))


def _decode(item: Item, ask: Decoder, kept: ResultCache) -> Decode:
    def decoded(part: AudioSpan) -> TimedText:
        pcm = amplify(item.samples[part.begin : part.end].tobytes(), part.gain_db)
        samples = np.frombuffer(pcm, np.int16)
        key = key_of(samples, item.language)
        if key not in kept:
            kept[key] = ask(replace(item, samples=samples), item.language or AUTO, _LANGUAGES)
        return TimedText(kept[key][0], samples_to_ms(part.begin), samples_to_ms(part.end))

    return decoded


def texts(samples: Samples, decoded: Decode, *, hold: bool, vad: Path) -> Iterator[TimedText]:
    """Yield the texts of a recording's spans, or of their pieces where these are preferred."""
    pieces: dict[int, AudioSpan] = {}
    for output in cut(samples, hold=hold, vad_folder=vad):
        match output:
            case SegmentOpened(segment, at, gain_db):
                pieces[segment] = AudioSpan(at, at, gain_db)
            case SegmentClosed(segment, length):
                pieces[segment] = _ended(pieces[segment], length)
            case Span(tail=tail):
                if tail is not None:
                    pieces[tail.segment] = _ended(pieces[tail.segment], tail.samples)
                alone = [decoded(pieces[number]) for number in output.pieces]
                yield from alone if output.segment is None else _chosen(decoded(_audio(output)), alone)


def _ended(piece: AudioSpan, length: int) -> AudioSpan:
    return replace(piece, end=piece.begin + length)


def _audio(span: Span) -> AudioSpan:
    return AudioSpan(span.at, span.at + span.samples, span.gain_db)


def _chosen(whole: TimedText, alone: list[TimedText]) -> list[TimedText]:
    return [whole] if prefers_span(whole.text, [piece.text for piece in alone], _LANGUAGES) else alone


def cut(samples: Samples, *, hold: bool, vad_folder: Path) -> Iterator[object]:
    """Yield the segments and spans of a recording, as for a model that needs context."""
    mode = CuttingMode.TOGGLE if hold else CuttingMode.HANDS_FREE
    rules = SpanRules(offered=lambda: True, key_down=lambda: hold)
    vad = SpanningVad(segmenting_vad(mode, vad_folder, needs_context=True), SpanPlanner(rules))
    for block in np.split(samples, range(FRAME_SAMPLES, len(samples), FRAME_SAMPLES)):
        yield from vad.accept(block)
    yield from vad.finish()
