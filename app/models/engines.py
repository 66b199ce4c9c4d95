"""What each model of the catalogue is for, and how the worker of this computer runs the chosen one. Pure.

Which engine runs which model says ``worker.choice``, which is another program.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Final, NamedTuple

from app.errors import ModelUnfit
from app.models.view import Purpose
from app.needed_models import VAD_MODEL

DEFAULT: Final = "whisper-base"


class Kind(NamedTuple):
    """``languages``: ISO 639, empty for very many. ``beside``: the model that it is used together with."""

    purpose: Purpose
    languages: tuple[str, ...] = ()
    engine: str = ""
    beside: str = ""


KINDS: Final = {
    VAD_MODEL: Kind(Purpose.VAD, ("zh", "en")),
    "whisper-base": Kind(Purpose.RECOGNISER, (), "whisper"),
    "SenseVoiceSmall": Kind(Purpose.RECOGNISER, ("zh", "yue", "en", "ja", "ko"), "funasr"),
    "paraformer-zh": Kind(Purpose.RECOGNISER, ("zh",), "funasr"),
    "ct-punc-c": Kind(Purpose.PUNCTUATION, ("zh",), beside="paraformer-zh"),
    "paraformer-zh-streaming": Kind(Purpose.RECOGNISER, ("zh",)),
    "Fun-ASR-Nano": Kind(Purpose.RECOGNISER, ("zh", "en", "ja")),
}
_LIBRARIES: Final = {"whisper": ("faster_whisper",), "funasr": ("funasr", "torch")}


def engine_is_here(engine: str) -> bool:
    """Whether what it imports is installed. Imports nothing."""
    return all(find_spec(library) for library in _LIBRARIES.get(engine, ()))


def lacks(model: str, is_here: Callable[[str], bool] = engine_is_here) -> str:
    """The extra of this program that must be installed before ``model`` can be run; empty for none."""
    engine = KINDS[model].engine if model in KINDS else ""
    return engine if engine and not is_here(engine) else ""


def arguments_for(model: str, is_here: Callable[[str], bool] = engine_is_here) -> tuple[str, ...]:
    """For ``kikipounamu-worker run``. Raises ``ModelUnfit``."""
    engine = KINDS[model].engine if model in KINDS else ""
    if not engine:
        raise ModelUnfit(model)
    if not is_here(engine):
        raise ModelUnfit(model, engine)
    return ("--engine", engine, "--model", model)
