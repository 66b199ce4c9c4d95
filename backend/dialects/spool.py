"""Folders for the files of requests: one per process. What killed processes have left is removed."""

import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backend.rest.file_settings import FileSettings
from backend.rest.uploads import Uploads
from runtime.folders import private_folder

FOLDER = "requests"


@dataclass(frozen=True)
class RequestFiles:
    """Folder for the files of requests while they are read, and its limits. ``spool``: opens it."""

    spool: Callable[[], Uploads]
    settings: FileSettings


def open_spool(base: Path, spare_bytes: int) -> Uploads:
    """Return the uploads of this process in a folder of its own below ``base``. Raises ``OSError``."""
    for left in private_folder(base).iterdir():
        if left.is_dir():
            _remove_unused(Uploads(left, spare_bytes))
    spool = Uploads(base / secrets.token_hex(8), spare_bytes)
    spool.claim.held()  # before the folder is there: others remove folders that nobody holds
    private_folder(spool.folder)
    return spool


def _remove_unused(spool: Uploads) -> None:
    if spool.claim.held():
        shutil.rmtree(spool.folder, ignore_errors=True)
        spool.claim.release()
        spool.claim.file.unlink(missing_ok=True)
