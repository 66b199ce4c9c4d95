"""The script is run on a small project of its own."""

import subprocess
from pathlib import Path

import pytest

from scripts.move_modules import main

BEFORE = {
    "app/__init__.py": "",
    "app/desk.py": '"""The desk."""\n\nfrom app import door\nfrom app.door import Door\n\nTWO = door.Door, Door\n',
    "app/door.py": '"""A door."""\n\n\nclass Door:\n    """See `app.desk`."""\n',
    "tests/__init__.py": "",
    "tests/app/__init__.py": "",
    "tests/app/test_door_opened.py": "from pathlib import Path\n\nROOT = Path(__file__).parents[2]\n",
    "docs/a.md": "`app/door.py` and `tests/app/test_door_opened.py`, not /app/door.py\n",
}
MOVES = """module app.desk app.application
module app.door app.http.tls_listener
package app.http HTTP.
text docs/a.md | not | never
"""


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in BEFORE.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    git("init", "-q")
    git("add", "-A")
    listed = tmp_path.with_suffix(".txt")
    listed.write_text(MOVES)
    main(listed)
    return listed


def test_modules_tests_imports_and_paths_move_together(moved: Path) -> None:
    assert not Path("app/door.py").exists() and not Path("moving").exists()
    lines = Path("app/application.py").read_text().splitlines()
    assert "from app.http import tls_listener" in lines
    assert "from app.http.tls_listener import Door" in lines
    assert "TWO = tls_listener.Door, Door" in lines
    assert "`app.application`" in Path("app/http/tls_listener.py").read_text()
    assert "parents[3]" in Path("tests/app/http/test_tls_listener_opened.py").read_text()
    assert Path("app/http/__init__.py").read_text() == '"""HTTP."""\n'
    assert Path("docs/a.md").read_text() == (
        "`app/http/tls_listener.py` and `tests/app/http/test_tls_listener_opened.py`, never /app/door.py\n"
    )


def test_second_run_changes_nothing(moved: Path) -> None:
    before = git("ls-files", "-s")
    main(moved)
    assert git("ls-files", "-s") == before
