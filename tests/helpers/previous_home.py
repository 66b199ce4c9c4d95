"""Provide the stored home of the previous version (contents: ``tests/data/home-0.1.0.dev0/README.md``)."""

import shutil
from pathlib import Path
from typing import Final
from uuid import UUID

STORED: Final = Path(__file__).resolve().parents[1] / "data" / "home-0.1.0.dev0"
INSERTED: Final = UUID("7e0dad3d-b7a5-4422-8db8-c2edd6cede0a")
CANCELLED: Final = UUID("6471a705-9b7b-412c-b5fe-e2acb0b9409c")
HELD: Final = UUID("341b8d6e-ae13-4445-a1d3-75c41c8d66f3")
CUT_OFF: Final = UUID("d0fe12b8-f455-40fb-a6b4-18115a5fead4")


def previous_home(target: Path) -> Path:
    """Copy the stored home to ``target`` with the file modes that git does not keep; return ``target``."""
    for name in ("config", "data"):
        shutil.copytree(STORED / name, target / name)
    for path in target.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return target
