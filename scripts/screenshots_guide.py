"""Render the user guide's pictures, one state each, in both languages, light."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.core.sentences import LANGUAGES
from app.core.states import State
from app.diagnostics.report.view import ReportState, ReportView
from app.files.view import FilesView
from app.onboarding.steps import Step
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import STILL
from scripts import scenes_computers as computers
from scripts import scenes_home as home
from scripts import scenes_pages as pages
from scripts import scenes_settings as settings
from scripts import scenes_shell as shell
from scripts.drawing import Draw, Look, column, ground
from scripts.example_window import Window, scene, whole
from scripts.picture_files import draw_all

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "guide"
_LARGE: Final = 1.5


def window(shown: Window) -> None:
    """Show the window while the user speaks."""
    home.list_rows(shown, home.rows(shown.language)[1:])
    home.speak(shown, State.LISTENING)


def compared(shown: Window) -> None:
    """Show a recording that was recognised again."""
    home.again(runs=1)(shown)


def files(shown: Window) -> None:
    """Show three files: done, being recognised, and waiting."""
    view = pages.files(shown.language)
    pages.lists(lambda _: FilesView((*view.files[:2], view.files[3]), view.forms))(shown)


def dictionary(shown: Window) -> None:
    """Show a chosen replacement, and its effect on the history."""
    pages.tries(1_100, 1_100, pages.RULES[:3])(shown)


def models(shown: Window) -> None:
    """Show a used model, a recommended one, and another that is being downloaded."""
    usual = settings.usual()
    shown.section("models")
    shown.show(replace(usual, models=usual.models[:4]))


def programs(shown: Window) -> None:
    """Show rules for three programs."""
    shown.section("advanced")
    shown.pages.programs.show_rules(settings.PROGRAMS)


def report(shown: Window) -> None:
    """Show a report that is ready to be read."""
    shown.section("advanced")
    panel = shown.pages.help.report
    shown.show(ReportView(ReportState.READY, settings.PARTS))
    panel.list.setCurrentIndex(panel.model.index(6))


def limits(shown: Window) -> QWidget:
    """Return the limits of recognition on this computer."""
    return next(group for group in shown.pages.settings.sections["advanced"].groups if group.name == "limits")


def steps(look: Look) -> QImage:
    """Draw the first step after speech was heard, and the step with the first sentence."""
    made = (pages.step(Step.WELCOME, pages.heard), pages.step(Step.TRY, pages.done))
    return column([draw(look) for draw in made], ground(look))


def large(look: Look) -> QImage:
    """Draw the window with large letters and high contrast."""
    large_look = replace(look, scheme=Scheme.HIGH_CONTRAST, motion=STILL, scale=_LARGE)
    return scene(window, whole, height=0.9)(large_look)


PICTURES: Final[dict[str, Draw]] = {
    "first-steps": steps,
    "window": scene(window, whole, height=1.0),
    "status": scene(shell.popover, whole, height=0.85),
    "tray": shell.tray(State.HELD),
    "overlay-listening": shell.pills(shell.in_state(State.LISTENING, local=True)),
    "overlay-held": shell.pills(shell.in_state(State.HELD, local=True)),
    "overlay-failed": shell.pills(shell.in_state(State.FAILED, local=True)),
    "history": scene(home.playing),
    "history-recover": scene(home.damaged),
    "history-again": scene(compared),
    "files": scene(files),
    "settings-words": scene(dictionary),
    "settings": scene(settings.general, whole),
    "settings-keys": scene(settings.tested),
    "settings-models": scene(models),
    "computers": scene(computers.full),
    "sharing": scene(computers.shares(replace(computers.SHARED, devices=()), computers.INVITE)),
    "settings-worker": scene(lambda shown: shown.section("advanced"), limits),
    "settings-programs": scene(programs, lambda shown: shown.pages.programs),
    "monitor": pages.MONITOR[0],
    "report": scene(report, lambda shown: shown.pages.help.report),
    "large": large,
}
"""Pictures of the guide, each in both languages."""


def pictures(names: Sequence[str] = tuple(PICTURES)) -> Iterator[tuple[str, QImage]]:
    """Yield each picture with its name and language."""
    for name in names:
        for language in LANGUAGES:
            yield f"{name}.{language}", PICTURES[name](Look(language, Scheme.LIGHT))


def main(arguments: Sequence[str]) -> int:
    """Write the named pictures to the folder, by default all."""
    return draw_all(__doc__, arguments, FOLDER, pictures, PICTURES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
