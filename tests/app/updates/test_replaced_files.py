"""A program whose files were replaced or removed while it runs says so; one whose files are back does not."""

import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from app.core.errors import Note
from app.updates.replaced_files import NOTE, LoadedFiles, ReplacedFiles
from tests.helpers.waiting import wait_until

NAMES = ("main", "view")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text("VERSION = 1\n")
    return tmp_path


def module_in(folder: Path, name: str) -> tuple[str, ModuleType]:
    module = ModuleType(name)
    module.__file__ = str(folder / f"{name.rpartition('.')[2]}.py")
    return name, module


@pytest.fixture
def modules(folder: Path) -> dict[str, ModuleType]:
    return dict(module_in(folder, f"app.{name}") for name in NAMES)


def replace(folder: Path) -> None:
    """Write another file over a module, as pip does."""
    new = folder / "new"
    new.write_text("VERSION = 22\n")
    new.replace(folder / "view.py")


def rebuild(folder: Path) -> None:
    """Write a file of the same size at another time."""
    (folder / "view.py").write_text("VERSION = 2\n")
    os.utime(folder / "view.py", ns=(1, 1))


def remove(folder: Path) -> None:
    (folder / "view.py").unlink()


@pytest.mark.parametrize("change", [replace, rebuild, remove])
def test_change_of_a_loaded_file_is_noticed(
    folder: Path, modules: dict[str, ModuleType], change: Callable[[Path], None]
) -> None:
    files = LoadedFiles({"app"}, modules)
    assert (files.changed(), files.changed()) == (False, False)
    change(folder)
    assert (files.changed(), files.changed()) == (True, True)


def test_file_that_is_back_unchanged_is_no_change(folder: Path, modules: dict[str, ModuleType]) -> None:
    files = LoadedFiles({"app"}, modules)
    files.changed()
    folder.rename(folder.with_name("away"))
    assert files.changed()
    folder.with_name("away").rename(folder)
    assert not files.changed()


def test_change_of_another_package_is_ignored(folder: Path) -> None:
    files = LoadedFiles({"app"}, dict([module_in(folder, "application.view"), module_in(folder, "numpy.main")]))
    files.changed()
    replace(folder)
    assert not files.changed()


def test_module_that_is_imported_later_is_watched_too(folder: Path) -> None:
    modules = dict([module_in(folder, "app.main")])
    files = LoadedFiles({"app"}, modules)
    assert not files.changed()
    modules.update([module_in(folder, "app.view")])
    assert not files.changed()
    replace(folder)
    assert files.changed()


def test_modules_without_a_file_are_ignored() -> None:
    files = LoadedFiles({"app"}, {"app": ModuleType("app"), "app.frozen": ModuleType("app.frozen")})
    assert not files.changed()


class Lazy(ModuleType):
    """A module that imports another one when an attribute is read, like those of ``six.moves``."""

    def __getattr__(self, name: str) -> str:
        raise ImportError("its other module is not installed")


def test_modules_of_other_packages_are_asked_nothing(folder: Path, modules: dict[str, ModuleType]) -> None:
    files = LoadedFiles({"app"}, modules | {"other.lazy": Lazy("other.lazy")})
    assert not files.changed()
    replace(folder)
    assert files.changed()


async def test_unresponsive_disk_does_not_keep_the_program_from_ending(modules: dict[str, ModuleType]) -> None:
    class Files(LoadedFiles):
        """Files that note whether the end of the program would wait for the thread that reads them."""

        awaited: bool | None = None

        def changed(self) -> bool:
            self.awaited = not threading.current_thread().daemon
            return super().changed()

    files = Files({"app"}, modules)
    async with ReplacedFiles(lambda note: None, files):
        await wait_until(lambda: files.awaited is not None, "the files are read")
    assert files.awaited is False


async def test_change_is_reported_once_and_taken_back(folder: Path, modules: dict[str, ModuleType]) -> None:
    files, told = LoadedFiles({"app"}, modules), list[Note | None]()
    away, back = partial(folder.rename, folder.with_name("away")), partial(folder.with_name("away").rename, folder)
    files.changed()
    async with ReplacedFiles(told.append, files, every_s=0.01) as watch:
        away()
        await wait_until(lambda: watch.note == NOTE, "the change is noticed")
        back()
        await wait_until(lambda: watch.note is None, "the files are back")
    assert told == [NOTE, None]
