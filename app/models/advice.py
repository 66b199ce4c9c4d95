"""Advice about models on this computer: the recommended one with its reason, and the speeds measured here."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import psutil
from msgspec import Struct

from app.core.child_process import find_program
from app.core.errors import AppError
from app.core.sentences import TextLookup
from app.models.engines import arguments_for, lacks
from protocol.decoding import explain
from runtime.folders import folders
from runtime.whole_file import keep, read_kept
from speech.models.catalogue import Model
from speech.models.errors import MeasurementFailed
from speech.models.recommendation import ChoiceReason, Computer, LocalSpeed, Recommendation, local_speed, recommend

_FILE: Final = "model-speeds.json"
_DRIVER: Final = "nvidia-smi"


def read_speeds(place: Path | None = None) -> dict[str, float]:
    """Return the measured speeds by model, in seconds of audio per second; none if the file is damaged. Blocks."""
    speeds = read_kept(place or _speeds_file(), dict[str, float], {})
    return {name: speed for name, speed in speeds.items() if speed > 0}


def keep_speed(model: str, speed: float, place: Path | None = None) -> None:
    """Keep a measured speed; it is lost if the file cannot be written. Blocks."""
    place = place or _speeds_file()
    keep(place, read_speeds(place) | {model: round(speed, 2)})


def this_computer() -> Computer:
    """Return what is known of this computer. Blocks briefly."""
    return Computer(psutil.virtual_memory().total, shutil.which(_DRIVER) is not None, read_speeds())


def _speeds_file() -> Path:
    return folders().data / _FILE


_FEW: Final = 5
_EXACT: Final = 9.95  # below, one decimal is shown


class Advice(NamedTuple):
    """Speeds on this computer, by model, and the model that is recommended to someone who speaks ``languages``."""

    speeds: Mapping[str, LocalSpeed] = {}
    recommended: Recommendation | None = None
    languages: tuple[str, ...] = ()


def advise(models: Sequence[Model], languages: Sequence[str]) -> Advice:
    """Return the advice for someone who speaks ``languages``. Blocks briefly."""
    computer = this_computer()
    found = {model.name: local_speed(model, models, computer) for model in models}
    speeds = {name: speed for name, speed in found.items() if speed is not None}
    return Advice(speeds, recommend(models, languages, computer, lambda name: not lacks(name)), tuple(languages))


def languages_text(texts: TextLookup, codes: Sequence[str]) -> str:
    """Return a few codes, or the number of many."""
    return " ".join(codes) if len(codes) <= _FEW else texts("models-command.many", count=len(codes))


def figure(speed: LocalSpeed) -> str:
    """Return a speed with two digits."""
    return f"{speed.value:.0f}" if speed.value >= _EXACT else f"{speed.value:.1f}"


def speed_text(speed: LocalSpeed | None) -> str:
    """Return a speed as ``21x``; one that was not measured here as ``~21x``."""
    if speed is None:
        return ""
    return f"{'' if speed.measured else '~'}{figure(speed)}x"


def advice_line(texts: TextLookup, advice: Recommendation, languages: Sequence[str]) -> str:
    """Return the recommendation and its reason in one line, for a terminal."""
    spoken = languages_text(texts, languages) if languages else texts("models-command.any")
    speed = f" ({speed_text(advice.speed)})" if advice.speed else ""
    why = texts(_WHY.get(advice.reason, "models-command.memory"), languages=spoken)
    return texts("models-command.recommended", model=advice.model + speed, why=why)


_WHY: Final = {
    ChoiceReason.ACCURATE: "models-command.accurate",
    ChoiceReason.FASTEST: "models-command.fastest",
    ChoiceReason.NO_WHISPER: "models-command.no-whisper",
}


_PROGRAM: Final = "kikipounamu-worker"
_ONCE: Final = ("--batches", "1", "--rounds", "3", "--json")
_DEADLINE_S: Final = 900.0  # loading and two decodes of a large model on a slow computer


class _Speed(Struct, frozen=True):
    rtf: float


class _Bench(Struct, frozen=True):
    speeds: tuple[_Speed, ...]


def measure_speed(model: Model) -> float:
    """Return the model's speed in seconds of audio per second, and keep it. Raises ``MeasurementFailed``."""
    try:
        command = [find_program(_PROGRAM), "bench", *arguments_for(model.name), *_ONCE]
    except AppError as error:  # no such program, or no engine for the model
        raise MeasurementFailed(str(error)) from error
    sample = "english.flac" if "en" in model.languages else "mandarin.flac"
    with as_file(files("app") / "samples" / sample) as audio:
        try:
            done = subprocess.run(
                [*command, "--audio", str(audio)], capture_output=True, timeout=_DEADLINE_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MeasurementFailed(f"{model.name} cannot be measured: {error}") from error
    if done.returncode:
        said = (done.stdout or done.stderr).decode(errors="replace").strip()
        raise MeasurementFailed(f"{model.name} cannot be measured: {said.rpartition(chr(10))[2]}")
    try:
        (found,) = msgspec.json.decode(done.stdout, type=_Bench).speeds
        speed = 1 / found.rtf
    except (msgspec.DecodeError, ValueError, ZeroDivisionError) as error:
        raise MeasurementFailed(f"{model.name} cannot be measured: {explain(error, _Bench)}") from error
    keep_speed(model.name, speed)
    return speed
