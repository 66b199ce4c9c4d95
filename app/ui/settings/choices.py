"""Define the options and current selections of the main settings, with the names of these settings."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from app.core.errors import Note
from app.dictation.gestures import TalkMode
from app.ui.strings.texts import SYSTEM, Texts
from runtime.terminal import printable

MODE: Final = "hotkeys.mode"
DICTATE_KEY: Final = "hotkeys.dictate"
LANGUAGE: Final = "general.language"
DICTATE: Final = "dictate"
CANCEL: Final = "cancel"
PASTE_HELD: Final = "paste-held"
"""Actions that hotkeys trigger."""
HOTKEYS: Final = "hotkeys"
"""Topic of problems with hotkeys."""
IN_LINES: Final = "hotkeys-wayland"
"""Key of the note that the desktop needs lines, which the settings show."""
NO_HOTKEYS: Final = frozenset({IN_LINES, "hotkeys-no-display", "hotkeys-not-installed"})
"""Keys of the notes that this desktop delivers no hotkeys to the app."""
_SOURCE: Final = re.compile(r"alsa_input\.(?:usb|pci)-(?P<model>[^.]+?)(?:-\d+)?\..+")


@dataclass(frozen=True)
class Choices:
    """Options and current selections of the main settings.

    ``microphones``: (choice, name) pairs. ``microphone``: the selected choice; empty selects the system default,
    whose name is ``default_microphone``. ``keys``: bindings by action. ``heard``: this desktop delivers hotkeys to
    the app. ``paused``: the user has paused the hotkeys; only the key that cancels works. ``toggles``: this
    desktop reports no releases of keys, so each press starts or stops dictation.
    """

    microphones: tuple[tuple[str, str], ...] = ()
    microphone: str = ""
    default_microphone: str = ""
    mode: TalkMode = TalkMode.HYBRID
    keys: Mapping[str, str] = field(default_factory=dict)
    language: str = SYSTEM
    heard: bool = True
    paused: bool = False
    toggles: bool = False

    @property
    def mode_here(self) -> TalkMode:
        """The mode in effect: toggle instead of hold on a desktop that reports no releases."""
        holds = self.mode in {TalkMode.HOLD, TalkMode.HYBRID}
        return TalkMode.TOGGLE if self.toggles and holds else self.mode

    def works(self, action: str) -> str:
        """Return the binding that triggers ``action`` on this desktop now; empty if none does."""
        heard = self.heard and (action == CANCEL or not self.paused)
        return self.keys.get(action, "") if heard else ""


def microphone_entries(texts: Texts, choices: Choices) -> list[tuple[str, str]]:
    """Return (choice, text) pairs of the system default and all microphones.

    The selected microphone is listed even while it is absent. A choice that is a part of a microphone's name
    selects that microphone.
    """
    default = choices.default_microphone
    system = texts("microphone.system-device", device=default) if default else texts("microphone.system")
    found, chosen = dict(choices.microphones), choices.microphone
    if chosen and chosen not in found:
        named = next((key for key, name in found.items() if chosen.casefold() in name.casefold()), None)
        if named is None:
            name = source_name(chosen)
            found[chosen] = texts("microphone.away", device=name) if found else name
        else:
            found = {chosen if key == named else key: name for key, name in found.items()}
    return [("", printable(system)), *((key, printable(name)) for key, name in found.items())]


def source_name(key: str) -> str:
    """Return a readable name for an absent source: vendor and model, if its key contains them."""
    model = _SOURCE.fullmatch(key)
    return model["model"].replace("_", " ").strip() if model else key


class KnownKeys:
    """Registry of the keys that work: those of the settings, of the desktop, or of the lines for its compositor.

    ``assigned``: keys by action that the desktop assigned. ``instead``: keys by action that replace refused ones.
    ``nameless``: shortcuts of the desktop run commands, so their keys are unknown. ``toggles``: lines cannot
    report releases.
    """

    def __init__(self) -> None:
        self.nameless = self.toggles = False
        self.assigned: Mapping[str, str] = {}
        self.instead: Mapping[str, str] = {}
        self._by_lines: frozenset[str] = frozenset()
        self._unheard = False

    @property
    def works_by_lines(self) -> bool:
        """True if the desktop gives programs no hotkeys and lines report the dictation key instead."""
        return self._unheard and DICTATE in self._by_lines

    def of(self, bindings: Mapping[str, str]) -> dict[str, str]:
        """Return the keys by action that work, given the ``bindings`` in the settings."""
        if self._unheard and self._by_lines:
            known = frozenset[str]() if self.nameless else self._by_lines
            return {action: key for action, key in bindings.items() if action in known}
        return {**bindings, **self.assigned, **self.instead}

    def note_problem(self, note: Note | None) -> None:
        """Record a problem with hotkeys; if the desktop delivers none, that holds until the end."""
        self._unheard = self._unheard or (note is not None and note.key in NO_HOTKEYS)

    def add_reported(self, actions: Iterable[str]) -> bool:
        """Add actions whose keys lines report; return whether one is new."""
        before = self._by_lines
        self._by_lines |= frozenset(actions)
        return self._by_lines != before
