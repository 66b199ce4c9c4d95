"""The log entry for a cut segment."""

from structlog.testing import capture_logs

from app.transcription.boundary_log import cut


def test_cut_logs_the_length_and_the_trailing_silence() -> None:
    with capture_logs() as lines:
        cut(3, 32_000, 9_600)
    (line,) = lines
    assert (line["segment"], line["audio_ms"], line["silence_ms"]) == (3, 2_000, 600)
