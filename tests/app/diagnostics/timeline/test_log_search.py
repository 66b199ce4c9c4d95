"""Lines of a session are found in rotated and compressed logs, fast and with bounded memory."""

import gzip
import json
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from app.diagnostics.timeline.log_search import SessionNotFound, find, logs_of, oldest_line

ONE, TWO = "aaaa0000-0000-0000-0000-000000000001", "aaaa0000-0000-0000-0000-000000000002"


def line(session: str, at: int = 0, logger: str = "client.story", **fields: object) -> str:
    stamp = f"2026-03-01T10:{at // 60:02}:{at % 60:02}Z"
    return json.dumps(
        {"event": "segment.ended", "session": session, "logger": logger, "timestamp": stamp} | fields
    )


def write(place: Path, *lines: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(f"{text}\n" for text in lines).encode()
    place.write_bytes(gzip.compress(data) if place.suffix == ".gz" else data)


def test_find_reads_all_logs_of_all_folders(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    write(here / "kikipounamu.jsonl", line(ONE, 9, segment=3), line(TWO, 9))
    write(here / "kikipounamu.jsonl.1", line(ONE, 5, segment=2))
    write(here / "kikipounamu.jsonl.10.gz", line(ONE, 1, segment=1))
    write(there / "gateway.jsonl", line(ONE, 7, "backend.story", segment=0))
    write(there / "gateway.txt", line(ONE, 8, segment=9))
    found = find(ONE, [here, there])
    assert sorted((one.segment, one.computer) for one in found.lines) == [(0, 1), (1, 0), (2, 0), (3, 0)]
    assert [path.name for path in logs_of(here)] == [
        "kikipounamu.jsonl.10.gz",
        "kikipounamu.jsonl.1",
        "kikipounamu.jsonl",
    ]


def test_find_adds_process_lines_but_no_other_sessions(tmp_path: Path) -> None:
    away = line("", 0, "backend.writer", event="broker.disconnected")
    others = line(TWO, event="broker.reconnected", why=ONE)
    write(tmp_path / "gateway.jsonl", away, line(ONE, why=TWO), others, "{")
    found = find(ONE, [tmp_path])
    assert [one.event for one in found.lines] == ["segment.ended", "broker.disconnected"]


def test_lines_of_older_versions_are_passed_over(tmp_path: Path) -> None:
    older = [
        line(ONE, 8, event="segment ended", segment=0),
        line(ONE, 7, "worker.story", event="lease lost: the job is another worker's now, or ended", segment=0),
        line("", 8, "backend.writer", event="the broker is back", away_s=1.5),
    ]
    write(tmp_path / "desktop.jsonl.1", *older)
    assert find(ONE, [tmp_path]).lines == []
    with pytest.raises(SessionNotFound, match="these logs contain no session"):
        find("last", [tmp_path])
    write(tmp_path / "desktop.jsonl", line(TWO, 1), line(ONE, 9, segment=1))
    assert [one.segment for one in find("last", [tmp_path]).lines] == [1]


def test_words_of_an_event_elsewhere_in_a_line_are_no_event(tmp_path: Path) -> None:
    other = line("", 0, "backend.writer", event="jobs.handed_back", reason='"broker.reconnected"')
    write(tmp_path / "gateway.jsonl", line(ONE), other)
    assert [one.event for one in find(ONE, [tmp_path]).lines] == ["segment.ended"]


def test_find_accepts_beginning_of_session_id(tmp_path: Path) -> None:
    other = str(uuid.UUID(int=7))
    write(tmp_path / "gateway.jsonl", line(ONE), line(TWO), line(other))
    assert find(other[:8], [tmp_path]).session == other
    assert find(ONE.upper(), [tmp_path]).session == ONE
    with pytest.raises(SessionNotFound, match=f"several sessions begin with aaaa0: {ONE}, {TWO}"):
        find("aaaa0", [tmp_path])
    with pytest.raises(SessionNotFound, match="no session in these logs begins with bbbb"):
        find("bbbb", [tmp_path])
    for name in ("aa", "", "not a name", "'; drop"):
        with pytest.raises(SessionNotFound, match="at least four"):
            find(name, [tmp_path])


def test_find_last_prefers_session_of_client_log(tmp_path: Path) -> None:
    write(tmp_path / "gateway.jsonl", line(TWO, 50, "backend.story"))
    assert find("last", [tmp_path]).session == TWO
    write(tmp_path / "desktop.jsonl", line(TWO, 10), line(ONE, 20), '{"event": "nothing"}')
    write(tmp_path / "kikipounamu.jsonl.1.gz", line(TWO, 5))
    assert find("last", [tmp_path]).session == ONE
    (tmp_path / "gateway.jsonl").write_text("{}\n")
    (tmp_path / "desktop.jsonl").unlink()
    (tmp_path / "kikipounamu.jsonl.1.gz").unlink()
    with pytest.raises(SessionNotFound, match="these logs contain no session"):
        find("last", [tmp_path])


def test_find_names_the_link_that_leads_back_to_itself(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    said = rf"{tmp_path}/loop cannot be used \(Too many levels.*\): remove the symbolic link"
    with pytest.raises(SessionNotFound, match=said):
        find("last", [tmp_path / "none", tmp_path / "loop"])


def test_find_raises_when_there_are_no_logs(tmp_path: Path) -> None:
    with pytest.raises(SessionNotFound, match="there are no logs in"):
        find("last", [tmp_path, tmp_path / "nowhere"])
    assert oldest_line([tmp_path]) is None


def test_oldest_line_of_the_logs_is_found(tmp_path: Path) -> None:
    write(tmp_path / "gateway.jsonl", line(ONE, 50))
    write(tmp_path / "gateway.jsonl.1", line(ONE, 40))
    oldest = oldest_line([tmp_path])
    assert oldest is not None and oldest.fields["timestamp"] == "2026-03-01T10:00:40Z"
    assert find(str(uuid.UUID(int=7)), [tmp_path]).lines == []


def test_find_joins_lines_across_chunks(tmp_path: Path) -> None:
    filler = "x" * 70_000
    write(
        tmp_path / "gateway.jsonl", *(line(ONE, n % 60, segment=n, filler=filler) for n in range(100)), "half a l"
    )
    assert [one.segment for one in find(ONE, [tmp_path]).lines] == list(range(100))


@pytest.mark.parametrize(
    "damage", [lambda packed: packed[:-20], lambda packed: packed[:10] + b"\xff" + packed[11:]]
)
def test_damaged_compressed_log_is_skipped(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    write(tmp_path / "gateway.jsonl.1.gz", *(line(ONE, 1, segment=n) for n in range(10)))
    packed = (tmp_path / "gateway.jsonl.1.gz").read_bytes()
    (tmp_path / "gateway.jsonl.1.gz").write_bytes(damage(packed))
    write(tmp_path / "gateway.jsonl", line(ONE, 2, segment=99))
    for name in (ONE, ONE[:8], "last"):
        assert find(name, [tmp_path]).lines[-1].segment == 99
