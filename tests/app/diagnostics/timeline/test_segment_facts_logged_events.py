import pytest

from app.diagnostics.timeline.segment_facts import host_of, logged_event

GOOD = (
    b'{"event": "e", "logger": "worker.story", "worker": "tower-12-0123abcd", "timestamp": "2026-03-01T10:00:00Z"}'
)


def test_parse_reads_program_and_time() -> None:
    line = logged_event(GOOD, 2)
    assert line is not None
    assert (line.event, line.who, line.computer, line.at_ms) == ("e", "worker tower", 2, 1_772_359_200_000.0)
    assert (line.session, line.segment, line.text("event"), line.ms("event")) == ("", None, "e", None)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[1]", b"\xff", b"{}", b'{"timestamp": 3}', b'{"timestamp": "soon"}', b'{"timestamp": null}'],
)
def test_parse_returns_none_for_invalid_line(raw: bytes) -> None:
    assert logged_event(raw, 0) is None


def test_host_of_strips_process_from_worker_name() -> None:
    assert host_of("my-tower-12-0123abcd") == "my-tower"
    assert host_of("whatever") == "whatever"
