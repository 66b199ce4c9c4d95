"""Measured speeds: kept in a file, one model beside the other, and a damaged file counts as none."""

from pathlib import Path

from app.models.advice import keep_speed, read_speeds, this_computer


def test_speeds_are_kept_by_model(tmp_path: Path) -> None:
    place = tmp_path / "data" / "speeds.json"
    assert read_speeds(place) == {}
    keep_speed("whisper-base", 17.456, place)
    keep_speed("whisper-small", 5.0, place)
    keep_speed("whisper-base", 18.0, place)
    assert read_speeds(place) == {"whisper-base": 18.0, "whisper-small": 5.0}


def test_damaged_file_counts_as_no_measurement(tmp_path: Path) -> None:
    place = tmp_path / "speeds.json"
    for content in (b"{", b'{"whisper-base": "fast"}', b"\xff", b'{"whisper-base": -1}'):
        place.write_bytes(content)
        assert read_speeds(place) == {}
    keep_speed("whisper-base", 2.0, place)
    assert read_speeds(place) == {"whisper-base": 2.0}


def test_speed_is_lost_quietly_if_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = tmp_path / "file" / "speeds.json"
    keep_speed("whisper-base", 2.0, place)
    assert read_speeds(place) == {}


def test_this_computer_has_memory() -> None:
    assert this_computer().memory_bytes > 10**8
