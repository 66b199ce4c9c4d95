"""Check the settings of this computer's gateway with the gateway's own program. Blocks."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from app.core.child_process import find_program
from app.core.errors import ProgramMissing

FILE: Final = "gateway.toml"
_PROGRAM: Final = "kikipounamu-gateway"
_VARIABLES: Final = "KIKIPOUNAMU_GATEWAY_"
_AS_THE_APP: Final = ("--mode", "local", "--host", "127.0.0.1")  # ``app.sharing.service`` sets both, too
_INVALID: Final = 2
_DEADLINE_S: Final = 20.0


def gateway_complaint(
    file: Path, environment: Mapping[str, str], command: Sequence[str] = (), deadline_s: float = _DEADLINE_S
) -> str:
    """Return what is invalid and what to do; empty if all is valid, nothing is set, or the program is missing.

    ``command``: a replacement for the gateway's check, which gets no answer after ``deadline_s``.
    """
    if not file.exists() and not any(name.startswith(_VARIABLES) for name in environment):
        return ""
    try:
        program = command or (find_program(_PROGRAM), "check", *_AS_THE_APP)
        done = subprocess.run(program, capture_output=True, text=True, timeout=deadline_s, check=False)
    except (ProgramMissing, OSError, subprocess.TimeoutExpired):
        return ""
    said = done.stderr.strip().splitlines()
    return said[-1] if done.returncode == _INVALID and said else ""
