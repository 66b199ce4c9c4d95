"""Engine process as a program: frames in, frames out, and no other output on its standard output."""

import os
import subprocess
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import NoReturn

import pytest

from protocol.engine import DecodeOutcome, DecodeRequest, EngineSettings, EngineUnavailable, Transcript
from protocol.recognition import Options
from runtime import memory
from tests.helpers.fault_engines import ENGINE, Fault, FaultEngine, pcm
from worker import engine_main
from worker.supervision.engine_frames import (
    REPLIES,
    REQUESTS,
    Decode,
    Decoded,
    LoadEngine,
    Raised,
    Ready,
    Reply,
    Request,
    Unavailable,
)

ROOT = Path(__file__).resolve().parents[2]


def framed(*requests: Request) -> bytes:
    return b"".join(map(REQUESTS.pack, requests))


def converse(*requests: Request) -> tuple[list[Reply], str, int]:
    """Send requests to the program; return its replies, its standard error and its exit status."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "worker.engine_main"],
        input=framed(*requests),
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    replies, pipe = [], BytesIO(done.stdout)
    while reply := REPLIES.read(pipe):
        replies.append(reply)
    return replies, done.stderr.decode(), done.returncode


def kept_shapes(settings: EngineSettings) -> NoReturn:
    """Fail to load, with the number of shapes that oneDNN may keep in this process."""
    raise EngineUnavailable(os.environ.get("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "1024"))


class NamingEngine(FaultEngine):
    """An engine that always hears a Chinese name."""

    def decode(self, batch: Sequence[DecodeRequest]) -> Sequence[DecodeOutcome]:
        return [Transcript("王晓明,你好.", "zh") for _ in batch]


def decode(*faults: Fault) -> Decode:
    return Decode(tuple(DecodeRequest(pcm(fault)) for fault in faults))


def test_engine_process_loads_decodes_and_ends_with_its_input() -> None:
    replies, _, status = converse(LoadEngine(EngineSettings(ENGINE)), decode(Fault.NONE), decode(Fault.NONE))
    assert isinstance(replies[0], Ready)
    assert replies[1:] == [Decoded((Transcript("none 1"),))] * 2 and status == 0


def test_texts_have_the_chinese_style_and_names_of_their_requests() -> None:
    asked = LoadEngine(EngineSettings("tests.worker.test_engine_main:NamingEngine"))
    batch = (DecodeRequest(b""), DecodeRequest(b"", Options(hotwords=("王小明",))))
    replies, _, _ = converse(asked, Decode(batch))
    assert replies[1] == Decoded((Transcript("王晓明，你好。", "zh"), Transcript("王小明，你好。", "zh")))


def test_libraries_keep_little_for_lengths_that_do_not_come_again() -> None:
    asked = LoadEngine(EngineSettings("tests.worker.test_engine_main:kept_shapes"))
    (reply,) = converse(asked)[0]
    assert isinstance(reply, Unavailable) and int(reply.message) <= 64


def test_freed_memory_is_given_back_after_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    pipe = BytesIO()
    monkeypatch.setattr(memory, "INTERVAL_S", 0.0)
    monkeypatch.setattr(memory, "give_back", lambda: given.append(pipe.tell()))
    requests = BytesIO(framed(LoadEngine(EngineSettings(ENGINE)), decode(Fault.NONE), decode(Fault.NONE)))
    engine_main._serve(requests, pipe)
    assert len(given) == 2 and 0 < given[0] < given[1] == pipe.tell()


def test_engine_output_goes_to_standard_error() -> None:
    replies, beside, _ = converse(LoadEngine(EngineSettings(ENGINE)), decode(Fault.PRINT))
    assert isinstance(replies[-1], Decoded) and beside


def test_engine_is_usable_after_it_raised() -> None:
    replies, traceback, _ = converse(LoadEngine(EngineSettings(ENGINE)), decode(Fault.RAISE), decode(Fault.NONE))
    assert isinstance(replies[1], Raised) and isinstance(replies[2], Decoded)
    assert "Traceback" in traceback


def test_unencodable_characters_of_a_text_are_replaced() -> None:
    replies, _, status = converse(
        LoadEngine(EngineSettings(ENGINE)), decode(Fault.SURROGATE, Fault.NONE), decode(Fault.NONE)
    )
    assert replies[1] == Decoded((Transcript("kia\ufffd ora"), Transcript("none 2")))
    assert isinstance(replies[2], Decoded) and status == 0, "the engine goes on"


def test_unknown_engine_is_reported_as_unavailable() -> None:
    replies, _, status = converse(LoadEngine(EngineSettings("abacus")))
    assert len(replies) == 1 and status == 0
    assert isinstance(replies[0], Unavailable) and "abacus" in replies[0].message


def test_function_that_creates_no_engine_is_reported_as_unknown() -> None:
    (reply,), errors, _ = converse(LoadEngine(EngineSettings("json:loads")))
    assert isinstance(reply, Unavailable) and reply.unknown
    assert "Traceback" in errors, "for the author of an engine"


def test_engine_process_ends_without_load_request() -> None:
    assert converse() == ([], "", 0)
    assert converse(decode(Fault.NONE))[0] == []
