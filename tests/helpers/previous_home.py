"""Provide the stored home of the previous version (contents: ``tests/data/home-0.1.0.dev0/README.md``)."""

import re
import shutil
import time
from pathlib import Path
from typing import Final
from uuid import UUID

STORED: Final = Path(__file__).resolve().parents[1] / "data" / "home-0.1.0.dev0"
INSERTED: Final = UUID("7e0dad3d-b7a5-4422-8db8-c2edd6cede0a")
CANCELLED: Final = UUID("6471a705-9b7b-412c-b5fe-e2acb0b9409c")
HELD: Final = UUID("341b8d6e-ae13-4445-a1d3-75c41c8d66f3")
CUT_OFF: Final = UUID("d0fe12b8-f455-40fb-a6b4-18115a5fead4")
_EXPIRY: Final = re.compile(rb"(PEXPIREAT\r\n\$\d+\r\n\S+\r\n\$13\r\n)\d{13}")
_LIFETIME_S: Final = 3 * 86_400


def previous_home(target: Path) -> Path:
    """Copy the stored home to ``target`` with the file modes that git does not keep; return ``target``.

    Sessions in the broker expire after three days from now, as after a recording.
    """
    for name in ("config", "data"):
        shutil.copytree(STORED / name, target / name)
    journal = target / "data" / "broker" / "appendonlydir" / "appendonly.aof.1.incr.aof"
    expiry = str(round((time.time() + _LIFETIME_S) * 1000)).encode()
    journal.write_bytes(_EXPIRY.sub(rb"\g<1>" + expiry, journal.read_bytes()))
    for path in target.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return target
