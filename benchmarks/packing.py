"""Time and errors of whisper-base on files: cut at every pause, and packed into windows.

    python -m benchmarks.packing [--rounds 1] [--json FILE]

Each file is the shipped sentences of one language, one after the other, with pauses of 0.8 s between them. The
engine is called directly, with the language given, so that only the cuts differ.
"""

import time
from collections.abc import Sequence

import numpy as np

from app.cli.scoring import score
from app.transcription.pipeline import Samples, SegmentingVad
from benchmarks.programs import whisper_settings
from benchmarks.report import Row, arguments, report
from protocol.audio import SAMPLE_RATE
from protocol.engine import DecodeRequest, Transcript
from protocol.recognition import Options
from protocol.texts import TimedText, join_pieces
from runtime.folders import folders
from speech.packing import Cutter, PackingSegmenter
from speech.segmenter import SegmentAudio, Segmenter, SegmentOpened
from speech.vad import open_vad
from tests.helpers.recordings import samples_of, synthetic
from worker.engines.whisper.engine import WhisperEngine, create


def main() -> None:
    """Measure both cuts in both languages and print the table."""
    options = arguments(__doc__, rounds=1)
    engine = create(whisper_settings())
    rows = [
        _measured(engine, language, cut, options.rounds)
        for language in ("en", "zh")
        for cut in ("at every pause", "into windows")
    ]
    report("Files, cut and packed", rows, options.json, "packing")


def _measured(engine: WhisperEngine, language: str, cut: str, rounds: int) -> Row:
    spoken, text = _recording(language, rounds)
    cutter: Cutter = Segmenter() if cut == "at every pause" else PackingSegmenter()
    began = time.process_time()
    segments = _segments(spoken, cutter)
    pieces: list[TimedText] = []
    for at, pcm in segments:
        (outcome,) = engine.decode([DecodeRequest(pcm, Options(language=language))])
        heard = outcome.text if isinstance(outcome, Transcript) else ""
        pieces.append(TimedText(heard, at * 1000 // SAMPLE_RATE, (at + len(pcm) // 2) * 1000 // SAMPLE_RATE))
    cpu_s = time.process_time() - began
    errors = str(score(text, join_pieces(pieces), language))
    return {
        "language": language,
        "cut": cut,
        "audio_s": round(len(spoken) / SAMPLE_RATE, 1),
        "decodes": len(segments),
        "cpu_s": round(cpu_s, 1),  # of VAD and decodes, of all threads
        "errors": errors,
    }


def _recording(language: str, rounds: int) -> tuple[Samples, str]:
    wanted = [one for one in synthetic() * rounds if one.language == language]
    pause = np.zeros(SAMPLE_RATE * 8 // 10, np.int16)
    sounds = [part for one in wanted for part in (samples_of(one.path), pause)]
    return np.concatenate(sounds), " ".join(one.text for one in wanted)


def _segments(spoken: Samples, cutter: Cutter) -> Sequence[tuple[int, bytes]]:
    vad = SegmentingVad(open_vad(folders().models / "fsmn-vad"), cutter)
    begins: list[int] = []
    audio: list[bytearray] = []
    for output in [*vad.accept(spoken), *vad.finish()]:
        match output:
            case SegmentOpened(_, at):
                begins.append(at)
                audio.append(bytearray())
            case SegmentAudio() as sound:
                audio[-1] += sound.pcm
    return list(zip(begins, map(bytes, audio), strict=True))


if __name__ == "__main__":
    main()
