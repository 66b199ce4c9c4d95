"""Texts for files: states, notes and remaining time."""

import pytest

from app.core.errors import Note
from app.files.view import FileNote, FileState, FileView
from app.ui.files.file_row import file_note_text, file_state_text, file_status_text
from app.ui.strings.texts import Texts, left_text
from runtime.installing import extra_command
from tests.app.ui.languages import in_each_language

VALUES = {"place": "/t", "count": "2", "most": "200", "name": "talk.mp3", "track": "1", "places": "0:12–0:30"}
WHY = Note("gateway-refuses")


@in_each_language
@pytest.mark.parametrize("state", list(FileState))
def test_each_file_state_has_own_text(texts: Texts, state: FileState) -> None:
    assert file_state_text(texts, FileView(1, "/a", state))
    assert len({file_state_text(texts, FileView(1, "/a", other)) for other in FileState}) == len(FileState)


@in_each_language
@pytest.mark.parametrize("key", list(FileNote))
def test_each_file_note_has_text(texts: Texts, key: FileNote) -> None:
    said = file_note_text(texts, Note(key, VALUES, WHY))
    assert said and "{" not in said


@in_each_language
def test_file_note_of_another_version_is_empty(texts: Texts) -> None:
    assert file_note_text(texts, Note("of-the-future")) == ""
    assert file_note_text(texts, Note(FileNote.NOT_SAVED, {"folder": "said otherwise"})) == ""


@in_each_language
def test_media_note_names_install_command_of_this_python(texts: Texts) -> None:
    assert extra_command("media") in file_note_text(texts, Note(FileNote.MEDIA_MISSING))


def test_gaps_note_uses_singular_and_plural() -> None:
    texts = Texts("en")
    assert file_note_text(texts, Note(FileNote.GAPS, {"count": "1"})).startswith("1 part has")
    assert file_note_text(texts, Note(FileNote.GAPS, {"count": "3"})).startswith("3 parts have")


@pytest.mark.parametrize(
    ("left_s", "said"),
    [
        (0.0, "less than a minute left"),
        (29.0, "less than a minute left"),
        (31.0, "about 1 min left"),
        (59 * 60 + 29.0, "about 59 min left"),
        (59 * 60 + 31.0, "about 1 h 0 min left"),
        (2 * 3600 + 5 * 60.0, "about 2 h 5 min left"),
    ],
)
def test_left_text_rounds_to_minutes(left_s: float, said: str) -> None:
    assert left_text(Texts("en"), left_s) == said


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (FileView(1, "/a"), "Checking"),
        (FileView(1, "/a", FileState.WAITING, duration_s=483.0), "Queued · 8:03"),
        (FileView(1, "/a", FileState.WAITING, 60.0, 483.0), "Queued · 1:00 of 8:03"),
        (
            FileView(1, "/a", FileState.WORKING, 60.0, 7293.0, 90.0),
            "Recognising · 1:00 of 2:01:33 · about 2 min left",
        ),
        (FileView(1, "/a", FileState.WORKING, 60.0), "Recognising · 1:00"),
        (FileView(1, "/a", FileState.PAUSED, 60.0, 483.0), "Paused · 1:00 of 8:03"),
        (
            FileView(1, "/a", FileState.DONE, 483.0, 483.0, results=("/x/a.txt", "/x/a.srt")),
            "Done · 8:03 · saved as a.txt, a.srt",
        ),
        (FileView(1, "/a", FileState.DONE, 4.0, 4.0, truncated=True), "Incomplete · 0:04"),
        (FileView(1, "/a", FileState.FAILED), "Failed"),
        (FileView(1, "/a", FileState.CANCELLED, duration_s=96.0), "Cancelled · 1:36"),
    ],
)
def test_how_text_summarises_file(file: FileView, said: str) -> None:
    assert file_status_text(Texts("en"), file) == said
