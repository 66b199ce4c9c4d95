"""Choice of engine and model from the request and the installed software. Pure."""

from collections.abc import Callable
from typing import Final, NamedTuple

from protocol.engine import EngineUnavailable
from runtime.installing import extra_command

AUTO: Final = "auto"
MODELS: Final = {
    "funasr": ("SenseVoiceSmall", "paraformer-zh"),
    "sensevoice-onnx": ("sensevoice-small-int8", "sensevoice-small-onnx"),
    "whisper": ("whisper-base", "whisper-small", "whisper-large-v3-turbo"),
    "paraformer-onnx": ("paraformer-zh-int8", "paraformer-zh-onnx"),
    "parakeet": ("parakeet-tdt-0.6b-v3-int8",),
}
"""Catalogue models that each engine runs, its default first. ``auto`` tries engines in this order."""
STREAMING_MODELS: Final = {"sherpa-onnx": ("x-asr-zh-en-160ms",)}
"""Catalogue models of the engines for live text, which ``auto`` never chooses."""
MANDARIN_ONLY: Final = frozenset({"paraformer-zh", "paraformer-zh-int8", "paraformer-zh-onnx"})
"""Models that ``auto`` runs only if they are named."""
PUNCTUATION: Final = {"paraformer-zh": "ct-punc-c"}
"""Models that write no punctuation, each with the model that adds it."""


class ModelChoice(NamedTuple):
    """Chosen engine and model; ``why`` is for the log.

    An empty ``model`` means that the engine needs no files, or that the settings name its folder.
    """

    engine: str
    model: str
    why: str


def choose(
    engine: str, model: str, has_libraries: Callable[[str], bool], is_installed: Callable[[str], bool]
) -> ModelChoice:
    """Choose ``engine`` (or any, for ``auto``) with ``model`` or its first installed one.

    Raises ``EngineUnavailable``.
    """
    if engine != AUTO:
        models: tuple[str, ...] = MODELS.get(engine, STREAMING_MODELS.get(engine, ()))
        if models and model and model not in models:
            raise EngineUnavailable(f"the engine {engine} does not run {model}: it runs {', '.join(models)}")
        first = next(filter(is_installed, models), models[0] if models else "")
        return ModelChoice(engine, model or first, "asked for")
    lacking: list[str] = []
    for candidate, models in MODELS.items():
        offered = [model] if model else [name for name in models if name not in MANDARIN_ONLY]
        if not offered:
            continue
        wanted = next(filter(is_installed, offered), offered[0])
        if wanted not in models:
            lacking.append(f"{candidate} does not run {wanted}")
        elif not has_libraries(candidate):
            lacking.append(f"{candidate} needs {extra_command(candidate)}")
        elif not is_installed(wanted):
            lacking.append(f"{candidate} needs kikipounamu models get {wanted}")
        else:
            return ModelChoice(candidate, wanted, "; ".join([*lacking, f"{candidate} and {wanted} are installed"]))
    raise EngineUnavailable(f"no engine can run on this computer: {'; '.join(lacking)}")
