import errno
import json

import pytest
import typer

from app.cli.output import exit_on_error, print_json, print_table, table_lines
from app.core.errors import AppError, UsageMistake


@pytest.mark.parametrize(
    ("error", "said", "status"),
    [
        (AppError("do this"), "do this\n", 1),
        (UsageMistake("write that"), "write that\n", 2),
        (
            PermissionError(errno.EACCES, "Permission denied", "/x"),
            "/x cannot be used (Permission denied): give",
            1,
        ),
    ],
)
def test_expected_error_ends_command_with_what_to_do(
    error: Exception, said: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as left, exit_on_error():
        raise error
    assert left.value.exit_code == status and capsys.readouterr().err.startswith(said)
    with pytest.raises(FileNotFoundError), exit_on_error():
        raise FileNotFoundError(errno.ENOENT, "a fault of ours", "/x")


def test_columns_are_aligned_and_wide_characters_count_twice() -> None:
    rows = [("id", "state", "text"), ("1", "待粘贴", "one"), ("22", "Done", "two")]
    assert list(table_lines(rows)) == ["id  state   text", "1   待粘贴  one", "22  Done    two"]


def test_long_lines_are_cut_at_the_width_of_a_terminal() -> None:
    assert list(table_lines([("1", "a long text"), ("2", "short")], 8, cut=True)) == ["1  a lo…", "2  short"]


def test_last_column_has_its_own_lines_on_a_narrow_terminal() -> None:
    assert list(table_lines([("name", "by"), ("1", "somebody")], 12)) == ["name", "    by", "1", "    somebody"]
    assert list(table_lines([("name", "by"), ("1", "somebody")], 14)) == ["name  by", "1     somebody"]


def test_control_characters_are_escaped() -> None:
    assert list(table_lines([("\x1b[2J",)])) == ["\\x1b[2J"]


@pytest.mark.parametrize("cut", [True, False])
def test_row_is_one_whole_line_in_a_pipe(capsys: pytest.CaptureFixture[str], cut: bool) -> None:
    print_table([("1", "long" * 60)], cut=cut)
    assert capsys.readouterr().out == f"1  {'long' * 60}\n"


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    print_json([{"text": "听写"}])
    printed = capsys.readouterr().out
    assert json.loads(printed) == [{"text": "听写"}] and "听写" in printed
