"""The name of the user's engine survives this process."""

from pathlib import Path

from app.insertion.ibus.kept_engine import KeptEngine


def test_name_is_kept_until_it_is_forgotten(tmp_path: Path) -> None:
    place = tmp_path / "engine"
    KeptEngine(place).keep("libpinyin")
    assert KeptEngine(place).read() == "libpinyin"
    KeptEngine(place).forget()
    KeptEngine(place).forget()
    assert KeptEngine(place).read() == ""
    assert not place.exists()


def test_broken_file_counts_as_none(tmp_path: Path) -> None:
    place = tmp_path / "engine"
    place.write_bytes(b"\xff\xfe")
    assert KeptEngine(place).read() == ""
