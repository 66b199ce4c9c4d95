import pytest

from backend.sessions.settings import SessionSettings


@pytest.mark.parametrize(
    ("keep_s", "at_rest", "kept_s"), [(60.0, True, 5.0), (60.0, False, 60.0), (2.0, True, 2.0), (2.0, False, 2.0)]
)
def test_idle_session_is_kept_for_less_time_and_never_longer(keep_s: float, at_rest: bool, kept_s: float) -> None:
    assert SessionSettings(keep_s=keep_s, rest_s=5.0).kept_s(at_rest) == kept_s
