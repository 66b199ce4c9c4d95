"""Installer of the example model in its own process, to be killed: ``child.py FOLDER BASE_URL [stated]``."""

import sys
from pathlib import Path

from speech.models.installation import install_stated
from speech.models.progress import silent
from speech.models.sources import ModelHub
from speech.models.store import ModelStore
from tests.speech.models.example import CONTENTS, NAME, QUICK, WEIGHTS, catalogue_of
from tests.speech.models.stating import stated_catalogue


def main() -> None:
    folder, url, *stated = sys.argv[1:]
    if stated:
        store, environment = ModelStore(Path(folder), stated_catalogue()), {"MODELSCOPE_ENDPOINT": url}
        print(install_stated(store, stated_catalogue(), NAME, silent, environment), flush=True)  # noqa: T201  # its answer
        return
    hub = ModelHub("hub", {path: f"{url}/{path}" for path in CONTENTS}, WEIGHTS, QUICK)
    print(ModelStore(Path(folder), catalogue_of()).install(NAME, [(hub, None)]), flush=True)  # noqa: T201  # its answer


if __name__ == "__main__":
    main()
