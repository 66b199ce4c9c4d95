"""Live text with online transducers through sherpa-onnx, X-ASR for one. Needs no torch.

The states of all utterances of a call are decoded together, step by step. ``--set sessions=N`` limits how many
utterances are kept; each keeps a few megabytes.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from protocol.audio import SAMPLE_RATE
from protocol.engine import EngineInfo, EnginePiece, EngineSettings, EngineUnavailable
from runtime.installing import extra_command
from worker.engines.registry import lacks_memory

SESSIONS: Final = 64
MOST_SESSIONS: Final = 1_024
LANGUAGES: Final = ("en", "zh")
_PARTS: Final = ("encoder", "decoder", "joiner")
_SETTINGS: Final = frozenset({"folder", "languages", "sessions"})
_FULL_SCALE: Final = np.float32(32_768)


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
            samples = np.frombuffer(piece.pcm, "<i2").astype(np.float32) / _FULL_SCALE
            stream.accept_waveform(SAMPLE_RATE, samples)
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
    if unknown := settings.extra.keys() - _SETTINGS:
        raise EngineUnavailable(f"the engine sherpa-onnx has no setting {', '.join(sorted(unknown))}")
    if settings.device not in ("auto", "cpu"):
        raise EngineUnavailable(f"the engine sherpa-onnx runs on auto or cpu, not on {settings.device!r}")
    sessions = settings.extra.get("sessions", str(SESSIONS))
    if not (sessions.isdecimal() and 0 < int(sessions) <= MOST_SESSIONS):
        raise EngineUnavailable(f"sessions={sessions} is not a number from 1 to {MOST_SESSIONS}")
    folder = settings.extra.get("folder", settings.model_folder)
    if not folder:
        raise EngineUnavailable("the engine sherpa-onnx needs a model: choose one with --model")
    files = model_files(Path(folder))
    try:
        library = import_module("sherpa_onnx")
    except ImportError as error:
        raise EngineUnavailable(
            f"the engine sherpa-onnx needs sherpa-onnx: run {extra_command('streaming')} ({error})"
        ) from error
    languages = tuple(filter(None, settings.extra.get("languages", ",".join(LANGUAGES)).split(",")))
    model = settings.model or Path(folder).name
    info = EngineInfo("sherpa-onnx", model, "cpu", languages, slots=int(sessions))
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
    try:
        return library.OnlineRecognizer.from_transducer(
            **files, num_threads=threads, sample_rate=SAMPLE_RATE, decoding_method="greedy_search", provider="cpu"
        )
    except Exception as error:  # the library's errors have no common base
        if lacks_memory(error):
            raise
        reason = str(error).partition("\n")[0]
        raise EngineUnavailable(f"the model of {files['encoder']} cannot be loaded: {reason}") from error
