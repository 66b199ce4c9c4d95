import errno
import os
from pathlib import Path

import pytest

from runtime.folders import refuses_sockets, socket_refusal
from tests.helpers.no_sockets import without_sockets


def test_disk_with_sockets_keeps_nothing_of_the_probe(tmp_path: Path) -> None:
    assert not refuses_sockets(tmp_path) and not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOSYS])
def test_disk_without_sockets_is_noticed(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_sockets(monkeypatch, number)
    assert refuses_sockets(tmp_path)


@pytest.mark.skipif(
    os.geteuid() != 0 or not os.access("/sys", os.W_OK), reason="needs root, and a /sys that is not read-only"
)
def test_file_system_of_the_kernel_without_sockets_is_noticed() -> None:
    assert refuses_sockets(Path("/sys"))


def test_folder_that_cannot_be_written_is_no_disk_without_sockets(tmp_path: Path) -> None:
    assert not refuses_sockets(tmp_path / "missing") and not refuses_sockets(tmp_path / ("long" * 60))


@pytest.mark.parametrize(("home", "named"), [("/mnt/stick", "KIKIPOUNAMU_HOME"), ("", "XDG_RUNTIME_DIR")])
def test_refusal_names_the_variable_that_moves_the_folder(
    home: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", home)
    assert f"set {named} to a folder on another disk" in socket_refusal(Path("/mnt/stick/run"))
