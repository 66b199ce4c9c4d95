"""Index compared with a model, and erasure of deleted texts from its files."""

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.states import State
from app.dictation.view import state_of
from app.history.errors import IndexUnavailable
from app.history.index import LITERAL, PAGE, ROWS, SEARCH, Index, IndexedTake, IndexRow, days_of
from app.history.search_terms import simplified
from app.journal.library import TakeStamp
from app.journal.take import TakeState
from tests.app.history.rows import KNOWN, row
from tests.app.history.takes import written_below

TEXTS = st.text("天气好坏今天 ab", max_size=8)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite"


@pytest.fixture
def index(place: Path) -> Iterator[Index]:
    index = Index(place)
    yield index
    index.close()


def put(index: Index, *rows: IndexRow) -> None:
    index.put((one, KNOWN) for one in rows)


def numbers(rows: list[IndexRow]) -> list[int]:
    return [one.session.int for one in rows]


def test_index_returns_row_as_stored(index: Index, place: Path) -> None:
    one = IndexRow(UUID(int=7), 5.5, 2.0, 300, TakeState.HELD, "好 text", "zh", "m", True)
    one = replace(one, program="some-editor", revision=3)
    put(index, one)
    (shown,) = index.page(10)
    assert shown == replace(one, key=shown.key)
    assert index.rows([shown.key, 99]) == [shown]
    assert index.indexed_takes() == {str(UUID(int=7)): KNOWN}
    index.close()
    again = Index(place)
    assert again.page(10) == [shown]
    again.close()


def test_days_are_local_and_count_their_takes(index: Index) -> None:
    noon = datetime(2026, 3, 3, 12)
    hours = (0, 11, -11, -13, -14, -24 * 9)
    put(index, *(row(n, started_s=(noon + timedelta(hours=hour)).timestamp()) for n, hour in enumerate(hours)))
    days = [(noon.date(), 3), (date(2026, 3, 2), 2), (date(2026, 2, 22), 1)]
    assert list(days_of(index.keys())) == days
    assert days_of([]) == ()


def test_search_finds_only_current_text(index: Index) -> None:
    put(index, row(1, "old words"), row(2))
    put(index, row(1, "new words", state=TakeState.FAILED))
    assert numbers(index.page(9, query="old")) == []
    assert numbers(index.page(9, query="new wor")) == [1]
    assert index.page(9, query="new")[0].state is TakeState.FAILED
    index.put([(row(1, "new words"), IndexedTake(TakeStamp(3, 4), False))])
    assert index.indexed_takes()[str(UUID(int=1))] == IndexedTake(TakeStamp(3, 4), False)
    assert len(index.keys("new")) == len(index.keys("words")) == 1


def test_unfinished_takes_are_those_that_windows_mark(index: Index) -> None:
    rows = [
        row(number, state=state, cancelled=cancelled)
        for number, (state, cancelled) in enumerate(product(TakeState, (False, True)))
        if state is not TakeState.LIVE  # never stored
    ]
    put(index, *rows)
    marked = {State.FAILED, State.DAMAGED, State.HELD}
    wanted = [one.session.int for one in rows if state_of(one.state, cancelled=one.cancelled) in marked]
    found = index.unfinished()
    assert len(wanted) == 6 and numbers(index.rows(found)) == wanted[::-1]
    assert list(found) == sorted(found, reverse=True)


def test_page_orders_takes_with_extreme_clocks(index: Index) -> None:
    times = {1: -5.0, 2: 0.0, 3: 1e9, 4: 1.7e9, 5: 9e99}
    put(index, *(row(number, started_s=started) for number, started in times.items()))
    assert numbers(index.page(9))[:3] == [5, 4, 3]
    put(index, row(5, started_s=1.0))
    assert numbers(index.page(9)) == [4, 3, 5, 2, 1]


def test_takes_of_one_second_are_in_the_order_of_their_beginning(index: Index) -> None:
    put(index, *(row(number, started_s=1e9 + (9 - number) / 1000) for number in range(9)))
    assert numbers(index.page(9)) == list(range(9))


def test_takes_of_one_second_get_different_keys(index: Index) -> None:
    same = [
        IndexRow(UUID(int=number << 31 | 1), 5.0, 1.0, 1, TakeState.DONE, f"take {number}") for number in range(4)
    ]
    put(index, *same)
    put(index, *same)
    assert {one.text for one in index.page(9)} == {one.text for one in same}
    index.remove([same[1].session])
    assert [len(index.keys(one.text)) for one in same] == [1, 0, 1, 1]


def test_empty_take_is_indexed_but_not_listed(index: Index) -> None:
    put(index, row(1), row(2, "", seconds=0.0, state=TakeState.EMPTY), row(3, "", state=TakeState.EMPTY))
    assert numbers(index.page(9)) == [3, 1]
    assert (len(index.keys()), len(index.indexed_takes())) == (2, 3)


def test_index_accepts_any_text(index: Index) -> None:
    texts = ["\ud800 lone", "a\0b", "", '"quoted" AND *', "😀"]
    put(index, *(row(number, text) for number, text in enumerate(texts)))
    assert index.page(9)[-1].text == "? lone"
    assert index.page(9, query="quoted")[0].text == texts[3]
    index.remove([UUID(int=number) for number in range(9)])
    assert index.page(9) == []
    assert len(index.keys("lone")) == 0


@pytest.mark.parametrize(
    ("query", "found"),
    [("*", [4, 3]), ('"', [3]), (" * ", [4, 3]), ("。", [5]), ("%", []), ("\ud800", []), (" ", [5, 4, 3, 2])],
)
def test_search_for_signs_finds_texts_that_contain_them(index: Index, query: str, found: list[int]) -> None:
    put(index, row(2, "plain and text"), row(3, '"quoted" and *'), row(4, "3 * 4"), row(5, "好。"))
    assert numbers(index.page(9, query=query)) == found
    assert list(index.keys(query)) == [one.key for one in index.page(9, query=query)]
    assert numbers(index.page(1, index.page(9)[0].key, query)) == [one for one in found if one < 5][:1]


@given(st.dictionaries(st.integers(1, 30), TEXTS), st.lists(st.integers(1, 30)), st.integers(1, 5), TEXTS)
def test_pages_match_model(texts: dict[int, str], gone: list[int], limit: int, query: str) -> None:
    index = Index(None)
    put(index, *(row(number, text) for number, text in texts.items()))
    index.remove([UUID(int=number) for number in gone])
    left = sorted((number for number in texts if number not in gone), reverse=True)
    wanted = [number for number in left if all(part in texts[number] for part in query.split()) and texts[number]]
    plain = all(character >= "\u4e00" or character == " " for character in query)  # letters match only whole words
    for asked, expected in (("", left), (query, wanted if query.strip() else left)):
        if asked and not plain:
            continue
        seen: list[IndexRow] = []
        while page := index.page(limit, seen[-1].key if seen else None, asked):
            assert len(page) <= limit
            seen += page
        assert numbers(seen) == expected
        assert list(index.keys(asked)) == [one.key for one in seen]
        assert len(index.keys(asked)) == len(seen)
        assert index.rows(index.keys(asked)[:3]) == seen[:3]
    index.close()


@given(st.data())
def test_paging_lists_each_take_once_during_changes(data: st.DataObject) -> None:
    with closing(Index(None)) as index:  # also where the search for examples is cut short
        there = set(data.draw(st.lists(st.integers(1, 40), unique=True)))
        put(index, *(row(number) for number in there))
        stayed, seen, before = set(there), list[int](), None
        while page := index.page(3, before):
            seen, before = seen + numbers(page), page[-1].key
            come, go = (set(data.draw(st.lists(st.integers(1, 40), max_size=4))) for _ in range(2))
            put(index, *(row(number) for number in come))
            index.remove([UUID(int=number) for number in go])
            stayed -= go
        assert sorted(seen, reverse=True) == seen and len(set(seen)) == len(seen)
        assert stayed <= set(seen)


@pytest.mark.parametrize(
    ("ask", "values"),
    [(PAGE, (10, 5)), (LITERAL, (10, "*", 5)), (SEARCH, ('"a"', 10, 5)), (ROWS, ("[1]",))],
)
def test_queries_scan_no_table(index: Index, ask: str, values: tuple[object, ...]) -> None:
    put(index, *(row(number) for number in range(500)))
    plan = [str(line[3]) for line in index._connection.execute(f"EXPLAIN QUERY PLAN {ask}", values)]
    assert any(line.startswith("SEARCH takes USING INTEGER PRIMARY KEY") for line in plan)
    scans = [line for line in plan if line.startswith("SCAN") and "VIRTUAL TABLE INDEX" not in line]
    assert scans == []
    assert not [line for line in plan if "TEMP B-TREE" in line and ask == PAGE]


def test_any_number_of_keys_is_one_statement(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python keeps up to 128 statements of each connection, and SQLite 14 KB for each."""
    put(index, *(row(number) for number in range(60)))
    statements, plain = set[str](), Index._rows

    def rows(self: Index, ask: str, values: tuple[object, ...]) -> list[IndexRow]:
        statements.add(ask)
        return plain(self, ask, values)

    monkeypatch.setattr(Index, "_rows", rows)
    keys = index.keys()
    assert all(len(index.rows(keys[:count])) == count for count in range(len(keys)))
    assert len(statements) == 1


# -- erasure -----------------------------------------------------------------------------------------------


def test_purge_erases_removed_texts_from_files(index: Index, place: Path) -> None:
    """Give each text a unique word and a unique pair of characters, among words that all texts share."""
    chance = random.Random(4)
    han = sorted({simplified(chr(code)) for code in range(0x5000, 0x5400)})
    own = {number: (f"w{chance.randbytes(9).hex()}", han[number] * 2) for number in range(1, 301)}
    common = [f"common{number}" for number in range(300)]
    for first in range(1, 301, 60):
        said = {number: " ".join(chance.choices(common, k=60)) for number in range(first, first + 60)}
        put(index, *(row(number, f"{own[number][0]} {text} {own[number][1]}") for number, text in said.items()))
    gone, left = set(range(20, 301, 3)), set(range(1, 301)) - set(range(20, 301, 3))
    index.remove([UUID(int=number) for number in gone])
    assert index.must_purge()
    assert [number for number in gone if own[number][0].encode() in written_below(place.parent)], (
        "nothing to purge"
    )
    steps = sum(1 for _ in iter(index.purge, False))
    assert not index.must_purge() and steps
    for number in gone:
        for word in own[number]:
            assert word.encode() not in written_below(place.parent)
            assert len(index.keys(word)) == 0
    assert all(len(index.keys(word)) == 1 for number in left for word in own[number])
    assert numbers(index.page(500)) == sorted(left, reverse=True)


def test_purge_continues_after_reopening(index: Index, place: Path) -> None:
    put(index, *(row(number, f"word{number}") for number in range(50)))
    index.remove([UUID(int=7)])
    index.close()
    again = Index(place)
    assert again.must_purge()
    while again.purge():
        put(again, row(99, "between"))
    assert not again.must_purge() and b"word7 " not in written_below(place.parent).replace(b"\0", b" ")
    assert len(again.keys("between")) == 1
    again.close()


def test_index_stays_usable_when_disk_is_full(index: Index) -> None:
    put(index, *(row(number, f"word{number}") for number in range(50)))
    (pages,) = index._connection.execute("PRAGMA page_count").fetchone()
    index._connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(IndexUnavailable, match="full"):
        put(index, row(1, "changed"), *(row(number, "more text " * 100) for number in range(100, 200)))
    assert len(index.keys("changed")) == 0
    assert numbers(index.page(9, query="word1")) == [19, 18, 17, 16, 15, 14, 13, 12, 11]
    index._connection.execute("PRAGMA max_page_count=1000000")
    put(index, row(1, "changed"))
    assert len(index.keys("changed")) == 1
