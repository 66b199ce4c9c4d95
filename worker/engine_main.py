"""Engine process: loads one engine and decodes what its worker sends, until the worker's side ends.

    python -P -m worker.engine_main

Frames arrive on standard input and leave on the original standard output. Engines print, so their descriptor 1 is
redirected to standard error. This process ignores signals: it ends with its worker, not before it.
"""

import os
import signal
import sys
import traceback
from typing import BinaryIO

from protocol.engine import Engine, EngineUnavailable
from worker.chinese_text import written
from worker.engine_frames import REPLIES, REQUESTS, Decode, Decoded, LoadEngine, Raised, Ready, Reply, Unavailable
from worker.engines import find_engine


def main() -> None:
    """Serve requests until the worker's side ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with _private(0) as requests, _private(1, "wb") as replies:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        _serve(requests, replies)


def _private(descriptor: int, mode: str = "rb") -> BinaryIO:
    return os.fdopen(os.dup(descriptor), mode)  # type: ignore[return-value]  # binary by its mode


def _serve(requests: BinaryIO, replies: BinaryIO) -> None:
    def say(reply: Reply) -> None:
        replies.write(REPLIES.pack(reply))
        replies.flush()

    first = REQUESTS.read(requests)
    if not isinstance(first, LoadEngine):
        return
    try:
        engine = find_engine(first.settings.engine)(first.settings)
    except EngineUnavailable as error:
        say(Unavailable(str(error)))
        return
    except ImportError as error:
        say(Unavailable(f"the engine {first.settings.engine} lacks a library: {_told(error)}"))
        return
    except Exception as error:  # noqa: BLE001  # foreign code; some errors, such as too little memory, are temporary
        say(Raised(_told(error)))
        return
    say(Ready(engine.info()))
    while isinstance(request := REQUESTS.read(requests), Decode):
        say(_decoded(engine, request))
    engine.close()


def _decoded(engine: Engine, request: Decode) -> Reply:
    try:
        outcomes = tuple(engine.decode(request.batch))
    except Exception as error:  # noqa: BLE001  # an engine is foreign code: report any exception
        return Raised(_told(error))
    if len(outcomes) != len(request.batch):
        return Raised(f"{len(outcomes)} outcomes for {len(request.batch)} requests")
    return Decoded(
        tuple(written(outcome, of.options) for outcome, of in zip(outcomes, request.batch, strict=True))
    )


def _told(error: Exception) -> str:
    traceback.print_exc(file=sys.stderr)
    return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
