"""Measure how fast this computer runs an installed model: ten seconds of a shipped recording, decoded for real."""

import subprocess
from importlib.resources import as_file, files
from typing import Final

import msgspec
from msgspec import Struct

from app.core.child_process import find_program
from app.core.errors import AppError
from app.models.engines import arguments_for
from app.models.local_speeds import keep_speed
from protocol.decoding import explain
from speech.models.catalogue import Model
from speech.models.errors import MeasurementFailed

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
