"""Decodes of whole recordings by the engine of a checkout, kept beside the recordings."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.fidelity.dictating_app import MODEL
from benchmarks.fidelity.items import Item
from benchmarks.fidelity.result_cache import ResultCache, key_of

AUTO: Final = "auto"
_DECODER: Final = Path(__file__).with_name("whole_decode.py")


class Decoded(NamedTuple):
    """A text, its language, and the CPU time of its decode."""

    text: str
    language: str
    cpu_s: float


def whole(items: Iterable[Item], checkout: Path, models: Path, folder: Path) -> Iterator[tuple[Decoded, Decoded]]:
    """Yield the decode of each whole recording: with its language detected, and with its language given."""
    kept = ResultCache(folder / "whole", checkout)
    with closing(Decoder(checkout, models)) as ask:

        def decoded(item: Item, language: str) -> Decoded:
            key = key_of(item.samples, language)
            if key not in kept:
                kept[key] = ask(item, language)
            return Decoded(*kept[key])

        for item in items:
            detected = decoded(item, AUTO)
            same = not item.language or detected.language == item.language
            yield detected, detected if same else decoded(item, item.language)


class Decoder:
    """Client of a process that decodes; the process starts with the first recording."""

    def __init__(self, checkout: Path, models: Path, threads: int = 0) -> None:
        """Check the checkout, and start no process yet. ``threads``: 0 lets the engine choose."""
        if not (checkout / "worker").is_dir():
            raise SystemExit(f"{checkout} is no checkout of this project: make one with git worktree add")
        self._checkout, self._models, self._threads = checkout, models, threads
        self._process: subprocess.Popen[str] | None = None

    def __call__(self, item: Item, language: str, languages: Sequence[str] = ()) -> Decoded:
        """Decode a whole recording. ``languages``: the speaker's, if the language is to be detected."""
        process = self._process = self._process or self._start()
        question, answers = process.stdin, process.stdout
        assert question is not None and answers is not None
        pcm = base64.b64encode(item.samples.tobytes()).decode()
        question.write(json.dumps({"pcm": pcm, "language": language, "languages": [*languages]}) + "\n")
        question.flush()
        answer = answers.readline()
        if not answer:
            raise SystemExit("the decoder of whole recordings has ended: see its message above")
        return Decoded(**json.loads(answer))

    def close(self) -> None:
        """Wait until the process has ended."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()

    def _start(self) -> "subprocess.Popen[str]":
        command = [sys.executable, "-P", str(_DECODER), str(self._models / MODEL), str(self._threads)]
        environment = os.environ | {"PYTHONPATH": str(self._checkout)}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self._checkout, env=environment, stdin=pipe, stdout=pipe, text=True)
