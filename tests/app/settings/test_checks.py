from collections.abc import Callable

import pytest

from app.insertion.plan import ProgramRule
from app.replacements.rules import Replacement
from app.settings import checks


def test_row_problems_are_reported_by_position() -> None:
    rows = checks.replacements([Replacement("a"), Replacement(""), Replacement("A")])
    assert list(rows) == [1, 2] and all(rows.values())
    assert list(checks.programs([ProgramRule("x"), ProgramRule("x.exe")])) == [1]


@pytest.mark.parametrize(
    ("check", "good", "bad", "says"),
    [
        (checks.key, ("", "f9", "ctrl+alt+x"), ("d", "ctrl+"), ""),
        (checks.language, ("auto", "en", "yue"), ("English", "e", "EN"), "ISO 639"),
        (checks.model, ("", "whisper-base", "x.y_z"), ("../x", "x" * 65, "模型"), "models list"),
        (checks.words, ((), ("pounamu", "翡翠")), (("",), ("x" * 65,), ("x",) * 513), "at most 512 words"),
        (checks.UpTo(3), (0, 3), (-1, 4), "from 0 to 3"),
        (checks.hours, ("", "20:00-08:00"), ("8-20", "08:00-08:00", "24:00-08:00"), "20:00-08:00"),
        (checks.port, (1, 65_535), (0, 65_536), "65535"),
        (checks.lent, ((), ("the desk",)), (("",), ("x" * 65,), ("x",) * 17), "at most 16"),
        (
            checks.url,
            ("", "https://desktop.local:8443"),
            ("ftp://host", "http://[", "http://h:0", "https://me:key@h"),
            "HOST:PORT",
        ),
        (checks.url, ("http://127.0.0.1:1", "http://localhost"), ("http://desk:8765", "HTTP://192.0.2.2"), "TLS"),
    ],
)
def test_check_reports_the_allowed_values(
    check: Callable[[object], str], good: tuple[object, ...], bad: tuple[object, ...], says: str
) -> None:
    assert [check(value) for value in good] == [""] * len(good)
    assert all(check(value) and says in check(value) for value in bad)
