"""Checks that run in a process of their own, which imports nothing of the others."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.core.daemon_thread import in_daemon_thread
from app.core.errors import UsageMistake
from app.diagnostics.checks.finding import Topic
from app.diagnostics.checks.runner import OWN_S, Examination

if TYPE_CHECKING:
    from app.capture.portaudio import SoundSystem

HEAR_S: Final = 1.0
"""Seconds of listening to the microphone."""


def deadline_s(area: Topic, hear_s: float) -> float:
    """Return the deadline of such a check within its process."""
    return OWN_S + hear_s if area is Topic.MICROPHONE else OWN_S


def examination(
    area: Topic, choice: str, models: Path, platform: str, hear_s: float, system: "Callable[[], SoundSystem]"
) -> Examination:
    """Return the check of an area, for its process. Raises ``UsageMistake`` if the area has no own process.

    ``choice``: the microphone, as in the settings. ``models``: the folder of the models.
    """
    if area not in {Topic.VAD, Topic.MICROPHONE}:
        raise UsageMistake(f"{area} is not examined in a process of its own")
    from app.diagnostics.checks import microphone  # late: the process of all checks needs no samples

    if area is Topic.VAD:
        from speech.models.catalogue import load_catalogue
        from speech.models.store import ModelStore

        work = partial(microphone.vad, ModelStore(models, load_catalogue()))
        return Examination(area, partial(in_daemon_thread, work), deadline_s(area, hear_s))
    hearing = partial(microphone.microphone, choice, system(), platform, hear_s)
    return Examination(area, hearing, deadline_s(area, hear_s))
