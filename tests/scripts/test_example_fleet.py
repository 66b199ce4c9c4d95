"""Test that the simulated fleet is deterministic and shows everything that a monitor can."""

from app.core.states import State
from app.monitoring.model import MonitorModel
from protocol.monitor import Snapshot
from scripts.example_fleet import MACHINES, OWN, ExampleFleet, load


def test_example_fleet_is_deterministic() -> None:
    first, second = MonitorModel(), MonitorModel()
    for model in (first, second):
        ExampleFleet(model).run(120)
    assert first.view(120.0) == second.view(120.0)


def test_example_fleet_shows_every_kind_of_row() -> None:
    model = MonitorModel()
    ExampleFleet(model).run(300)
    view = model.view(300.0)
    assert [worker.status.host for worker in view.workers] == sorted(machine.host for machine in MACHINES)
    assert {worker.gpu is None for worker in view.workers} == {True, False}
    assert {row.own for row in view.utterances} == {True, False}
    assert {State.DONE, State.HELD} <= {row.state for row in view.utterances}
    assert all(row.session == str(OWN) for row in view.utterances if row.own)
    assert len(view.stages) == 6
    assert view.throughput.now is not None and view.rtf.now is not None


def test_example_fleet_accepts_other_machines() -> None:
    fleet = ExampleFleet(MonitorModel(), MACHINES[:2])
    (stands,) = (event for event in fleet.second(1) if isinstance(event, Snapshot))
    assert len(stands.workers) == 2


def test_load_spans_zero_to_one() -> None:
    loads = [load(second) for second in range(1_200)]
    assert min(loads) == 0.0 and max(loads) == 1.0
