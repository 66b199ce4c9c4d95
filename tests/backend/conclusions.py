"""Outcomes in the form that observers get, for tests."""

from backend.sessions.observers import Conclusion
from backend.sessions.segments import SegmentHistory
from protocol.session import Failed, Final

HISTORY = SegmentHistory(16_000, 0, 1.0, 2.0, 2.1, 0.0, 0, False)


def concluded(
    outcome: Final | Failed,
    samples: int = 0,
    history: SegmentHistory = HISTORY,
    *,
    session: str = "s",
    at: float = 0.0,
) -> tuple[Conclusion]:
    """Return one conclusion; ``samples`` other than 0 replace those of its history."""
    history = history._replace(samples=samples) if samples else history
    return (Conclusion(session, "", outcome, history, at, 1_700_000_000.0),)
