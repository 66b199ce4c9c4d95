"""The maintainer's list becomes an index that the app believes."""

import os
import stat
import tomllib
from pathlib import Path

import pytest

from app.updates.index import newest, read_index
from scripts.release.errors import ReleaseRefused
from scripts.release.signed_index import KEY_VARIABLE, build, main, public_key, read_key

ROOT = Path(__file__).resolve().parents[3]
VERSIONS = [row["version"] for row in tomllib.loads((ROOT / "packaging" / "versions.toml").read_text())["release"]]


@pytest.fixture
def private(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    place = tmp_path / "updates.pem"
    assert main([str(place)]) == 0
    assert public_key(read_key(place)) in capsys.readouterr().out
    return place


def test_key_is_private_and_never_overwritten(private: Path) -> None:
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    before = private.read_bytes()
    assert main([str(private)]) == 1 and private.read_bytes() == before


def test_key_inside_the_checkout_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    place = ROOT / "scripts" / "updates.pem"
    assert main([str(place)]) == 1 and not place.exists()
    assert "commit" in capsys.readouterr().err


def test_index_is_signed_by_all_keys(private: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "next.pem"
    assert main([str(other)]) == 0
    monkeypatch.setenv(KEY_VARIABLE, os.pathsep.join((str(private), str(other))))
    (made,) = build(ROOT, tmp_path, VERSIONS[-1])
    for key in (private, other):
        index = read_index(made.read_bytes(), [public_key(read_key(key))], 0)
        assert [release.version for release in index.releases] == VERSIONS
        assert all(release.says.keys() == {"en", "zh"} for release in index.releases)
        assert newest(index, "0.0.1") is not None


def test_index_is_left_out_without_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    assert build(ROOT, tmp_path, VERSIONS[-1]) == [] and not list(tmp_path.iterdir())


def test_version_without_an_entry_is_refused(
    private: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, str(private))
    with pytest.raises(ReleaseRefused, match="no entry for 77"):
        build(ROOT, tmp_path, "77.0.0")


def test_other_keys_are_refused(tmp_path: Path) -> None:
    place = tmp_path / "odd.pem"
    for content in (b"", b"-----BEGIN PRIVATE KEY-----"):
        place.write_bytes(content)
        with pytest.raises(ReleaseRefused, match="no private key"):
            read_key(place)
