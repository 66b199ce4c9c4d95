"""Report of a run after its end, a failure or an interruption."""

import asyncio

import pytest

from client.connection import Address, fixed_locator
from loadtest.measurement.figures import Reconnection
from loadtest.measurement.processes import LOAD_MAKER
from loadtest.measurement.promises import Promise
from loadtest.measurement.tally import RefusalCount
from loadtest.reports.run import Run
from tests.helpers.waiting import wait_until
from tests.loadtest.measurement.test_tally import ended


def run() -> Run:
    """Return a run without a gateway."""
    return Run("streams", {"count": 1}, fixed_locator(Address("http://127.0.0.1:9", "secret")))


async def say_one(run: Run) -> None:
    """Record one answered segment, then wait for a sample of the run."""
    run.recorder.tally.segments += 1
    run.recorder.tally.right += 1
    run.recorder.tally.ended.append(ended(0.1))
    await wait_until(lambda: run.usages, "the usage was sampled")


async def test_finished_run_is_complete_and_passed() -> None:
    one, shown = run(), list[float]()
    await one.play(say_one(one), lambda run: shown.append(run.took_s))
    report = one.report()
    assert report.complete and report.passed and report.note == ""
    assert report.figures.right == 1 and report.moments and report.after_stop
    assert LOAD_MAKER in report.usages[0].cpu_percent
    assert shown


async def test_refusals_are_a_fault_unless_expected() -> None:
    one = run()
    await one.play(say_one(one), lambda run: None)
    one.tally.refused["429"] = RefusalCount(1)
    one.back = Reconnection(1, 1, 0, 1.0, 1.0, 1.0)
    assert not one.report().passed
    assert one.report(expect_refusals=True).passed
    one.back = Reconnection(2, 1, 0, 1.0, 1.0, 1.0)
    assert not one.report(expect_refusals=True).passed, "one is not back"


async def test_promises_decide_in_place_of_the_counts() -> None:
    one, kept = run(), True
    one.counts = lambda: {"messages": 7.0}
    one.judge = lambda run, found: [Promise("it lives", kept, f"{found.right} right")]
    await one.play(say_one(one), lambda run: None)
    one.tally.wrong += 1
    one.tally.segments += 1
    assert one.report().passed and one.report().promises[0].found == "1 right"
    assert one.report().counted[0].values == {"messages": 7.0}
    kept = False
    assert not one.report().passed


async def test_interrupted_run_is_partial() -> None:
    one = run()

    async def for_ever() -> None:
        await say_one(one)
        await asyncio.Event().wait()

    playing = asyncio.create_task(one.play(for_ever(), lambda run: None))
    await wait_until(lambda: one.usages, "it runs")
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)
    report = one.report()
    assert (report.complete, report.passed, report.note) == (False, False, "interrupted")
    assert report.figures.right == 1


async def test_failed_run_reports_the_reason() -> None:
    one = run()

    async def fail() -> None:
        raise ValueError("no good")

    with pytest.raises(ValueError, match="no good"):
        await one.play(fail(), lambda run: None)
    assert "no good" in one.report().note and not one.report().complete


def test_report_shows_the_command_without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = ["--key", "secret", "--key=secret", "--hostile-key", "secret", "--hostile-key=secret"]
    monkeypatch.setattr("sys.argv", ["/x/kikipounamu-loadtest", "fuzz", *keys, "-x"])
    command = run().report().command
    assert command == "kikipounamu-loadtest fuzz --key … --key=… --hostile-key … --hostile-key=… -x"
