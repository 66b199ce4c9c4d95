"""A pytest plugin that skips test modules with Qt where Qt cannot be loaded and only root could help."""

import re
from pathlib import Path
from typing import Final, NoReturn

import pytest

from tests.helpers.packages import missing, require

NEEDED: Final = ("libegl1", "libgl1", "libglib2.0-0", "libfontconfig1", "libdbus-1-3", "fonts-noto-cjk")

_QT: Final = re.compile(
    r"^(from|import) (PySide6|app\.ui|app\.main|scripts\.clip|tests\.app\.ui|tests\.helpers\.drawing_app)\b"
    "|^from scripts import scenes_",
    re.MULTILINE,
)


class _WithoutQt(pytest.Module):
    """A module whose import would fail without Qt."""

    def collect(self) -> NoReturn:
        require(NEEDED)
        raise AssertionError("nothing is missing after all")


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Check for Qt before the module is imported."""
    if missing(NEEDED) and _QT.search(module_path.read_text("utf-8")):
        return _WithoutQt.from_parent(parent, path=module_path)
    return None
