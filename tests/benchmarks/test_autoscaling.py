"""A step load on workers that the autoscaler of the chart starts and stops: nothing is lost."""

from pathlib import Path

import pytest

from benchmarks.autoscaling import Load, flawless, prepared, rows, verdict
from benchmarks.report import table


async def test_no_segment_is_lost_while_workers_come_and_go(tmp_path: Path) -> None:
    load = Load(base=1, speakers=3, before_s=10, held_s=40, after_s=40, pod_start_s=2, speed=4)
    small = ("workers.cpu.replicas.max=3", "autoscaling.behavior.scaleDown.stabilizationWindowSeconds=15")
    with prepared(load, tmp_path, *small) as run:
        await run.run()
    judged = verdict(run)
    assert flawless(run), (judged, run.recorder.tally.complaints)
    assert judged["spoken"] == sum(row["segments"] for row in rows(run)) > 20
    assert judged["pods_most"] == 3 and judged["enough_after_s"] is not None
    assert judged["pods_stopped"] >= 1, run.timeline


@pytest.mark.proof(minutes=16)
@pytest.mark.serial
async def test_no_segment_is_lost_with_the_times_of_the_chart(tmp_path: Path) -> None:
    load = Load(after_s=120)
    with prepared(load, tmp_path, "workers.cpu.replicas.max=16") as run:
        await run.run()
    judged = verdict(run)
    table("autoscaling", rows(run))
    table("outcome", [judged])
    assert flawless(run), (judged, run.recorder.tally.complaints)
    assert load.needed <= judged["pods_most"] <= 16
    assert run.timeline[-1][2] == 1, "the pods are as few as before"
    assert judged["pods_stopped"] >= judged["pods_most"] - 1
