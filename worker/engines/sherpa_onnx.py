"""Live text with online transducers through sherpa-onnx, X-ASR for one. Needs no torch.

The states of all utterances of a call are decoded together, step by step. ``--set sessions=N`` limits how many
utterances are kept; each keeps a few megabytes.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from protocol.audio import SAMPLE_RATE
from protocol.engine import EngineInfo, EnginePiece, EngineSettings, EngineUnavailable
from worker.engines.batch_engine import samples_of
from worker.engines.model_loading import loading, model_folder, model_name, needed_library

SESSIONS: Final = 64
MOST_SESSIONS: Final = 1_024
LANGUAGES: Final = ("en", "zh")
_PARTS: Final = ("encoder", "decoder", "joiner")
_SETTINGS: Final = frozenset({"folder", "languages", "sessions"})


class SherpaEngine:
    """Engine on one online recogniser of sherpa-onnx, with one of its streams for each utterance."""

    def __init__(self, info: EngineInfo, recogniser: Any) -> None:
        self._info = info
        self._recogniser = recogniser
        self._streams: dict[int, Any] = {}

    def info(self) -> EngineInfo:
        """Describe the model and its place for utterances."""
        return self._info

    def feed(self, pieces: Sequence[EnginePiece]) -> Sequence[str]:
        """Append each piece to its utterance, and decode as far as whole steps go."""
        streams = [self._stream(piece.id) for piece in pieces]
        for stream, piece in zip(streams, pieces, strict=True):
            stream.accept_waveform(SAMPLE_RATE, samples_of(piece.pcm))
        while ready := [stream for stream in streams if self._recogniser.is_ready(stream)]:
            self._recogniser.decode_streams(ready)
        return [str(self._recogniser.get_result(stream)).strip() for stream in streams]

    def drop(self, ids: Sequence[int]) -> None:
        """Release the states of these utterances."""
        for one in ids:
            self._streams.pop(one, None)

    def close(self) -> None:
        """Release the model and all utterances."""
        self._streams.clear()
        self._recogniser = None

    def _stream(self, of: int) -> Any:
        if of not in self._streams:
            self._streams[of] = self._recogniser.create_stream()
        return self._streams[of]


def create(settings: EngineSettings) -> SherpaEngine:
    """Create the engine (entry point). Raises ``EngineUnavailable``."""
    sessions = settings.extra.get("sessions", str(SESSIONS))
    if not (sessions.isdecimal() and 0 < int(sessions) <= MOST_SESSIONS):
        raise EngineUnavailable(f"sessions={sessions} is not a number from 1 to {MOST_SESSIONS}")
    folder = model_folder("sherpa-onnx", settings, _SETTINGS)
    files = model_files(Path(folder))
    with needed_library("the engine sherpa-onnx needs sherpa-onnx", "streaming"):
        library = import_module("sherpa_onnx")
    languages = tuple(filter(None, settings.extra.get("languages", ",".join(LANGUAGES)).split(",")))
    info = EngineInfo("sherpa-onnx", model_name(settings, folder), "cpu", languages, slots=int(sessions))
    return SherpaEngine(info, _recogniser(library, files, settings.threads or 1))


def model_files(folder: Path) -> dict[str, str]:
    """Return the file of each part of the transducer below ``folder``. Raises ``EngineUnavailable``."""
    found = {}
    for part, pattern in {**{part: f"{part}*.onnx" for part in _PARTS}, "tokens": "tokens.txt"}.items():
        paths = sorted(folder.rglob(pattern))
        if len(paths) != 1:
            raise EngineUnavailable(f"{folder} has {len(paths)} files {pattern}: one model has exactly one")
        found[part] = str(paths[0])
    return found


def _recogniser(library: Any, files: dict[str, str], threads: int) -> Any:
    with loading(f"the model of {files['encoder']}"):
        return library.OnlineRecognizer.from_transducer(
            **files, num_threads=threads, sample_rate=SAMPLE_RATE, decoding_method="greedy_search", provider="cpu"
        )
