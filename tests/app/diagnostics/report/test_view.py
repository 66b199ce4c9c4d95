"""File name of a report."""

from app.diagnostics.report.view import suggested_name


def test_suggested_name_contains_date() -> None:
    assert suggested_name(1_700_000_000.0).startswith("kikipounamu-report-202311")
