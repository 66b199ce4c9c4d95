"""Tests that the command prints a session's timeline as text or JSON, and says when it finds none."""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.logs_command import row_text
from app.cli.main import app
from app.diagnostics.timeline.session_timeline import SegmentRow
from tests.app.diagnostics.timeline.world import SESSION, World, taken_over, usual

runner = CliRunner()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Write the logs of one session with two segments to the folders of four computers."""
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "0"))
    world = World((0.0, 3_600.0, -5.0, 60.0))
    usual(world)
    taken_over(world, 1)
    written = defaultdict[int, list[bytes]](list)
    for raw, computer in world.raw:
        written[computer].append(raw)
    for computer, lines in written.items():
        (tmp_path / str(computer) / "logs").mkdir(parents=True)
        (tmp_path / str(computer) / "logs" / "program.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return world


def logs(tmp_path: Path, *arguments: str, folders: int = 4) -> Result:
    others = [f"--folder={tmp_path / str(number) / 'logs'}" for number in range(1, folders)]
    return runner.invoke(app, ["logs", *others, *arguments])


def test_logs_print_timeline_followed_by_table(tmp_path: Path, world: World) -> None:
    done = logs(tmp_path)
    assert done.exit_code == 0 and done.output.startswith(f"session {SESSION}, ")
    assert "takes segment 1 over from worker tower" in done.output
    heads = next(line for line in done.output.splitlines() if "unexplained" in line and "spoken" in line)
    assert heads.split()[:4] == ["segment", "spoken", "ended", "uploaded"]
    (unexplained,) = re.findall(r"unexplained: (\d+) ms", done.output)
    assert int(unexplained) < 30
    assert "is corrected by -3600.0 s" in done.output


def test_row_text_names_known_figures_with_units() -> None:
    row = SegmentRow(3, 247.0, 10_258.0, 20.4, None, 8256.0, None, None, 12_342.0, 8.0, "final")
    assert row_text(row) == (
        "segment 3: spoken 0.247 s, ended 10.258 s, uploaded 20 ms, decoded 8256 ms, whole 12342 ms, "
        "unexplained 8 ms; final"
    )


def test_logs_print_only_chosen_segment(tmp_path: Path, world: World) -> None:
    done = logs(tmp_path, "--session", SESSION[:6], "--segment", "0")
    assert "segment 0 is queued" in done.output and "segment 1" not in done.output


def test_logs_name_the_segments_if_the_chosen_one_is_missing(tmp_path: Path, world: World) -> None:
    done = logs(tmp_path, "--session", SESSION[:6], "--segment", "99")
    assert done.exit_code == 1 and done.stdout == ""
    assert f"session {SESSION} has no segment 99; it has: 0, 1" in " ".join(done.stderr.split())


def test_logs_print_timeline_as_json(tmp_path: Path, world: World) -> None:
    story = json.loads(logs(tmp_path, "--session", SESSION, "--json").stdout)
    assert story["session"] == SESSION and [row["segment"] for row in story["segments"]] == [0, 1]
    assert story["unexplained_ms"] < 20 < story["whole_ms"]
    assert {"at_ms", "who", "what", "segment"} == set(story["entries"][0])


def test_logs_sum_only_chosen_segment(tmp_path: Path, world: World) -> None:
    whole = json.loads(logs(tmp_path, "--json").stdout)
    one = json.loads(logs(tmp_path, "--json", "--segment", "1").stdout)
    (row,) = one["segments"]
    assert one["whole_ms"] == round(row["whole"]) < whole["whole_ms"] and one["left_out"] == 0


def test_logs_reject_missing_folder_and_read_repeated_folder_once(tmp_path: Path, world: World) -> None:
    done = logs(tmp_path, f"--folder={tmp_path / 'mistyped'}")
    assert done.exit_code == 2 and "does not exist" in done.stderr
    again = logs(
        tmp_path, f"--folder={tmp_path / '1' / '..' / '1' / 'logs'}", f"--folder={tmp_path / '0' / 'logs'}"
    )
    assert again.output == logs(tmp_path).output


def test_logs_explain_unknown_session_and_missing_gateway_log(tmp_path: Path, world: World) -> None:
    done = logs(tmp_path, "--session", "00000000-0000-0000-0000-000000000007")
    assert done.exit_code == 1 and "have nothing of session" in done.stderr
    assert "they reach back to 2026-02-2" in done.stderr
    assert logs(tmp_path, "--session", "0000").exit_code == 1
    assert "no log of a gateway is here" in logs(tmp_path, folders=1).output


def test_logs_fail_when_no_log_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    done = runner.invoke(app, ["logs"])
    assert done.exit_code == 1 and "there are no logs in" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: symbolic links")
def test_logs_end_in_one_line_when_links_lead_in_a_circle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "a"))
    done = runner.invoke(app, ["logs"])
    assert (done.exit_code, done.stdout) == (1, "") and done.stderr.count("\n") == 1
