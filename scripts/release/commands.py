"""Run the programs that build and check artefacts."""

import subprocess
from pathlib import Path
from typing import Final

from scripts.release.errors import Refusal, ReleaseRefused

_LIMIT_S: Final = 3600.0
_SHOWN: Final = 3000


def run(*command: str | Path, kind: Refusal = Refusal.BUILD_FAILED, cwd: Path | None = None) -> str:
    """Run a command and return its standard output.

    :raises ReleaseRefused: of this kind, with the end of the command's output, if it fails or is missing.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
        )
    except FileNotFoundError as error:
        raise ReleaseRefused(Refusal.TOOL_MISSING, f"install {words[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise ReleaseRefused(kind, f"took more than {_LIMIT_S:.0f} s: {' '.join(words)}") from error
    if done.returncode:
        output = (done.stdout + done.stderr)[-_SHOWN:]
        raise ReleaseRefused(kind, f"this command failed: {' '.join(words)}\n{output}")
    return done.stdout
