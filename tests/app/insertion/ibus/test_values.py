"""Values as IBus serialises them."""

import pytest

from app.bus.connection import Variant
from app.insertion.ibus.values import component_value, engine_name, is_plain_layout, text_in, text_value


def test_text_has_the_form_of_an_ibus_text() -> None:
    value = text_value("你好")
    assert value.signature == "(sa{sv}sv)"
    assert value.value[0] == "IBusText"
    assert text_in(value.value) == "你好"


def test_component_has_one_engine_that_keeps_the_keyboard_layout() -> None:
    value = component_value()
    (engine,) = value.value[-1]
    assert value.signature == "(sa{sv}ssssssssavav)"
    assert engine.signature == "(sa{sv}ssssssssussssssss)"
    assert engine_name(engine.value) == "kikipounamu"
    assert engine.value[9] == "default"
    assert Variant("v", value).signature == "v"


@pytest.mark.parametrize("value", [None, "", (), ("IBusText",), ("IBusText", {}, 1), ("IBusProperty", {}, "x"), 7])
def test_other_values_are_empty(value: object) -> None:
    assert text_in(value) == ""
    assert engine_name(value) == ""


def test_keyboard_layouts_are_known_by_their_names() -> None:
    assert is_plain_layout("xkb:us::eng")
    assert not is_plain_layout("libpinyin")
