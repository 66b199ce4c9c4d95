"""Build recordings for the app's tests, and the checksum engine's texts for them."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from app.transcription.listening import CuttingMode, segmenting_vad
from app.transcription.pipeline import SegmentingVad
from loadtest.core.checksum import checksum
from protocol.audio import SAMPLE_RATE
from speech.audio_file import read_audio
from speech.packing import PackingSegmenter
from speech.segmenter import SegmentAudio
from speech.vad import open_vad

SPEECH = Path(__file__).resolve().parent.parent / "data" / "speech"


def recording(*names: str, to: Path, silence_s: int = 1) -> Path:
    """Write the named recordings to ``to`` one after the other, each followed by ``silence_s`` of silence."""
    silence = np.zeros(silence_s * SAMPLE_RATE, np.int16)
    parts: list[NDArray[np.int16]] = [silence]
    for name in names:
        parts += [*read_audio(SPEECH / f"{name}.flac"), silence]
    soundfile.write(to, np.concatenate(parts), SAMPLE_RATE)
    return to


def digests(path: Path, models: Path, mode: CuttingMode = CuttingMode.HANDS_FREE) -> list[str]:
    """Return the text that a lossless chain produces for each segment of ``path``."""
    return _digests(path, segmenting_vad(mode, models / "fsmn-vad"))


def window_digests(path: Path, models: Path) -> list[str]:
    """Return the text that a lossless chain produces for each window of a file."""
    return _digests(path, SegmentingVad(open_vad(models / "fsmn-vad"), PackingSegmenter()))


def _digests(path: Path, vad: SegmentingVad) -> list[str]:
    pcm: dict[int, bytes] = {}
    outputs = [output for block in read_audio(path) for output in vad.accept(block)]
    for output in [*outputs, *vad.finish()]:
        if isinstance(output, SegmentAudio):
            pcm[output.segment] = pcm.get(output.segment, b"") + output.pcm
    return [checksum(audio) for audio in pcm.values()]
