"""Programs of two versions work together, and each segment is recognised once."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks.installed_version import build_wheel, install, lacking, previous_commit
from benchmarks.mixed_versions import DIRECTIONS, Direction, chosen, measure, outcome, run_direction
from tests.helpers.chain import BIN

SUMMARY = {"segments": 3, "right": 3, "wrong": 0, "failed": 0, "missing": 0, "twice": 0}


def test_directions_are_all_mixtures_and_both_ways() -> None:
    mixtures = {(way.client, way.gateway, way.worker) for way in DIRECTIONS if not way.replaced}
    assert len(mixtures) == 6 and (True, True, True) not in mixtures and (False, False, False) not in mixtures
    assert [way.name for way in DIRECTIONS if way.replaced] == ["upgrade", "downgrade"]


def test_chosen_refuses_an_unknown_name() -> None:
    assert [way.name for way in chosen("upgrade, old client")] == ["old client", "upgrade"]
    with pytest.raises(SystemExit, match="sideways"):
        chosen("sideways")


@pytest.mark.parametrize(
    ("changed", "flawless"),
    [({}, True), ({"right": 2, "missing": 1}, False), ({"twice": 1}, False), ({"segments": 0, "right": 0}, False)],
)
def test_outcome_is_flawless_only_if_each_segment_came_once(changed: dict[str, int], flawless: bool) -> None:
    row = outcome(Direction("a", True, False, False, replaced=True), json.dumps(SUMMARY | changed), "", 1.0)
    assert (row.client, row.gateway, row.worker) == ("new", "old to new", "old to new")
    assert row.flawless is flawless


def test_libraries_that_this_version_dropped_are_installed_for_another() -> None:
    wanted = ("msgspec>=0.19", "kaldi_native.fbank>=1", "dropped-library>=24.1", 'absent; extra == "desktop"')
    assert lacking("".join(f"Requires-Dist: {one}\n" for one in wanted)) == ["dropped-library"]


def test_previous_commit_is_named_by_the_stored_home() -> None:
    assert len(previous_commit()) == 40


@pytest.mark.timeout(300)
def test_gateway_and_worker_are_replaced_while_the_client_speaks() -> None:
    """The small version of the proofs, with one version in both places."""
    row = run_direction(Direction("upgrade", True, False, False, replaced=True), {True: BIN, False: BIN}, 20)
    assert row.flawless, row


@pytest.mark.proof(minutes=1)
@pytest.mark.timeout(300)
def test_installed_wheel_takes_over_from_the_checkout_while_people_speak(tmp_path: Path) -> None:
    programs = {True: BIN, False: install(build_wheel("HEAD", tmp_path), tmp_path / "environment")}
    row = run_direction(Direction("downgrade", True, True, True, replaced=True), programs, 40)
    assert row.flawless, row


@pytest.mark.proof(minutes=6)
@pytest.mark.timeout(1500)
def test_previous_and_new_version_recognise_500_segments_once_in_every_direction() -> None:
    rows = measure(previous_commit(), DIRECTIONS, 500)
    sys.stdout.write("".join(f"{row}\n" for row in rows))
    assert [row for row in rows if not row.flawless or row.segments < 500] == []
