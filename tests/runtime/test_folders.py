import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from runtime.folders import fits_socket, folders, folders_below, is_refused, lost_link, private_folder, refusal
from tests.helpers.tmpfs import fill, small_disk


def test_home_variable_moves_all_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KIKIPOUNAMU_MODELS", raising=False)
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    places = folders()
    for place in (
        places.config,
        places.data,
        places.cache,
        places.logs,
        places.runtime,
        places.models,
        places.broker,
    ):
        assert place.is_relative_to(tmp_path)
        assert not place.exists()


def test_folders_below_a_home_equal_those_of_the_home_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    assert folders_below(tmp_path) == folders()


def test_models_variable_moves_the_models_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(tmp_path))
    assert folders().models == tmp_path


@pytest.mark.skipif(os.name != "posix", reason="needs Linux or macOS: their runtime folders")
def test_runtime_folder_without_login_session_is_private(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KIKIPOUNAMU_HOME", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")
    assert folders().runtime.name == f"kikipounamu-{os.getuid()}"
    assert folders().runtime.parent.is_dir()


@pytest.mark.skipif(os.name != "posix", reason="needs Linux or macOS: their runtime folders")
def test_relative_runtime_folder_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KIKIPOUNAMU_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "run")
    Path("run").mkdir()
    assert folders().runtime.name == f"kikipounamu-{os.getuid()}"


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: a small disk")
def test_runtime_folder_stays_where_it_is_while_its_disk_is_full(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("KIKIPOUNAMU_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", None)  # as in a program that starts now
    with small_disk(tmp_path / "tmp") as disk:
        monkeypatch.setenv("TMPDIR", str(disk))
        fill(disk)
        assert folders().runtime.parent == disk


@pytest.mark.skipif(os.name != "posix", reason="needs Linux or macOS: their runtime folders")
def test_runtime_folder_is_the_same_in_each_current_folder_when_nothing_temporary_can_be_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("KIKIPOUNAMU_HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))  # what tempfile then takes: the current folder
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.chdir(tmp_path)
    assert folders().runtime.is_relative_to(tmp_path / "me")


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="needs root: gives folders away")
def test_sockets_are_in_no_folder_of_another_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KIKIPOUNAMU_HOME", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    usual = folders().runtime
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / ("a" * 120)))
    short = folders().broker_socket.parent
    assert usual.parent == short.parent == tmp_path
    for taken in (usual, short):
        taken.mkdir()
        os.chown(taken, 12345, 12345)
    assert folders().broker_socket.parent not in (short, usual)
    monkeypatch.delenv("KIKIPOUNAMU_HOME")
    assert folders().runtime not in (short, usual) and folders().runtime.name == usual.name


@pytest.mark.skipif(os.name != "posix", reason="needs Linux or macOS: symbolic links")
def test_sockets_are_in_no_folder_behind_a_link(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KIKIPOUNAMU_HOME", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (linked := folders().runtime).symlink_to(tmp_path)
    assert folders().runtime.parent != linked.parent


def test_long_socket_path_gets_a_short_unique_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = set()
    for folder in (tmp_path / ("a" * 120), tmp_path / ("b" * 120)):
        monkeypatch.setenv("KIKIPOUNAMU_HOME", str(folder))
        names |= {folders().broker_socket, folders().control_socket}
    assert len(names) == 4 and all(fits_socket(name) for name in names)


@pytest.mark.parametrize(("platform", "longest"), [("linux", 107), ("darwin", 103)])
def test_socket_path_has_the_limit_of_the_system(
    monkeypatch: pytest.MonkeyPatch, platform: str, longest: int
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert fits_socket(Path("a" * longest)) and not fits_socket(Path("a" * (longest + 1)))


@pytest.mark.skipif(os.name != "posix", reason="needs Linux or macOS: modes of folders")
def test_private_folder_is_tightened_to_its_owner(tmp_path: Path) -> None:
    wide = tmp_path / "wide"
    wide.mkdir(mode=0o755)
    for folder in (wide, tmp_path / "new" / "deep"):
        assert stat.S_IMODE(private_folder(folder).stat().st_mode) == 0o700


@pytest.mark.skipif(os.name != "posix", reason="needs Linux or macOS: owners of folders")
def test_symlink_in_place_of_private_folder_is_refused_where_others_can_write(tmp_path: Path) -> None:
    shared = tmp_path / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    (tmp_path / "theirs").mkdir()
    (shared / "ours").symlink_to(tmp_path / "theirs")
    with pytest.raises(PermissionError, match="another user"):
        private_folder(shared / "ours")
    shared.chmod(0o700)
    private_folder(shared / "ours")


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="needs root: gives a folder away")
def test_private_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "tmp"
    (shared / "ours").mkdir(parents=True)
    shared.chmod(0o1777)
    private_folder(shared / "ours")
    os.chown(shared / "ours", 12345, 12345)
    with pytest.raises(PermissionError, match="another user"):
        private_folder(shared / "ours")


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EROFS, "make its disk writable, or set KIKIPOUNAMU_HOME"),
        (errno.EACCES, "give this user access, or set KIKIPOUNAMU_HOME"),
        (errno.ENOSPC, "free some space there"),
        (errno.EISDIR, "move away what is in the place of the file, or set KIKIPOUNAMU_HOME"),
        (errno.EMFILE, "end the program and start it again, or allow it more open files (ulimit -n)"),
        (errno.ENFILE, "end other programs, or allow the system more open files (sysctl fs.file-max)"),
        (errno.ELOOP, "remove the symbolic link that leads back to itself, or set KIKIPOUNAMU_HOME"),
        (errno.ENOTCONN, "mount its disk again, or set KIKIPOUNAMU_HOME"),
        (errno.ESTALE, "mount its disk again, or set KIKIPOUNAMU_HOME"),
        (errno.EAGAIN, "end other programs, or allow this user more of them (ulimit -u)"),
        (errno.ENOMEM, "end other programs, or allow this one more memory (ulimit -v)"),
        (errno.EIO, "check that folder and its disk, or set KIKIPOUNAMU_HOME"),
    ],
)
def test_refusal_names_place_reason_and_remedy(number: int, advice: str) -> None:
    error = OSError(number, os.strerror(number), "/home/me/x")
    assert refusal(error).startswith(f"/home/me/x cannot be used ({os.strerror(number)}): {advice}")
    assert is_refused(error) is (number != errno.EIO)
    assert refusal(OSError(number, "why"), Path("/y")).startswith("/y cannot be used (why)")


def test_refusal_of_a_new_name_names_it_and_not_the_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "new").touch()
    (tmp_path / "there").mkdir()
    with pytest.raises(IsADirectoryError) as refused:
        os.replace(tmp_path / "new", tmp_path / "there")
    assert refusal(refused.value).startswith(f"{tmp_path}/there cannot be used")


def test_refusal_of_a_link_to_a_missing_disk_asks_to_mount_it(tmp_path: Path) -> None:
    (link := tmp_path / "data").symlink_to("/media/missing-disk/kikipounamu")
    with pytest.raises(FileExistsError) as refused:
        private_folder(link / "takes")
    assert refusal(refused.value) == (
        f"{link} cannot be used (it is a link to /media/missing-disk/kikipounamu, which does not exist): "
        "mount the disk of that folder, or remove the link"
    )


def test_only_a_link_without_a_target_is_lost(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (link := tmp_path / "data").symlink_to(tmp_path / "there")
    assert lost_link(link / "takes") is None
    (tmp_path / "there").rmdir()
    assert lost_link(link / "takes") == lost_link(link) == link


def test_error_without_a_file_is_no_refusal() -> None:
    assert not is_refused(OSError(errno.ENOSPC, "full")) and not is_refused(ValueError("x"))
    assert refusal(PermissionError("/tmp/x belongs to another user: remove it")) == (
        "/tmp/x belongs to another user: remove it"
    )


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM])
def test_refusal_of_a_limit_names_the_remedy_without_a_file(number: int) -> None:
    assert refusal(OSError(number, "why")).startswith("why: end ")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a run-time folder of the session")
@pytest.mark.parametrize(
    ("variable", "known"), [("", False), ("XDG_RUNTIME_DIR", True), ("KIKIPOUNAMU_HOME", True)]
)
def test_session_is_known_when_its_folder_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, known: bool
) -> None:
    for name in ("XDG_RUNTIME_DIR", "KIKIPOUNAMU_HOME"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path))
    assert folders().knows_session is known
