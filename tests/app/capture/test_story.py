"""What the log tells of where a segment was cut."""

from structlog.testing import capture_logs

from app.capture.story import cut


def test_how_much_of_it_is_silence() -> None:
    with capture_logs() as lines:
        cut(3, 32_000, 9_600)
    (line,) = lines
    assert (line["segment"], line["audio_ms"], line["silence_ms"]) == (3, 2_000, 600)
