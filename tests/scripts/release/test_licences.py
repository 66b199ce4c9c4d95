"""Packages carry the licence of each component, and none of what a stand-in replaces."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from app.diagnostics.report.licences import licences
from app.diagnostics.report.view import ComponentKind
from scripts.release.errors import ReleaseRefused
from scripts.release.licences import build, check_allowed, main, owners, write_licences, write_system_licences
from tests.helpers.packages import require

TABLE = "# Licences\n\n| component | version | licence |\n|---|---|---|\n| async-timeout | 5.0.1 | {} |\n"


def test_each_component_has_a_row_and_a_text(tmp_path: Path) -> None:
    written = write_licences(tmp_path)
    table = written[0].read_text()
    carried = [one for one in licences() if one.kind is not ComponentKind.MODEL]
    for one in carried:
        assert (f"| {one.name} | {one.version} |" in table) == (one.name not in {"x264", "x265"})
    assert all(path.stat().st_size > 100 for path in written)
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in (tmp_path / "FFmpeg.txt").read_text()


def test_archive_has_the_texts_of_the_full_folder_and_is_the_same_each_time(tmp_path: Path) -> None:
    require(("zstd",))
    with pytest.raises(ReleaseRefused, match="no self-contained folder"):
        build(tmp_path, tmp_path, "1.0")
    texts = tmp_path / "kikipounamu" / "licences" / "system"
    texts.mkdir(parents=True)
    (texts / "zlib1g.txt").write_text("zlib")
    (texts.parent / "README.md").write_text(TABLE.format("Apache 2"))
    archive = tmp_path / "kikipounamu-1.0-linux-x86_64.tar.zst"
    subprocess.run(["tar", "--zstd", "-cf", archive, "-C", tmp_path, "kikipounamu"], check=True)
    (first,) = build(tmp_path, tmp_path, "1.0")
    content = first.read_bytes()
    (again,) = build(tmp_path, tmp_path, "1.0")
    assert again.read_bytes() == content
    assert zipfile.ZipFile(again).namelist() == ["licences/README.md", "licences/system/zlib1g.txt"]


def test_library_that_only_the_folder_has_needs_an_allowed_licence_too() -> None:
    check_allowed(TABLE.format("Apache 2"))
    with pytest.raises(ReleaseRefused, match=r"async-timeout: 'GPL-3\.0-only' is not allowed"):
        check_allowed(TABLE.format("GPL-3.0-only"))


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="another operating system than Debian")
def test_system_libraries_bring_the_copyright_of_their_package(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "libz.so.1").touch()
    (bundle / "libsomething-else.so.1").touch()
    assert "zlib1g" in set(owners(["libz.so.1"]))
    assert main([str(tmp_path / "texts"), "--bundle", str(bundle)]) == 0
    (text,) = write_system_licences(bundle, tmp_path / "again")
    assert text.name == "zlib1g.txt" and (tmp_path / "texts" / "system" / text.name).exists()
