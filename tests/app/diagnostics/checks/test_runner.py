"""Checks that hang, fail or raise a typed error do not stop the others."""

import asyncio
import sys
from collections.abc import Sequence

import pytest

from app.core.errors import Note, ProgramMissing
from app.diagnostics.checks.finding import Finding, Topic, ok, wrong
from app.diagnostics.checks.runner import Examination, decode, encode, examine, in_own_process
from tests.app.diagnostics.checks.found import keys

FINE = ok(Topic.TRAY, "tray-there")


async def fine() -> Sequence[Finding]:
    return [FINE]


async def hangs() -> Sequence[Finding]:
    await asyncio.Event().wait()
    return []


async def clings() -> Sequence[Finding]:
    while True:
        try:
            await asyncio.sleep(0.5)
        except asyncio.CancelledError:
            return []


async def fails() -> Sequence[Finding]:
    raise ZeroDivisionError


async def cannot() -> Sequence[Finding]:
    raise ProgramMissing("prog", "/here")


async def test_findings_arrive_in_order_when_checks_hang_or_fail() -> None:
    received: list[tuple[Topic, tuple[Finding, ...]]] = []
    examinations = [
        Examination(Topic.DISK, hangs, 0.05),
        Examination(Topic.LOG, clings, 0.05),
        Examination(Topic.VAD, fails),
        Examination(Topic.WORKER, cannot),
        Examination(Topic.TRAY, fine),
    ]
    found = await examine(examinations, lambda area, findings: received.append((area, findings)))
    assert keys(found) == [
        "problem no-answer",
        "problem no-answer",
        "problem failed",
        "problem stopped",
        "ok tray-there",
    ]
    assert [area for area, _ in received] == [one.area for one in examinations]
    assert [finding for _, findings in received for finding in findings] == list(found)
    assert found[2].values == {"error": "ZeroDivisionError"}


async def test_cancelling_examine_cancels_all_checks() -> None:
    begun = asyncio.Event()
    ended: list[bool] = []

    async def work() -> Sequence[Finding]:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)
        return []

    examining = asyncio.create_task(examine([Examination(Topic.DISK, work)], lambda area, findings: None))
    await begun.wait()
    examining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await examining
    assert ended == [True]


FOUND = [
    ok(Topic.VAD, "vad-hears", detector="x", seconds=1),
    wrong(Topic.VAD, "stopped").because(Note("plain", {"text": "so"})),
]


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_findings_are_unchanged_after_encoding() -> None:
    assert decode(encode(FOUND)) == FOUND


async def test_separate_process_returns_its_findings() -> None:
    result = await in_own_process(Topic.VAD, (), python(f"print({encode(FOUND).decode()!r})"))
    assert result == FOUND


async def test_crash_of_child_is_a_finding() -> None:
    assert keys(await in_own_process(Topic.VAD, (), python("import os; os.abort()"))) == ["problem crashed"]


async def test_separate_process_runs_the_real_vad_check() -> None:
    assert keys(await in_own_process(Topic.VAD, ())) == ["advice vad-fallback", "ok vad-hears"]
