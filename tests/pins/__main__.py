"""Writer of the golden files: ``python -m tests.pins``."""

from tests.pins.golden import FOLDER, PINS

FOLDER.mkdir(parents=True, exist_ok=True)
for name, produce in PINS.items():
    (FOLDER / name).write_text(produce(), encoding="utf-8")
