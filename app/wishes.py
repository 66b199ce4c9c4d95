"""What dictation takes from the settings. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.gestures import TalkMode
from app.settings.sections import Settings
from protocol.recognition import Options


@dataclass(frozen=True)
class Wishes:
    """What may change while it runs. ``keys``: of the actions dictate, cancel and paste-held.

    ``joins``: a space between texts of takes that follow each other. ``destination``: where the audio of the next
    take goes, empty for this computer.
    """

    mode: TalkMode = TalkMode.HYBRID
    microphone: str = ""
    keep_open: bool = False
    cues: bool = True
    joins: bool = True
    keys: Mapping[str, str] = field(default_factory=dict)
    options: Options = Options(partials=True)
    destination: str = ""


def wishes_of(settings: Settings) -> Wishes:
    """What the settings say. Where speech goes is more than that."""
    return Wishes(
        mode=settings.hotkeys.mode,
        microphone=settings.audio.microphone,
        keep_open=settings.general.keep_microphone_open,
        cues=settings.general.sounds,
        joins=settings.insertion.joins,
        keys=settings.hotkeys.bindings,
        options=settings.recognition.options,
    )
