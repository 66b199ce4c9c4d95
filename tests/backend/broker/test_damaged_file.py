from pathlib import Path

import pytest

from backend.broker.damaged_file import reports_damage, set_aside


@pytest.mark.parametrize(
    "said",
    [
        b"# Bad file format reading the append only file a.incr.aof: make a backup",
        b"# Unexpected end of file reading the append only file a.incr.aof. You can: 1)",
        b"# Unknown command 'sat' reading the append only file a.incr.aof",
        b"# Invalid AOF manifest file format",
        b"# The AOF file appendonly.aof.1.base.rdb doesn't exist",
        b"# Wrong signature trying to load DB from file",
        b"# Can't open or create append-only dir appendonlydir: Not a directory",
    ],
)
def test_damage_is_recognised_by_servers_log(said: bytes) -> None:
    assert reports_damage(b"1:M 29 Nov 2026 16:24:28.148 " + said + b"\n")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"# Can't open the append only file a.incr.aof: Permission denied",
        b"# Can't open or create append-only dir appendonlydir: Permission denied",
        b"# Can't handle RDB format version 80\n# Error reading the RDB preamble of the append only file a, stop",
        b"# Short read or OOM loading DB. Unrecoverable error, aborting now.",
    ],
)
def test_other_reasons_leave_file_in_its_place(said: bytes) -> None:
    assert not reports_damage(said)


def test_latest_damaged_file_is_kept(tmp_path: Path) -> None:
    for content in ("first", "second"):
        (tmp_path / "appendonlydir").mkdir()
        (tmp_path / "appendonlydir" / "file").write_text(content)
        assert set_aside(tmp_path) == tmp_path / "appendonlydir.damaged"
    assert [path.name for path in tmp_path.iterdir()] == ["appendonlydir.damaged"]
    assert (tmp_path / "appendonlydir.damaged" / "file").read_text() == "second"


def test_absent_file_cannot_be_set_aside(tmp_path: Path) -> None:
    assert set_aside(tmp_path) is None
