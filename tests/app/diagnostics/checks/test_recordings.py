"""Takes are counted; those without a text are named with the command that sends them."""

import time
from pathlib import Path
from uuid import uuid4

import numpy as np

from app.diagnostics.checks.recordings import recordings
from app.journal.library import Library
from protocol.recognition import Options
from tests.app.diagnostics.checks.found import keys


def test_recordings_check_is_ok_without_takes(tmp_path: Path) -> None:
    assert keys(recordings(Library(tmp_path / "takes"))) == ["ok recordings-none"]


def test_recordings_check_names_takes_without_text(tmp_path: Path) -> None:
    library, sessions = Library(tmp_path / "takes"), [uuid4() for _ in range(4)]
    for session in sessions:
        with library.create(session, Options(), time.time()) as journal:
            journal.hear(np.zeros(16_000, np.int16))
            journal.begin(0, 0)
    there, textless = recordings(library)
    assert keys([there, textless]) == ["ok recordings", "advice recordings-textless"]
    assert there.values["count"] == textless.values["count"] == "4"
    named = [str(session) in textless.values["commands"] for session in sessions]
    assert named.count(True) == 3 and "kikipounamu takes resend" in textless.values["commands"]


def test_recordings_check_ignores_running_take(tmp_path: Path) -> None:
    library = Library(tmp_path / "takes")
    with library.create(uuid4(), Options(), time.time()) as journal:
        journal.hear(np.zeros(16_000, np.int16))
        assert keys(recordings(library)) == ["ok recordings"]
