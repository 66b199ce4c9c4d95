import errno
import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from backend.core import private_files
from backend.core.private_files import create_once, open_or_make, replace_file
from runtime.locking import try_lock
from tests.helpers.tmpfs import fill, small_disk


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_create_once_keeps_the_first_content(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "secret"
    assert create_once(file, lambda: b"first") == create_once(file, lambda: b"second") == b"first"
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)


def test_create_once_returns_same_content_to_concurrent_callers(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    with ThreadPoolExecutor(8) as several:
        contents = set(several.map(lambda _: create_once(file, lambda: uuid4().bytes), range(64)))
    assert len(contents) == 1
    assert list(tmp_path.iterdir()) == [file]


def no_link(temporary: str, file: Path) -> None:
    """Refuse a hard link like FAT and exFAT."""
    raise PermissionError(errno.EPERM, "Operation not permitted", temporary, None, str(file))


def test_create_once_returns_same_content_when_the_file_system_has_no_links(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    with ThreadPoolExecutor(8) as several:
        contents = set(several.map(lambda _: create_once(file, lambda: uuid4().bytes, no_link), range(64)))
    assert len(contents) == 1 and mode(file) == 0o600
    assert {place.name for place in tmp_path.iterdir()} == {"secret", ".secret.lock"}


def test_create_once_raises_other_errors_of_a_link(tmp_path: Path) -> None:
    def refuse(temporary: str, file: Path) -> None:
        raise OSError(errno.EIO, "Input/output error", temporary, None, str(file))

    with pytest.raises(OSError, match="Input/output error"):
        create_once(tmp_path / "secret", lambda: b"first", refuse)
    assert list(tmp_path.iterdir()) == []


def test_create_once_gives_up_on_a_creator_that_does_not_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_files, "_LOCK_S", 0.05)
    lock = open_or_make(tmp_path / ".secret.lock")
    assert try_lock(lock)
    with pytest.raises(TimeoutError, match="another process creates it"):
        create_once(tmp_path / "secret", lambda: b"first", no_link)
    os.close(lock)
    assert create_once(tmp_path / "secret", lambda: b"first", no_link) == b"first"


def test_full_disk_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        (disk / "old").write_bytes(b"old")
        fill(disk)
        with pytest.raises(OSError, match="No space left") as full:
            replace_file(disk / "old", bytes(100_000))
        assert full.value.filename == str(disk / "old")
        assert (disk / "old").read_bytes() == b"old" and len(list(disk.iterdir())) == 2


def test_replace_file_replaces_whole_content(tmp_path: Path) -> None:
    file = tmp_path / "list"
    replace_file(file, b"a" * 100)
    replace_file(file, b"b")
    assert (file.read_bytes(), mode(file)) == (b"b", 0o600)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: folders are synced")
def test_replaced_file_survives_a_power_loss_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []
    replace_file(tmp_path / "list", b"a")
    monkeypatch.setattr(os, "fsync", lambda _: synced.append((tmp_path / "list").read_bytes()))
    replace_file(tmp_path / "list", b"b")
    assert synced == [b"a", b"b"]


def test_failed_replacement_leaves_no_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "list").mkdir()
    with pytest.raises(OSError):
        replace_file(tmp_path / "list", b"a")
    assert [path.name for path in tmp_path.iterdir()] == ["list"]


def test_failed_creation_leaves_no_file(tmp_path: Path) -> None:
    def fail() -> bytes:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        create_once(tmp_path / "secret", fail)
    assert list(tmp_path.iterdir()) == []


# -- owners -----------------------------------------------------------------------------------------------

as_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs root to give files away")


def owner_and_group(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_uid, found.st_gid


@as_root
def test_replacement_by_root_keeps_owner(tmp_path: Path) -> None:
    file = tmp_path / "list"
    replace_file(file, b"a")
    os.chown(file, 4_711, 4_712)
    replace_file(file, b"b")
    assert (file.read_bytes(), owner_and_group(file), mode(file)) == (b"b", (4_711, 4_712), 0o600)
    assert owner_and_group(tmp_path) == (os.geteuid(), os.getegid())


@as_root
def test_file_made_by_root_gets_owner_of_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, 4_711, 4_712)
    replace_file(folder / "list", b"a")
    create_once(folder / "secret", lambda: b"a")
    os.close(open_or_make(folder / "lock"))
    assert {owner_and_group(folder / name) for name in ("list", "secret", "lock")} == {(4_711, 4_712)}


@as_root
def test_root_never_changes_owner_of_existing_files(tmp_path: Path) -> None:
    folder, precious = tmp_path / "data", tmp_path / "precious"
    folder.mkdir()
    precious.write_bytes(b"a")
    os.chown(folder, 4_711, 4_712)
    (folder / "hard").hardlink_to(precious)
    (folder / "soft").symlink_to(precious)
    os.close(open_or_make(folder / "hard"))
    with pytest.raises(OSError):
        open_or_make(folder / "soft")
    replace_file(folder / "soft", b"b")
    assert (precious.read_bytes(), owner_and_group(precious)) == (b"a", (os.geteuid(), os.getegid()))


def test_lock_file_is_made_once_and_opened_again(tmp_path: Path) -> None:
    lock = tmp_path / "deep" / "lock"
    opened = [open_or_make(lock) for _ in range(2)]
    assert os.path.sameopenfile(*opened) and mode(lock) == 0o600
    for descriptor in opened:
        os.close(descriptor)
