import hashlib
from pathlib import Path

from scripts.release import checksums


def test_checksums_cover_every_file_but_themselves(tmp_path: Path) -> None:
    (tmp_path / "apt").mkdir()
    (tmp_path / "apt" / "Release").write_bytes(b"b")
    (tmp_path / "a.whl").write_bytes(b"a")
    checksums.build(tmp_path, tmp_path, "0.1.0")
    (made,) = checksums.build(tmp_path, tmp_path, "0.1.0")
    expected = ((b"a", "a.whl"), (b"b", "apt/Release"))
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}" for data, name in expected]
    assert made.read_text().splitlines() == lines
