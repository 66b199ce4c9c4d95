"""Lines for compositors: their words, and the keys that get none."""

import pytest

from app.hotkeys.compositor_lines import Compositor, lines

KEYS = {"dictate": "f9", "paste-held": "ctrl+alt+v", "cancel": ""}
PROGRAM = "/home/me/bin/kikipounamu"


@pytest.mark.parametrize(
    ("compositor", "expected"),
    [
        (
            Compositor.SWAY,
            (
                "bindsym --to-code --no-repeat F9 exec /home/me/bin/kikipounamu key dictate press",
                "bindsym --to-code --release F9 exec /home/me/bin/kikipounamu key dictate release",
                "bindsym --to-code --no-repeat Ctrl+Mod1+v exec /home/me/bin/kikipounamu key paste-held press",
                "bindsym --to-code --release Ctrl+Mod1+v exec /home/me/bin/kikipounamu key paste-held release",
            ),
        ),
        (
            Compositor.HYPRLAND,
            (
                "bind = , F9, exec, /home/me/bin/kikipounamu key dictate press",
                "bindr = , F9, exec, /home/me/bin/kikipounamu key dictate release",
                "bind = CTRL ALT, v, exec, /home/me/bin/kikipounamu key paste-held press",
                "bindr = CTRL ALT, v, exec, /home/me/bin/kikipounamu key paste-held release",
            ),
        ),
        (
            Compositor.NIRI,
            (
                'F9 repeat=false { spawn "/home/me/bin/kikipounamu" "key" "dictate" "tap"; }',
                'Ctrl+Alt+v repeat=false { spawn "/home/me/bin/kikipounamu" "key" "paste-held" "tap"; }',
            ),
        ),
        (
            Compositor.LABWC,
            (
                '<keybind key="F9" onRelease="yes"><action name="Execute" '
                'command="/home/me/bin/kikipounamu key dictate tap"/></keybind>',
                '<keybind key="C-A-v" onRelease="yes"><action name="Execute" '
                'command="/home/me/bin/kikipounamu key paste-held tap"/></keybind>',
            ),
        ),
        (
            Compositor.RIVER,
            (
                "riverctl map normal None F9 spawn '/home/me/bin/kikipounamu key dictate press'",
                "riverctl map -release normal None F9 spawn '/home/me/bin/kikipounamu key dictate release'",
                "riverctl map normal Control+Alt v spawn '/home/me/bin/kikipounamu key paste-held press'",
                "riverctl map -release normal Control+Alt v spawn "
                "'/home/me/bin/kikipounamu key paste-held release'",
            ),
        ),
    ],
)
def test_lines_bind_each_key(compositor: Compositor, expected: tuple[str, ...]) -> None:
    found = lines(compositor, KEYS, PROGRAM)
    assert found.lines == expected and not found.missing
    assert compositor.reports_releases == any(line.rstrip("'").endswith(" release") for line in found.lines)


@pytest.mark.parametrize("compositor", Compositor)
def test_keys_that_would_disturb_get_no_line(compositor: Compositor) -> None:
    found = lines(
        compositor, {"dictate": "right_ctrl", "cancel": "esc", "paste-held": "kia ora"}, PROGRAM, often="cancel"
    )
    missing = {"dictate": "lone", "cancel": "everywhere", "paste-held": "unknown"}
    assert (found.lines, found.missing) == ((), missing)
    assert lines(compositor, {"cancel": "shift+super+esc"}, PROGRAM, often="cancel").lines
