"""Test that the pictures of the words show every state."""

from PySide6.QtWidgets import QApplication

from scripts import screenshots_words
from scripts.screenshots import LOOKS


def test_each_state_is_drawn(qapp: QApplication) -> None:
    seen: list[tuple[int, bool, bool, bool]] = []

    def look_at(scene: screenshots_words.Scene) -> None:
        replacements = scene.words.replacements
        tried, wrong = replacements.results.isVisible(), bool(replacements.model.draft.wrong)
        seen.append((len(replacements.model.draft.rules), tried, replacements.results.bar.isVisible(), wrong))

    for state in screenshots_words.STATES:

        def both(scene: screenshots_words.Scene, state: screenshots_words.State = state) -> None:
            state(scene)
            look_at(scene)

        image = screenshots_words.shown(LOOKS[0], both)
        assert image.width() > 1_000 and image.height() > 200
    assert seen == [
        (7, True, False, False),
        (7, True, True, False),
        (7, False, False, True),
        (0, False, False, False),
    ]
    for widget in qapp.topLevelWidgets():
        widget.deleteLater()


def test_marks_of_example_cover_the_replacement() -> None:
    one = screenshots_words.example("on git hub", "git hub", "GitHub")
    assert one.before[slice(*one.before_mark)] == "git hub" and one.after[slice(*one.after_mark)] == "GitHub"
