"""Decode whole recordings with Whisper, in a process that may use the sources of another checkout.

    PYTHONPATH=WORKTREE python -P benchmarks/fidelity/whole_decode.py MODEL_FOLDER [THREADS]

Reads lines of JSON with ``pcm`` (base64), ``language`` and ``languages``; answers each with ``text``, ``language``
and ``cpu_s``. It imports nothing that the previous version lacks.
"""

import base64
import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from protocol.engine import DecodeRequest, EngineSettings, Transcript
from protocol.recognition import Options
from worker import chinese_text
from worker.engines import whisper

_ENGINE: Any = whisper if hasattr(whisper, "create") else import_module("worker.engines.whisper.engine")
"""The engine was a module before it was a package."""
_STYLE: Any = getattr(chinese_text, "apply_chinese_style", None) or vars(chinese_text)["written"]
"""Earlier versions have another name for the function, and the earliest no option `languages`."""


def main(model_folder: str, threads: str = "0") -> None:
    """Answer each line of standard input."""
    engine = _ENGINE.create(EngineSettings("whisper", Path(model_folder).name, model_folder, "cpu", int(threads)))
    for line in sys.stdin:
        asked = json.loads(line)
        pcm = base64.b64decode(asked["pcm"])
        listed: dict[str, Any] = {"languages": tuple(asked["languages"])} if asked["languages"] else {}
        options = Options(language=asked["language"], script="simplified", **listed)
        begun = time.process_time()
        (outcome,) = engine.decode([DecodeRequest(pcm, options)])
        cpu_s = time.process_time() - begun
        outcome = _STYLE(outcome, options)
        assert isinstance(outcome, Transcript), outcome
        answer = {"text": outcome.text, "language": outcome.language, "cpu_s": cpu_s}
        print(json.dumps(answer), flush=True)
    engine.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
