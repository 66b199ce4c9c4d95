"""Clicks and seconds from a fresh home to the first dictated sentence, on Xvfb with a virtual microphone.

    python -m benchmarks.first_run [--rounds 3] [--json FILE]

The app starts as from a menu, with the model already on the disk. The user speaks until the meter follows, presses
the key once, dictates one sentence and finishes; the mouse does the rest, without a pause to read. Seconds count
from the start of the program.
"""

import time
from pathlib import Path
from typing import Any, Final

from app.onboarding.steps import Step
from benchmarks.report import arguments, report
from runtime.folders import folders
from tests.helpers.desktop_app import running_app
from tests.helpers.first_run import FirstRun
from tests.helpers.recordings import synthetic


def measure(models: Path) -> dict[str, Any]:
    """Go through the first steps in a fresh home once."""
    spoken: Final = next(one.path for one in synthetic() if one.language == "en")
    with running_app(models, start=False, welcomed=False) as app:
        user, begun, row = FirstRun(app), time.perf_counter(), dict[str, Any]()

        def note(name: str) -> None:
            row[f"{name}_s"] = time.perf_counter() - begun

        user.start()
        note("window")
        user.speak_to_microphone(spoken)
        note("voice")
        user.go_on_to(Step.KEY)
        user.press_key()
        note("key")
        user.go_on_to(Step.TRY)
        words = user.dictate(spoken)
        note("sentence")
        user.finish()
        note("over")
        assert words and user.general.open_steps == ()
        return row | {"clicks": user.clicks, "fields": user.fields}


def main() -> None:
    """Measure each round and print the figures."""
    options = arguments(__doc__, rounds=3)
    rows = [measure(folders().models) for _ in range(options.rounds)]
    report("first run", rows, options.json)


if __name__ == "__main__":
    main()
