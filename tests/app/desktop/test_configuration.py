"""Plans for the configuration of compositors: nothing of the user's is lost, and there is a way back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.desktop.configuration import (
    ConfigurationText,
    Places,
    difference,
    is_plain,
    places,
    usual_files,
    with_lines,
    without_lines,
)
from app.hotkeys.compositor_lines import Compositor

LINES = ("bindsym F9 exec kikipounamu key dictate tap",)
SWAY = Path("/home/me/.config/sway/config")
WHERE = places(Compositor.SWAY, SWAY)
assert WHERE is not None


def script() -> Places:
    where = places(Compositor.RIVER, Path("/home/me/.config/river/init"))
    assert where is not None
    return where


@pytest.mark.parametrize(
    ("compositor", "include"),
    [
        (Compositor.SWAY, "include /c/kikipounamu.conf"),
        (Compositor.HYPRLAND, "source = /c/kikipounamu.conf"),
        (Compositor.RIVER, "sh /c/kikipounamu.sh"),
        (Compositor.NIRI, ""),
        (Compositor.LABWC, ""),
    ],
)
def test_compositor_includes_a_file_of_ours_or_none(compositor: Compositor, include: str) -> None:
    where = places(compositor, Path("/c/main"))
    assert (where.include if where else "") == include
    assert places(compositor, Path("/a folder/main")) is None, "not every configuration can name it"


def test_usual_files_follow_the_environment() -> None:
    home = {"HOME": "/home/me"}
    assert usual_files(Compositor.SWAY, home) == (Path("/home/me/.sway/config"), SWAY)
    moved = home | {"XDG_CONFIG_HOME": "/elsewhere"}
    for compositor in Compositor:
        assert usual_files(compositor, moved)[-1].is_relative_to("/elsewhere")
        assert usual_files(compositor, home | {"XDG_CONFIG_HOME": "no/path"}) == usual_files(compositor, home)


@given(st.text())
def test_added_lines_can_be_removed_without_trace(text: str) -> None:
    assert WHERE is not None
    for where in (WHERE, script()):
        before = ConfigurationText(text)
        after = with_lines(before, where, LINES)
        assert with_lines(after, where, LINES) == after
        assert after.own is not None and LINES[0] in after.own.splitlines()
        back = without_lines(after, where).main
        assert back in (text, f"{text}\n") or where.include in text


def test_script_includes_our_file_before_it_hands_over() -> None:
    after = with_lines(ConfigurationText("#!/bin/sh\nriverctl x\nexec rivertile\n"), script(), LINES)
    assert after.main.index("kikipounamu.sh") < after.main.index("exec rivertile")


def test_lines_stand_before_the_end_of_a_script() -> None:
    before = "#!/bin/sh\nif false; then\n    exit 1\nfi\nriverctl x\nexit 0\n"
    after = with_lines(ConfigurationText(before), script(), LINES)
    assert after.main.index("riverctl x") < after.main.index("kikipounamu.sh") < after.main.index("exit 0")


def test_difference_names_both_files_and_only_changes() -> None:
    assert WHERE is not None
    before = ConfigurationText("a\nb\nc\nd\n")
    after = with_lines(before, WHERE, LINES)
    shown = difference(before, after, WHERE).splitlines()
    assert f"+++ {SWAY}" in shown and f"+++ {WHERE.own}" in shown
    assert f"+{WHERE.include}" in shown and f"+{LINES[0]}" in shown and " a" not in shown
    assert difference(after, after, WHERE) == ""
    assert f"-{LINES[0]}" in difference(after, without_lines(after, WHERE), WHERE)


def test_plain_paths_are_those_without_special_characters() -> None:
    assert is_plain("/home/me/.venv-run/bin/kikipounamu") and is_plain("/home/李/bin")
    assert not any(map(is_plain, ("/a b", "/a$b", "/a;b", "/a'b", '/a"b', "/a,b", "/a#b", "", "/a\nb")))
