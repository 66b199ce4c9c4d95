"""Progress events of an installation."""

from pathlib import Path

from speech.models.progress import Advanced, Event, Fetching
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
