"""Build the self-contained folders for Linux: a full one, and one without Whisper, PyAV and sherpa-onnx."""

import platform
from pathlib import Path
from typing import Final

from scripts.release.commands import run
from scripts.release.errors import Refusal, ReleaseRefused

# Flavour: suffix of the file's name, and how many megabytes it may have.
FLAVOURS: Final = {"full": ("", 180), "small": ("-small", 100)}
_BUILD: Final = "packaging/frozen/build.sh"


def build(checkout: Path, dist: Path, version: str) -> list[Path]:
    """Build both flavours in a chroot of Debian 12, which needs Linux and root.

    :raises ReleaseRefused: if a build fails, or a file is larger than promised.
    """
    run(checkout / _BUILD, dist, *FLAVOURS)
    made = [dist / name_of(version, flavour) for flavour in FLAVOURS]
    for path, (_, most) in zip(made, FLAVOURS.values(), strict=True):
        check_size(path, most)
    return made


def name_of(version: str, flavour: str) -> str:
    """Return the name of the file, for example ``kikipounamu-0.1.0-linux-x86_64-small.tar.zst``."""
    return f"kikipounamu-{version}-linux-{platform.machine()}{FLAVOURS[flavour][0]}.tar.zst"


def check_size(path: Path, most_megabytes: int) -> None:
    """Refuse a file that is larger than promised."""
    megabytes = path.stat().st_size / 1e6
    if megabytes > most_megabytes:
        text = f"{path.name} has {megabytes:.0f} MB; promised are at most {most_megabytes} MB"
        raise ReleaseRefused(Refusal.CHECK_FAILED, text)
