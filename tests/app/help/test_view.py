"""What the help shows."""

from app.help.view import suggested_name


def test_the_name_of_a_report_tells_when() -> None:
    assert suggested_name(1_700_000_000.0).startswith("kikipounamu-report-202311")
