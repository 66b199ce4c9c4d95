import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import nullcontext
from math import inf
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Note
from app.journal.retention import RetentionLimits
from app.settings.current import limits_now
from app.settings.errors import BadSetting, SettingsNotKept, SettingsUnreadable
from app.settings.file import SettingsFile, line_of, parse_settings, with_setting
from app.settings.schema import all_settings, change_setting
from app.settings.sections import ChangeSetting, Settings
from tests.helpers.tmpfs import fill, read_only, small_disk
from tests.helpers.waiting import wait_until

TEXT = """\
# mine
[general]
language = "zh"   # at home
volume = 11       # of a later version

[plugins]
x = { deep = [1, 2] }
"""

VALUES: dict[str, list[Any]] = {
    "general.language": ["en", "zh"],
    "general.sounds": [True, False],
    "audio.microphone": ["", "desk", 'with "quotes" and \\', "麦克风"],
    "hotkeys.dictate": ["", "f9", "ctrl+alt+d"],
    "hotkeys.mode": ["hold", "hands-free"],
    "recognition.languages": [[], ["system", "zh"]],
    "recognition.hotwords": [[], ["pounamu", "翡翠 x"]],
    "insertion.newline": ["space", "return"],
    "recognition.replacements": [
        [],
        [{"hears": "um", "writes": ""}],
        [{"hears": 'a "b" \\', "writes": "\n", "match_case": True}, {"hears": "翡翠", "writes": "绿"}],
    ],
    "insertion.programs": [[], [{"program": "slack", "newline": "space"}, {"program": "x", "hold": True}]],
    "worker.on": [True, False],
}


def test_change_keeps_comments_and_unknown_keys() -> None:
    text = with_setting(TEXT, "general.language", "en")
    assert text == TEXT.replace('"zh"', '"en"')
    text = with_setting(text, "hotkeys.dictate", "f9")
    assert text.startswith(TEXT.replace('"zh"', '"en"')) and parse_settings(text).settings.hotkeys.dictate == "f9"
    assert set(parse_settings(text).unknown) == {"general.volume", "plugins"}


CHANGES = st.lists(
    st.sampled_from([(name, value) for name, values in VALUES.items() for value in values]), max_size=12
)
UNKNOWN = st.dictionaries(
    st.from_regex(r"[a-z]{1,6}_x", fullmatch=True), st.integers() | st.text(max_size=8) | st.booleans(), max_size=4
)


@given(CHANGES, UNKNOWN)
def test_written_settings_are_read_again_and_unknown_keys_survive(
    changes: list[tuple[str, Any]], unknown: dict[str, Any]
) -> None:
    text = tomlkit.dumps({**unknown, "general": dict(unknown), "later": dict(unknown)})
    wanted = Settings()
    for name, value in changes:
        wanted = change_setting(wanted, name, value)
        text = with_setting(text, name, all_settings()[name].value(value))
    reading = parse_settings(text)
    assert reading.settings == wanted and not reading.problems and not reading.broken
    document = tomlkit.parse(text).unwrap()
    for place in (document, document["general"], document["later"]):
        assert unknown.items() <= place.items()


@pytest.mark.parametrize(
    "text",
    [
        'general.language = "zh"\n',
        'general = { language = "zh" }\n',
        '[general]\r\nlanguage = "zh"\r\n',
        '["general"]\n"language" = "zh"\n',
        'x = 1\n[general]\nlanguage = "zh"\n[z]\n[general.sub]\ny = 1\n',
    ],
)
def test_settings_can_be_changed_in_other_toml_forms(text: str) -> None:
    assert parse_settings(text).settings.general.language == "zh"
    new = with_setting(text, "general.language", "en")
    assert (
        parse_settings(new).settings.general.language == "en"
        and parse_settings(new).unknown == parse_settings(text).unknown
    )
    assert parse_settings(with_setting(text, "general.sounds", False)).settings.general.sounds is False
    reset = with_setting(text, "general.language", None)
    assert (
        "language" not in reset
        and parse_settings(reset).unknown == parse_settings(text).unknown
        and not parse_settings(reset).problems
    )


@given(st.text(max_size=80))
def test_any_text_gives_settings_or_a_broken_file(text: str) -> None:
    reading = parse_settings(text)
    assert isinstance(reading.settings, Settings)
    assert reading.broken is None or "mend it" in str(reading.broken)


ROWS = """\
[insertion] # mine
newline = "space"

[[insertion.programs]]
program = "slack"   # at work
strategy = "type"

# to be removed
[[insertion.programs]]
program = "y"

# how long
[history]
days = 3
"""


def test_unchanged_rows_and_surroundings_keep_their_comments() -> None:
    slack: dict[str, Any] = {"program": "slack", "strategy": "type"}
    name = "insertion.programs"
    new = with_setting(ROWS, name, all_settings()[name].value([slack, {"program": "z"}]))
    assert new == ROWS.replace('[[insertion.programs]]\nprogram = "y"', '\n[[insertion.programs]]\nprogram = "z"')
    gone = with_setting(ROWS, name, all_settings()[name].value([]))
    assert "# mine" in gone and "# how long\n[history]" in gone and name not in gone
    assert parse_settings(gone).settings.insertion.programs == ()


def test_invalid_row_is_reported_with_its_line_and_left_out() -> None:
    text = ROWS.replace('"y"', '"Slack.exe"').replace("days = 3", "days = -3")
    reading = parse_settings(text)
    assert [(error.name, error.row, error.line) for error in reading.problems] == [
        ("insertion.programs", 2, 9),
        ("history.days", None, 14),
    ]
    assert "the row is left out" in str(reading.problems[0])
    assert [rule.program for rule in reading.settings.insertion.programs] == ["slack"]
    assert line_of(text, "insertion.strategy") is None  # the key belongs to a row


def test_invalid_setting_is_reported_with_its_line() -> None:
    reading = parse_settings('[hotkeys]\nmode = "shout"\n\n[general]\nsounds = 3\n')
    assert [(error.name, error.line) for error in reading.problems] == [("general.sounds", 5), ("hotkeys.mode", 2)]
    says = "hotkeys.mode (line 2): invalid value 'shout': expected hold, toggle, hybrid, hands-free"
    assert str(reading.problems[1]) == f"{says}; the default is used"
    broken = parse_settings('[general]\nlanguage = "zh\n').broken
    assert broken is not None and "line 2" in str(broken)
    assert broken.note == Note("settings-no-toml", {"line": "2"})


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[a]\n[ b ]\n c = 1", 3),
        ("x = 1\nb.c = 1", 2),
        ('\n["b"]\n"c"=1', 3),
        ("b = { c = 1 }", 1),
        ("[b.c]", None),
    ],
)
def test_line_of_finds_the_line_of_a_setting(text: str, line: int | None) -> None:
    assert line_of(text, "b.c") == line


# -- on disk -----------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.toml"


@pytest.fixture
async def file(place: Path) -> AsyncIterator[SettingsFile]:
    async with SettingsFile(place, check_s=0.02) as file:
        yield file


def put(place: Path, text: str | bytes | None) -> None:
    """Write or remove the file as another program would."""
    place.parent.mkdir(exist_ok=True)
    if text is None:
        place.unlink()
    else:
        place.write_bytes(text.encode() if isinstance(text, str) else text)


def link(place: Path, to: Path) -> None:
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(to)


def there(place: Path) -> bool:
    return place.exists()


def text_of(place: Path) -> str:
    return place.read_text(encoding="utf-8")


def mode_of(place: Path) -> int:
    return stat.S_IMODE(place.stat().st_mode)


async def test_defaults_apply_without_a_file_and_no_file_is_created(file: SettingsFile, place: Path) -> None:
    assert file.current == Settings() and file.problems == ()
    assert not there(place)


async def test_change_takes_effect_notifies_subscribers_and_is_written(file: SettingsFile, place: Path) -> None:
    received: list[tuple[Settings, Settings]] = []
    end = file.subscribe(lambda old, new: received.append((old, new)))
    await file.apply(ChangeSetting("hotkeys.mode", "hold"))
    assert file.current.hotkeys.mode == "hold"
    assert received == [(Settings(), file.current)]
    if sys.platform != "win32":
        assert mode_of(place) == 0o600
    end()
    await file.apply(ChangeSetting("worker.on", False))
    assert len(received) == 1
    async with SettingsFile(place) as other:
        assert other.current == file.current and other.current.hotkeys.mode == "hold"


async def test_reset_setting_is_not_in_the_file_any_more(file: SettingsFile, place: Path) -> None:
    """Otherwise the default of a later version would not apply."""
    rows: tuple[dict[str, Any], ...] = ({"hears": "um", "writes": ""},)
    written_before = {"recognition.replacements": rows, "recognition.hotwords": "pounamu", "worker.on": False}
    await file.apply(ChangeSetting("general.language", "zh"))
    for name, value in written_before.items():
        await file.apply(ChangeSetting(name, value))  # type: ignore[arg-type] # one value of each kind
    for name in written_before:
        await file.apply(ChangeSetting(name, None))
    assert file.current == change_setting(Settings(), "general.language", "zh")
    assert tomlkit.parse(text_of(place)).unwrap() == {
        "general": {"language": "zh"},
        "recognition": {},
        "worker": {},
    }
    await file.apply(ChangeSetting("history.days", None))
    assert "history" not in text_of(place)


async def test_change_on_disk_is_noticed(file: SettingsFile, place: Path) -> None:
    received: list[Settings] = []
    file.subscribe(lambda old, new: received.append(new))
    put(place, '[general]\nlanguage = "zh"\n')
    await wait_until(lambda: received, "it is reported")
    assert received[-1].general.language == "zh"
    put(place, None)
    await wait_until(lambda: file.current == Settings(), "the defaults are back")


async def test_change_on_disk_is_noticed_after_a_subscriber_failed(file: SettingsFile, place: Path) -> None:
    seen = list[str]()

    def fails_once(old: Settings, new: Settings) -> None:
        seen.append(new.hotkeys.dictate)
        if len(seen) == 1:
            raise OSError("on purpose")

    file.subscribe(fails_once)
    for key in ("f9", "f10"):
        put(place, f'[hotkeys]\ndictate = "{key}"\n')
        await wait_until(lambda key=key: seen[-1:] == [key], "it is noticed")  # type: ignore[misc] # bound


async def test_change_in_the_app_and_change_on_disk_are_both_kept(file: SettingsFile, place: Path) -> None:
    put(place, TEXT)
    await file.apply(ChangeSetting("general.sounds", False))
    assert file.current.general.language == "zh" and not file.current.general.sounds
    text = text_of(place)
    assert "# mine" in text and "volume = 11" in text


async def test_invalid_change_has_no_effect(file: SettingsFile, place: Path) -> None:
    for name, value in (("hotkeys.mode", "shout"), ("hotkeys.shout", "x")):
        with pytest.raises(BadSetting):
            await file.apply(ChangeSetting(name, value))
    assert file.current == Settings() and not there(place)


async def test_default_applies_for_an_invalid_value_on_disk(file: SettingsFile, place: Path) -> None:
    received: list[Settings] = []
    file.subscribe(lambda old, new: received.append(new))
    put(place, '[hotkeys]\nmode = "shout"\ndictate = "f9"\n')
    await wait_until(lambda: file.problems, "the problem is known")
    assert file.current.hotkeys.dictate == "f9" and file.current.hotkeys.mode == "hybrid"
    assert "hotkeys.mode (line 2)" in str(file.problems[0]) and len(received) == 1
    await file.apply(ChangeSetting("hotkeys.mode", "hold"))
    assert file.problems == () and file.current.hotkeys.mode == "hold"


async def test_broken_file_is_kept_and_previous_settings_stay_in_effect(file: SettingsFile, place: Path) -> None:
    await file.apply(ChangeSetting("general.language", "zh"))
    put(place, "[general\n")
    await wait_until(lambda: file.problems, "the problem is known")
    assert isinstance(file.problems[0], SettingsUnreadable) and file.current.general.language == "zh"
    with pytest.raises(SettingsUnreadable, match="fix it before"):
        await file.apply(ChangeSetting("general.language", "en"))
    assert text_of(place) == "[general\n"
    put(place, "")
    await wait_until(lambda: file.problems == () and file.current == Settings(), "the file is fixed")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"# " + b"x" * (1 << 20)])
async def test_binary_or_oversized_file_is_reported(place: Path, content: bytes) -> None:
    put(place, content)
    async with SettingsFile(place) as file:
        assert isinstance(file.problems[0], SettingsUnreadable) and file.current == Settings()


def language(file: SettingsFile) -> str:
    return file.current.general.language


@pytest.mark.parametrize("trouble", ["read-only", "full"])
async def test_change_that_the_disk_refuses_has_no_effect(tmp_path: Path, trouble: str) -> None:
    with small_disk(tmp_path / "config") as disk:
        place = disk / "settings.toml"
        put(place, TEXT)
        async with SettingsFile(place) as file:
            ballast = fill(disk) if trouble == "full" else None
            refused = pytest.raises(SettingsNotKept, match="cannot be written: .*: free space or allow access")
            with nullcontext() if ballast else read_only(disk), refused:
                await file.apply(ChangeSetting("general.language", "en"))
            assert language(file) == "zh" and text_of(place) == TEXT
            if ballast:
                ballast.unlink()
            await file.apply(ChangeSetting("general.language", "en"))
            assert language(file) == "en"


async def test_file_in_the_place_of_the_folder_is_reported(tmp_path: Path) -> None:
    put(tmp_path / "config", "in the way")
    async with SettingsFile(tmp_path / "config" / "settings.toml") as file:
        with pytest.raises(SettingsUnreadable, match="Not a directory"):
            await file.apply(ChangeSetting("general.language", "zh"))
        assert file.current == Settings()


@pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: symbolic links")
async def test_settings_file_that_is_a_link_stays_a_link(file: SettingsFile, place: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "real.toml"
    put(real, TEXT)
    link(place, real)
    await file.apply(ChangeSetting("general.sounds", False))
    assert os.readlink(place) == str(real) and "sounds = false" in text_of(real)


async def test_concurrent_changes_are_all_kept(file: SettingsFile, place: Path) -> None:
    changes = [(name, values[-1]) for name, values in VALUES.items() if isinstance(values[-1], str | bool)]
    await asyncio.gather(*(file.apply(ChangeSetting(name, value)) for name, value in changes))
    async with SettingsFile(place) as other:
        for name, value in changes:
            assert all_settings()[name].of_settings(other.current) == value


@pytest.mark.parametrize("text", ["[history]\ndays = 'x'\n", "[history", b"\xff\xfe\x00", "history = 3"])
async def test_no_recording_expires_while_history_settings_are_unreadable(place: Path, text: str | bytes) -> None:
    put(place, text)
    async with SettingsFile(place) as file:
        assert file.limits == limits_now(place) == RetentionLimits(inf, inf)


async def test_retention_limits_follow_the_file(place: Path) -> None:
    assert limits_now(place) == RetentionLimits()
    put(place, "[history]\ndays = 0\nkeep = 5\n[general]\nlanguage = 'none'\n")
    async with SettingsFile(place) as file:
        assert file.limits == limits_now(place) == RetentionLimits(inf, RetentionLimits().size, 5)
