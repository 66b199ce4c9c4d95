"""Define the options of dictation. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.dictation.gestures import TalkMode
from protocol.recognition import Options


@dataclass(frozen=True)
class DictationOptions:
    """Preferences that may change while dictation runs.

    ``keys``: for the actions dictate, cancel and paste-held. ``joins``: put a space between texts of consecutive
    takes. ``each_piece_at_once``: insert pieces as they are, without a second pass. ``destination``: the name of
    the gateway for the next take, empty for this computer.
    """

    mode: TalkMode = TalkMode.HYBRID
    microphone: str = ""
    keep_open: bool = False
    cues: bool = True
    joins: bool = True
    each_piece_at_once: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)
    options: Options = Options(partials=True)
    destination: str = ""
