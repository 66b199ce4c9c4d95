"""Files of a configuration on a real disk: changed whole, copied first, and never against the user."""

from pathlib import Path

import pytest

from app.desktop.configuration import ConfigurationText, Places, places, with_lines, without_lines
from app.desktop.service import BACKUP, ConfigurationRefused, change, existing, read_files
from app.hotkeys.compositor_lines import Compositor

LINES = ("riverctl map normal None F9 spawn 'kikipounamu key dictate press'",)
USERS = "#!/bin/sh\n# mine\n"


@pytest.fixture
def where(tmp_path: Path) -> Places:
    main = tmp_path / "init"
    main.write_text(USERS)
    main.chmod(0o755)
    found = places(Compositor.RIVER, main)
    assert found is not None
    return found


def test_lines_are_written_beside_a_copy_and_removed_again(where: Places) -> None:
    before = read_files(where)
    assert before == ConfigurationText(USERS)
    change(where, before, with_lines(before, where, LINES))
    written = read_files(where)
    assert where.include in written.main and LINES[0] in (written.own or "")
    assert where.main.with_name(f"init{BACKUP}").read_text() == USERS
    assert where.main.stat().st_mode & 0o777 == 0o755
    change(where, written, without_lines(written, where))
    assert read_files(where) == ConfigurationText(USERS) and not where.own.exists()
    assert sorted(place.name for place in where.main.parent.iterdir()) == ["init", f"init{BACKUP}"]


def test_link_to_the_users_file_stays_a_link(where: Places, tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles" / "init"
    kept.parent.mkdir()
    where.main.rename(kept)
    where.main.symlink_to(kept)
    before = read_files(where)
    change(where, before, with_lines(before, where, LINES))
    assert where.main.is_symlink() and where.include in kept.read_text()


def test_changed_file_is_left_alone(where: Places) -> None:
    before = read_files(where)
    where.main.write_text(USERS + "# edited meanwhile\n")
    with pytest.raises(ConfigurationRefused, match="meanwhile"):
        change(where, before, with_lines(before, where, LINES))
    assert where.main.read_text() == USERS + "# edited meanwhile\n" and not where.own.exists()


def test_unreadable_files_are_refused(where: Places) -> None:
    where.main.write_bytes(b"\xff")
    with pytest.raises(ConfigurationRefused, match="UTF-8") as refused:
        read_files(where)
    assert refused.value.note is not None
    where.main.write_bytes(b"x" * (1 << 21))
    with pytest.raises(ConfigurationRefused, match="large"):
        read_files(where)
    where.main.unlink()
    with pytest.raises(ConfigurationRefused):
        read_files(where)


def test_folder_in_the_place_of_our_file_is_refused(where: Places) -> None:
    where.own.mkdir()
    with pytest.raises(ConfigurationRefused):
        read_files(where)


def test_first_existing_file_is_the_users(where: Places) -> None:
    assert existing((where.own, where.main)) == where.main
    assert existing((where.own,)) is None
