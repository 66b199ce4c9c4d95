"""File lists stated by a hub, and the list stored with a model."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from speech.models.catalogue import ModelFile
from speech.models.errors import FileRefused, SourceFailed
from speech.models.file_list import FILE_LIST, decode_modelscope, file_list, read_file_list, write_file_list
from tests.speech.models.example import CONFIG, CONTENTS, WEIGHTS, flip_bit, model_of
from tests.speech.models.stating import INNER, STATED, STATED_CONTENTS, answer, entries, entry, stated_model

MODEL = stated_model()


def changed(path: str, **changes: Any) -> list[dict[str, Any]]:
    """Return the hub's list with one entry changed."""
    return [listed | changes if listed["Path"] == path else listed for listed in entries()]


def kept(folder: Path) -> Path:
    """Return a folder that contains the list."""
    folder.mkdir(exist_ok=True)
    write_file_list(folder, file_list("hub", decode_modelscope(answer(entries()), STATED)))
    return folder


def test_file_list_contains_only_wanted_files() -> None:
    unwanted = ["setup.py", "config.json/setup.py", "words/deep/more.json", "more/config.json", "WORDS/x.json"]
    files = decode_modelscope(answer([*entries(), *(entry(path, b"") for path in unwanted)]), STATED)
    assert {file.path for file in files} == set(STATED_CONTENTS)
    assert {file.size for file in files} == {len(data) for data in STATED_CONTENTS.values()}


def test_file_list_accepts_upper_case_hashes() -> None:
    listed = changed(CONFIG, Sha256=entry(CONFIG, CONTENTS[CONFIG])["Sha256"].upper())
    assert decode_modelscope(answer(listed), STATED) == decode_modelscope(answer(entries()), STATED)


@pytest.mark.parametrize("path", ["../weights.bin", "/weights.bin", "words/../../x.json", "a\\b", "words/\0.json"])
def test_file_list_with_escaping_path_is_rejected(path: str) -> None:
    with pytest.raises(SourceFailed, match="leaves the folder"):
        decode_modelscope(answer([*entries(), entry(path, b"x")]), STATED)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (changed(WEIGHTS, Size=STATED.most_bytes + 1), "more than the 1000000"),
        (changed(WEIGHTS, Size=2**80), "more than the 1000000"),
        (changed(WEIGHTS, Size=-1), r"weights\.bin.*size"),
        (changed(WEIGHTS, Size=True), "cannot be read"),
        (changed(WEIGHTS, Size="400000"), "cannot be read"),
        (changed(WEIGHTS, Sha256=None), r"weights\.bin.*sha256"),
        (changed(WEIGHTS, Sha256=""), r"weights\.bin.*sha256"),
        (changed(WEIGHTS, Sha256="00" * 20), r"weights\.bin.*sha256"),
        (changed(WEIGHTS, Path=7), "cannot be read"),
        (changed(WEIGHTS, Path="weights.bin\n"), r"has no weights\.bin"),
        (changed(WEIGHTS, Type="tree"), r"has no weights\.bin"),
        (changed(INNER, Path="words/.hidden.json"), r"words/\.hidden\.json"),
        (changed(INNER, Path="words/deep/vocabulary.json"), r"has no words/\*\.json"),
        ([*entries(), entry(INNER, b"other")], "one file twice"),
        ([*entries(), entry("words/Vocabulary.json", b"other")], "one file twice"),
        ([entry("README.md", b"#")], r"has no config\.json, weights\.bin, words/\*\.json"),
        ([], r"has no config\.json"),
        ([entry(f"{number}.txt", b"") for number in range(3000)] + entries(), "may be cut off"),
    ],
)
def test_unsound_file_list_is_rejected(files: list[dict[str, Any]], reason: str) -> None:
    with pytest.raises(SourceFailed, match=reason):
        decode_modelscope(answer(files), STATED)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>not here</html>",
        b"\xff\xfe",
        b"[]",
        b'{"Data": {"Files": {}}}',
        b'{"Code": 200, "Data": null}',
        b'{"Code": 10010205001, "Success": false, "Message": "no such \\u001b[31mmodel", "Data": null}',
        json.dumps({"Code": 404, "Data": {"Files": entries()}}).encode(),
        json.dumps({"Success": False, "Data": {"Files": entries()}}).encode(),
    ],
)
def test_invalid_hub_answer_is_reported_without_control_characters(data: bytes) -> None:
    with pytest.raises(SourceFailed) as caught:
        decode_modelscope(data, STATED)
    assert str(caught.value).isprintable()


def test_stored_file_list_round_trips(tmp_path: Path) -> None:
    found = read_file_list(kept(tmp_path), MODEL)
    assert found.source == "hub"
    assert sorted(file.path for file in found.files) == sorted(STATED_CONTENTS)


def test_flipped_bit_in_a_stored_file_list_is_detected(tmp_path: Path) -> None:
    path = kept(tmp_path) / FILE_LIST
    whole, before = path.read_bytes(), read_file_list(tmp_path, MODEL)
    for place in range(whole.index(b'"files"'), len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with suppress(FileRefused):
            assert read_file_list(tmp_path, MODEL) == before, "the flipped bit was in white space"


def test_missing_or_invalid_stored_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="missing"):
        read_file_list(tmp_path, MODEL)
    (tmp_path / FILE_LIST).mkdir()
    with pytest.raises(FileRefused, match="cannot be read"):
        read_file_list(tmp_path, MODEL)
    (tmp_path / FILE_LIST).rmdir()
    (tmp_path / FILE_LIST).write_bytes(b" " * (4 * 1024 * 1024 + 1))
    with pytest.raises(FileRefused, match="longer"):
        read_file_list(tmp_path, MODEL)
    flip_bit(kept(tmp_path) / FILE_LIST)
    with pytest.raises(FileRefused):
        read_file_list(tmp_path, MODEL)


@pytest.mark.parametrize("path", ["../../evil", "weights.bin/", "setup.py"])
def test_stored_list_follows_the_rules_of_stated_lists(tmp_path: Path, path: str) -> None:
    good = decode_modelscope(answer(entries()), STATED)
    write_file_list(tmp_path, file_list("hub", [*good, ModelFile(path, 1, "0" * 64)]))
    with pytest.raises(FileRefused):
        read_file_list(tmp_path, MODEL)


def test_pinned_model_has_no_file_list(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="catalogue pins"):
        read_file_list(kept(tmp_path), model_of())
