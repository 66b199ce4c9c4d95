"""Implement ``kikipounamu toggle`` and the other commands for the running app.

Imports as little as possible.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Final

from app.control.client import ControlError, NotRunning, ask, follow
from app.core.errors import AppError
from app.core.states import SHAPES, STARTING, State
from app.dictation.actions import HELD_ACTIONS, KeyMove, Verb
from runtime.terminal import printable, say

if TYPE_CHECKING:
    import typer

    from app.core.sentences import TextLookup

_FAILED: Final = 1
_INTERRUPTED: Final = 130
_ID_LENGTH: Final = 36
_SOON_S: Final = 5.0
_PATIENCE_S: Final = 55.0
_FINISHES: Final = (
    "kikipounamu is ending. Speech that is not recognised yet is finished first; "
    "`kikipounamu quit` again ends it at once"
)
_GOES_ON: Final = "kikipounamu still runs: `kikipounamu status` says why, `kikipounamu quit` again ends it at once"
_STATUS: Final = "status"
_KEY: Final = "key"
_OF_RECORDING: Final = "Id of a recording, or its beginning: the text of this one."
_OF_APP: Final = frozenset({Verb.SHOW, Verb.QUIT})
_KEY_HELP: Final = """Report a hotkey to the running app.

For desktops where keys run commands: the window shows the lines for yours."""
_QUIT_HELP: Final = """Quit the running app, and wait for its end.

Recognition is finished first; a second call quits at once."""
_VERSION: Final = "--version"
_HELP: Final = {
    Verb.TOGGLE: "Start dictation in the running app, or stop it.",
    Verb.START: "Start dictation in the running app.",
    Verb.STOP: "Stop dictation and insert the text.",
    Verb.CANCEL: "Cancel dictation. The recording is kept.",
    Verb.PASTE_HELD: "Paste the newest text to paste.\n\nWithout a window for it, the text is copied.",
    Verb.COPY_HELD: "Copy the newest text to paste.",
    Verb.DISMISS_HELD: "Dismiss the newest text to paste. The recording keeps it.",
    Verb.INSERT_READY: "Insert finished text without waiting for earlier speech.",
    Verb.SHOW: "Show the window of the running app.",
    Verb.QUIT: _QUIT_HELP,
}


def quick(words: Sequence[str]) -> int | None:
    """Run a simple command line and return its exit status, or ``None`` if it needs the full command line."""
    if len(words) == 1 and words[0] in set(Verb):
        return perform(Verb(words[0]))
    if len(words) == 2 and words[0] in set(HELD_ACTIONS) and not words[1].startswith("-"):
        return send(Verb(words[0]), words[1])
    if len(words) == 3 and words[0] == _KEY and words[2] in set(KeyMove):
        return key(words[1], KeyMove(words[2]))
    if words == [_VERSION]:
        return version()
    options = set(words[1:])
    if words and words[0] == _STATUS and options <= {"--follow", "--json"}:
        return status(following="--follow" in options, as_json="--json" in options)
    return None


def version() -> int:
    """Print the version and return the exit status."""
    from importlib import metadata

    say(f"kikipounamu {metadata.version('kikipounamu')}")
    return 0


def perform(verb: Verb) -> int:
    """Send a verb to the running app and return the exit status; wait for its end if it quits."""
    return end() if verb is Verb.QUIT else send(verb)


def end() -> int:
    """Quit the running app, wait until its processes have ended, and return the exit status."""
    from app.control.app_end import processes_of_app, wait_for_end
    from runtime.folders import folders

    processes = processes_of_app(folders().control_socket)  # now, because orphans could not be found later
    try:
        ask({"verb": Verb.QUIT.value})
    except NotRunning:
        say("kikipounamu is not running")  # success: scripts that update or uninstall call this first
        return 0
    except ControlError as error:
        return _report_failure(error)
    try:
        if wait_for_end(processes, _SOON_S):
            return 0
        say(_FINISHES, err=True)
        if wait_for_end(processes, _PATIENCE_S):
            return 0
    except KeyboardInterrupt:
        return _INTERRUPTED
    say(_GOES_ON, err=True)
    return _FAILED


def send(verb: Verb, session: str = "") -> int:
    """Send a verb to the running app and return the exit status; ``session``: a recording, by id or prefix."""
    request: dict[str, Any] = {"verb": verb.value}
    if verb is Verb.TOGGLE:  # lets the app ignore a repeated press from before it reacted
        request["at_s"] = began_s()
    try:
        ask(request | {"session": _full_id(session)} if session else request)
    except AppError as error:
        return _report_failure(error)
    return 0


def key(action: str, move: KeyMove) -> int:
    """Report a press or release of an action's key to the running app, and return the exit status."""
    try:
        ask({"verb": _KEY, "key": action, "move": move.value, "at_s": began_s()})
    except AppError as error:
        return _report_failure(error)
    return 0


def began_s() -> float:
    """Return when this process began, in seconds since the system started; 0 if unknown.

    It orders commands whose processes overtook each other while starting. Source: proc(5), ``stat``.
    """
    try:
        with open("/proc/self/stat", "rb") as stat:
            after_name = stat.read().rpartition(b")")[2].split()
        return int(after_name[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, LookupError):
        return 0.0


def _full_id(session: str) -> str:
    """Return the id of the recording that begins with ``session``. Raises ``JournalError``."""
    if len(session) == _ID_LENGTH:
        return session  # without the slow search: a key may be bound to this command
    from app.journal.library import users_library

    return str(users_library().session_named(session))


def status(*, following: bool, as_json: bool) -> int:
    """Print the status once, or after each change until the app ends, and return the exit status."""
    from app.cli.words import texts

    words = texts()
    try:
        views = iter(follow() if following else [ask({"verb": _STATUS})["view"]])
        lines = (json.dumps(view, ensure_ascii=False) if as_json else line(view, words) for view in views)
        for changed, _ in groupby(lines):  # the line lacks some values, such as the level
            say(changed)
    except NotRunning as error:
        _report_failure(error)
        for problem in _settings_problems():
            say(printable(problem), err=True)
        return _FAILED
    except ControlError as error:
        return _report_failure(error)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # the reader closed the pipe; Python must not flush again at exit
        sys.stderr.close()
    return 0


def _settings_problems() -> Iterator[str]:
    """Yield the errors in the settings of the app and its gateway; a running app reports them itself."""
    from app.local_services.gateway_settings import FILE, gateway_complaint
    from app.settings.current import settings_now
    from app.settings.path import settings_place
    from runtime.folders import folders

    place = settings_place()
    for error in settings_now(place)[1]:
        yield f"{place} is invalid: {error}: correct it, or remove it for the default"
    if said := gateway_complaint(folders().config / FILE, os.environ):
        yield said


def line(view: Mapping[str, Any], words: "TextLookup") -> str:
    """Format a ``View``, given as JSON, as one readable line in the words of the windows."""
    starting = view["state"] == STARTING
    state = State.ARMING if starting else State(view["state"])
    parts = [f"{SHAPES[state]} {words('worker.starting' if starting else state.key)}"]
    if view["seconds"]:
        parts[0] += " " + words("monitor.seconds", value=f"{view['seconds']:.0f}")
    if round(view["unsent_s"]):
        parts.append(words("overlay.unsent", seconds=f"{view['unsent_s']:.0f}"))
    if view["destination"]:
        parts.append(words("place.to", destination=view["destination"]))
    if waiting := view["waiting"]:
        parts.append(words("overlay.waiting", count=waiting))
    if held := view["held"]:
        parts.append(words("overlay.held-key", count=held, key="kikipounamu paste-held"))
    if earlier := view["earlier"]:
        parts.append(words("overlay.earlier-key", count=earlier, key="kikipounamu takes list"))
    notes = [view["note"], *view.get("problems", ())]
    parts += dict.fromkeys(_note(words, note) for note in notes if note)
    return printable(" · ".join(filter(None, parts)))


def _note(words: "TextLookup", note: Mapping[str, Any]) -> str:
    """Return the text of a ``Note``, given as JSON; empty if this version does not know it."""
    from app.core.errors import Note
    from app.core.sentences import text_of_note

    reason = note["reason"]
    try:
        return text_of_note(words, Note(note["key"], note["values"], Note(**reason) if reason else None))
    except LookupError:
        return ""


def register(app: "typer.Typer") -> None:
    """Add the verbs to the full command line, for its help and for options in any order."""
    import typer

    from app.cli.completion import complete_take
    from app.cli.options import CommandSection
    from runtime.command_line import AsJson

    def register_verb(verb: Verb) -> None:
        def command() -> None:
            raise typer.Exit(perform(verb))

        def command_of(
            session: str = typer.Argument("", metavar="ID", autocompletion=complete_take, help=_OF_RECORDING),
        ) -> None:
            raise typer.Exit(send(verb, session))

        section = CommandSection.APP if verb in _OF_APP else CommandSection.DICTATION
        add = app.command(verb.value, help=_HELP[verb], rich_help_panel=section)
        add(command_of if verb in HELD_ACTIONS else command)

    def state(
        follow: bool = typer.Option(False, "--follow", help="Print one line per change until the app ends."),
        json: AsJson = False,
    ) -> None:
        raise typer.Exit(status(following=follow, as_json=json))

    def pressed(
        action: Annotated[str, typer.Argument(metavar="ACTION", help="dictate, cancel or paste-held.")],
        move: Annotated[KeyMove, typer.Argument(metavar="MOVE", help="press, release, or tap for both at once.")],
    ) -> None:
        raise typer.Exit(key(action, move))

    for verb in Verb:
        register_verb(verb)
    app.command(_KEY, help=_KEY_HELP, rich_help_panel=CommandSection.DICTATION)(pressed)
    app.command(_STATUS, help="Print what the running app is doing.", rich_help_panel=CommandSection.APP)(state)


def _report_failure(error: AppError) -> int:
    say(str(error), err=True)
    return _FAILED
