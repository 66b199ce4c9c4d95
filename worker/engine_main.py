"""Engine process: loads one engine and recognises what its worker sends, until the worker's side ends.

    python -P -m worker.engine_main

Frames arrive on standard input and leave on the original standard output. Engines print, so their descriptor 1 is
redirected to standard error. This process ignores signals: it ends with its worker, not before it.
"""

import os
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from protocol.engine import DecodeOutcome, Engine, EngineUnavailable, StreamingEngine, Transcript
from protocol.recognition import Options
from runtime.memory import WorkMemory, exempt_existing, without_collection
from worker.chinese_names import apply_chinese_names
from worker.chinese_text import apply_chinese_style
from worker.core.errors import UnknownEngine
from worker.engines.registry import create_engine
from worker.supervision.engine_frames import (
    REPLIES,
    REQUESTS,
    Decode,
    Decoded,
    Fed,
    Feed,
    LoadEngine,
    Raised,
    Ready,
    Reply,
    Unavailable,
)

_KEPT_SHAPES: Final = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
"""By default oneDNN (in CTranslate2 and torch) caches code and memory for 1,024 shapes; few lengths recur."""
_FIRST_TO_END: Final = "500"
"""Of 1,000: when memory runs out, the system adds half of its memory to the size of this process."""


def main() -> None:
    """Serve requests until the worker's side ends."""
    os.environ.setdefault(*_KEPT_SHAPES)
    with suppress(OSError):  # an engine can be replaced: the next one decodes the segment again
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_END)  # Linux only
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
        with without_collection():
            engine = create_engine(first.settings)
            exempt_existing()
    except EngineUnavailable as error:
        if isinstance(error.__cause__, TypeError | AttributeError):
            traceback.print_exc(file=sys.stderr)  # for the author of an engine
        say(Unavailable(str(error), isinstance(error, UnknownEngine)))
        return
    except ImportError as error:
        say(Unavailable(f"the engine {first.settings.engine} lacks a library: {_log_error(error)}"))
        return
    except Exception as error:  # noqa: BLE001  # foreign code; some errors, such as too little memory, are temporary
        say(Raised(_log_error(error)))
        return
    if why := _misfit(engine, first):
        say(Unavailable(why))
        return
    memory = WorkMemory()
    say(Ready(engine.info()))
    while isinstance(request := REQUESTS.read(requests), Decode | Feed):
        with memory.working():
            say(_answer(engine, request))
    engine.close()


def _misfit(engine: Engine | StreamingEngine, asked: LoadEngine) -> str:
    """Return why the engine cannot do this worker's kind of work; empty if it can."""
    streams = isinstance(engine, StreamingEngine)
    if streams == asked.streams:
        return ""
    name = asked.settings.engine
    if streams:
        return f"the engine {name} recognises live text only: start it with kikipounamu-worker stream"
    return f"the engine {name} recognises whole segments only: start it with kikipounamu-worker run"


def _answer(engine: Engine | StreamingEngine, request: Decode | Feed) -> Reply:
    try:
        if isinstance(engine, StreamingEngine):
            return _feed(engine, request) if isinstance(request, Feed) else Raised("not a request for live text")
        return _decode(engine, request) if isinstance(request, Decode) else Raised("not a request for segments")
    except Exception as error:  # noqa: BLE001  # an engine is foreign code: report any exception
        return Raised(_log_error(error))


def _decode(engine: Engine, request: Decode) -> Reply:
    outcomes = tuple(engine.decode(request.batch))
    if len(outcomes) != len(request.batch):
        return Raised(f"{len(outcomes)} outcomes for {len(request.batch)} requests")
    pairs = zip(outcomes, request.batch, strict=True)
    return Decoded(tuple(_in_style(outcome, asked.options) for outcome, asked in pairs))


def _in_style(outcome: DecodeOutcome, options: Options) -> DecodeOutcome:
    return apply_chinese_names(apply_chinese_style(outcome, options), options)


def _feed(engine: StreamingEngine, request: Feed) -> Reply:
    engine.drop(request.dropped)
    texts = tuple(engine.feed(request.pieces))
    if len(texts) != len(request.pieces):
        return Raised(f"{len(texts)} texts for {len(request.pieces)} pieces")
    pairs = zip(texts, request.pieces, strict=True)
    return Fed(tuple(_styled_text(text, piece.options) for text, piece in pairs))


def _styled_text(text: str, options: Options) -> str:
    outcome = _in_style(Transcript(text), options)
    return outcome.text if isinstance(outcome, Transcript) else text


def _log_error(error: Exception) -> str:
    traceback.print_exc(file=sys.stderr)
    return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
