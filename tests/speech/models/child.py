"""Installs the example model in a process of its own, to be killed: ``child.py FOLDER BASE_URL``."""

import sys
from pathlib import Path

from speech.models.sources import Hub
from speech.models.store import ModelStore
from tests.speech.models.example import CONTENTS, NAME, QUICK, WEIGHTS, catalogue_of


def main() -> None:
    folder, url = sys.argv[1:]
    hub = Hub("hub", {path: f"{url}/{path}" for path in CONTENTS}, WEIGHTS, QUICK)
    print(ModelStore(Path(folder), catalogue_of()).install(NAME, [(hub, None)]), flush=True)  # noqa: T201  # its answer


if __name__ == "__main__":
    main()
