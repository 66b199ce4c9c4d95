from pathlib import Path

import pytest

from app.insertion.choose import has_input_method, open_inserter, text_copier, text_finder, text_reader
from app.insertion.errors import InsertionUnavailable
from app.insertion.helper.inserter import HelperInserter
from app.insertion.outcome import FocusKind, Target, TextSurroundings, find_nothing
from app.insertion.plan import Rules
from app.insertion.retried_inserter import RetriedInserter
from app.settings.sections import InsertionSection
from tests.helpers.desktop import Desktop
from tests.helpers.restricted_desktop import running_restricted
from tests.helpers.wayland_desktop import running_sway


async def test_x11_inserter_is_chosen_for_an_x11_display(screen: Desktop) -> None:
    environment = {"DISPLAY": screen.display, "XMODIFIERS": "@im=fcitx"}
    inserter = await open_inserter("linux", environment, None, Rules())
    assert isinstance(inserter, HelperInserter) and inserter.rules == Rules(input_method=True)
    await inserter.close()


async def test_insertion_is_tried_again_on_wayland() -> None:
    environment = {"XDG_SESSION_TYPE": "wayland", "DISPLAY": ":0"}
    inserter = await open_inserter("linux", environment, None, Rules())
    assert isinstance(inserter, RetriedInserter)
    await inserter.close()


async def test_wayland_inserter_is_chosen_where_the_compositor_offers_all_parts(tmp_path: Path) -> None:
    with running_sway(tmp_path) as desktop:
        inserter = await open_inserter("linux", desktop.environment, None, Rules(hold=True))
        assert isinstance(inserter, HelperInserter) and inserter.rules == Rules(hold=True)
        await inserter.close()


async def test_retried_inserter_says_what_the_compositor_lacks(tmp_path: Path) -> None:
    with running_restricted(tmp_path) as desktop:
        inserter = await open_inserter("linux", desktop.environment, None, Rules())
        assert isinstance(inserter, RetriedInserter) and "no clipboard" in inserter.reason
        await inserter.close()


@pytest.mark.parametrize(
    ("platform", "environment", "advice"),
    [
        ("linux", {}, "DISPLAY"),
        ("linux", {"DISPLAY": ":nowhere"}, "DISPLAY"),
        ("win32", {}, "with its windows"),
    ],
)
async def test_error_says_what_to_do_when_insertion_is_unavailable(
    platform: str, environment: dict[str, str], advice: str
) -> None:
    with pytest.raises(InsertionUnavailable, match=advice):
        await open_inserter(platform, environment, None, Rules())


@pytest.mark.parametrize(
    ("platform", "environment", "finds"),
    [
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, False),
        ("linux", {}, False),
        ("win32", {"DISPLAY": ":0"}, False),
    ],
)
def test_text_is_looked_for_on_x11_only(platform: str, environment: dict[str, str], finds: bool) -> None:
    assert (text_finder(platform, environment) is not find_nothing) is finds


async def test_surroundings_are_unknown_without_a_session() -> None:
    assert await text_reader({}, InsertionSection)(Target(1)) is None


async def test_own_windows_are_read_without_the_bus_of_accessibility() -> None:
    found = TextSurroundings(FocusKind.FIELD, "kia ora")

    async def read(target: Target) -> TextSurroundings:
        return found

    read_around = text_reader({}, InsertionSection, read)
    assert (await read_around(Target(1, own=True)), await read_around(Target(1))) == (found, None)


@pytest.mark.parametrize(
    ("environment", "there"),
    [
        ({}, False),
        ({"XMODIFIERS": "@im=none", "QT_IM_MODULE": "compose", "GTK_IM_MODULE": "xim"}, False),
        ({"XMODIFIERS": "@im=ibus"}, True),
        ({"GTK_IM_MODULE": "fcitx"}, True),
        ({"QT_IM_MODULES": "wayland;fcitx"}, True),
    ],
)
def test_input_method_is_detected_by_environment_variables(environment: dict[str, str], there: bool) -> None:
    assert has_input_method(environment) is there


def test_window_copies_unless_the_session_runs_wayland() -> None:
    assert text_copier({"DISPLAY": ":0"}, None) is None
    assert text_copier({"WAYLAND_DISPLAY": "wayland-0"}, None) is not None
