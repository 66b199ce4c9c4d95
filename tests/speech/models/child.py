"""Installer of the example model in its own process, to be killed: ``child.py FOLDER BASE_URL [stated]``."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from speech.models.installation import install_stated
from speech.models.progress import silent
from speech.models.sources import ModelHub
from speech.models.store import ModelStore
from tests.speech.models.example import CONTENTS, NAME, QUICK, WEIGHTS, catalogue_of
from tests.speech.models.server import FileServer
from tests.speech.models.stating import stated_catalogue


@contextmanager
def installer(folder: Path, server: FileServer, *stated: str) -> Iterator["subprocess.Popen[str]"]:
    """Install the model from ``server`` in another process."""
    command = [sys.executable, "-m", "tests.speech.models.child", str(folder), server.url, *stated]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


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
