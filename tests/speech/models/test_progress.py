"""Progress events of an installation."""

from pathlib import Path

from speech.models.errors import SourceRefusal
from speech.models.progress import Advanced, Event, Fetching, SourceRefused, silent
from speech.models.store import ModelStore
from tests.speech.models.example import CONTENTS, NAME, catalogue_of, write_files


def test_progress_reports_every_file_to_its_end(tmp_path: Path) -> None:
    events: list[Event] = []
    store = ModelStore(tmp_path / "models", catalogue_of())
    store.import_folder(NAME, write_files(tmp_path / "place"), events.append)
    expected: list[Event] = []
    for path, data in CONTENTS.items():
        expected += [
            Fetching(path, f"folder {tmp_path / 'place'}", len(data)),
            Advanced(path, len(data), len(data)),
        ]
    assert events == expected


def test_silent_report_accepts_every_event() -> None:
    for event in (Advanced("a", 1, 2), Fetching("a", "b", 1), SourceRefused(SourceRefusal("a", "", "c"))):
        silent(event)
