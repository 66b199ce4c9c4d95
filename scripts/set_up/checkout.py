"""Files of this checkout that set-up reads and writes."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
CACHE: Final = ROOT / ".cache"
CONSTRAINTS: Final = ROOT / "constraints.txt"
PACKAGES: Final = ROOT / "packaging" / "apt-packages.txt"
