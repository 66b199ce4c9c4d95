from collections.abc import Sequence

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from app.settings.errors import BadSetting
from app.settings.file import Row, with_rows, with_setting

FORMS = [
    "[s]\n",
    "[s]\nx = 1 # one\n[z]\ny = 2\n",
    "s.x = 1\ny = 2\n",
    "s = { x = 1 }\n",
    '[s]\nrows = [{ name = "a" }] # here\nx = 1\n',
    "[[s.rows]]\nname = 'a'\n[s.sub]\ny = 1\n",
    "[a]\n[s]\nx = 1\n[s.sub]\nz = 1\n# end\n[x]\n",
    "[s]\r\nx = 1\r\n[[s.rows]]\r\nname = 'a' # one\r\n\r\n# z\r\n[z]\r\n",
    "[s]\nrows = 3\n",
]
ROWS = st.lists(st.fixed_dictionaries({"name": st.text(max_size=5)}, optional={"on": st.booleans()}), max_size=4)


@pytest.mark.parametrize("text", FORMS)
@given(ROWS, ROWS)
def test_with_rows_changes_only_the_rows_in_any_toml_form(text: str, first: list[Row], then: list[Row]) -> None:
    wanted = tomlkit.parse(text).unwrap()
    for rows in (first, then):
        text = with_rows(text, "s", "rows", rows)
        wanted["s"].pop("rows", None)
        assert tomlkit.parse(text).unwrap() == {**wanted, "s": wanted["s"] | ({"rows": rows} if rows else {})} or (
            not rows and not wanted["s"] and "s" not in tomlkit.parse(text)
        )


def names(*names: str) -> Sequence[Row]:
    return [{"name": name} for name in names]


def test_rows_are_written_as_tables_where_possible() -> None:
    text = with_rows("[s]\nx = 1\n[z]\n", "s", "rows", names("a", "b"))
    assert text == '[s]\nx = 1\n\n[[s.rows]]\nname = "a"\n\n[[s.rows]]\nname = "b"\n\n[z]\n'
    assert with_rows("s.x = 1\ny = 2\n", "s", "rows", names("a")) == 's.x = 1\ns.rows = [{name = "a"}]\ny = 2\n'
    assert with_rows(text, "s", "rows", ()) == "[s]\nx = 1\n\n[z]\n"


@pytest.mark.parametrize("text", ["[[insertion]]\n", "insertion = 3\n"])
@pytest.mark.parametrize(("name", "value"), [("insertion.programs", ()), ("insertion.joins", True)])
def test_section_that_is_no_table_is_not_changed(text: str, name: str, value: object) -> None:
    with pytest.raises(BadSetting, match=r"insertion: .*write \[insertion\] above"):
        with_setting(text, name, value)
