"""Catalogue: valid, correct, and strict about dangerous or unknown content."""

import subprocess
import sys
from pathlib import Path

import pytest

from speech.models.catalogue import (
    LocalExport,
    LocalFolder,
    ModelFile,
    ModelScope,
    Stated,
    Wheel,
    decode_catalogue,
    load_catalogue,
    wheel_file_prefix,
)
from speech.models.errors import CatalogueDamaged, ModelUnknown
from speech.models.store import ModelStore
from tests.speech.models.example import catalogue_of

MODEL = """
[[models]]
name = "tiny"
title = "Tiny"
licence = "MIT"
attribution = ""
files = [{ path = "a.bin", size = 1, sha256 = "%s" }]
sources = []
""" % ("0" * 64)
ENDPOINTS = """
[endpoints]
modelscope = "http://a"
huggingface = "http://b"
"""


STATED = MODEL.replace('files = [{ path = "a.bin", size = 1, sha256 = "%s" }]' % ("0" * 64), "files = []").replace(
    "sources = []",
    """sources = [{ kind = "modelscope", repository = "lab/tiny", revision = "v1" }]
[models.stated]
wanted = ["*.bin"]
most_bytes = 100
""",
)


def test_catalogue_has_a_source_for_every_file() -> None:
    for model in load_catalogue().models:
        if model.stated is not None:
            continue
        listed = [
            set(source.files) for source in model.sources if not isinstance(source, LocalFolder | LocalExport)
        ]
        assert set().union(*listed) == {file.path for file in model.files}
        assert any(files == {file.path for file in model.files} for files in listed)


def test_catalogue_matches_the_real_models(models: Path) -> None:
    store = ModelStore(models, load_catalogue())
    for name in ("fsmn-vad", "whisper-base"):
        assert store.verify(name) == models / name


def test_catalogue_reports_the_languages_of_every_model() -> None:
    assert all(model.languages for model in load_catalogue().models)
    assert all(model.speed for model in load_catalogue().models if model.name.startswith("whisper"))
    assert {"zh", "en", "haw"} < set(load_catalogue().model("whisper-base").languages)


def test_size_is_an_upper_limit_until_the_hub_has_stated_the_files() -> None:
    model = decode_catalogue((ENDPOINTS + STATED).encode()).model("tiny")
    assert (model.size, model.most_bytes) == (0, 100)
    assert model.with_files([ModelFile("a.bin", 7, "0" * 64)]).most_bytes == 7


@pytest.mark.parametrize(
    "bad",
    [
        'speed = { value = 0.0, source = "measured" }',
        'speed = { value = 3.0, source = "guessed" }',
        "speed = 3.0",
        'languages = ["Chinese"]',
        'languages = ["zh-CN"]',
    ],
)
def test_catalogue_refuses_invalid_speeds_and_languages(bad: str) -> None:
    good = 'speed = { value = 3.0, source = "measured" }'
    assert decode_catalogue((ENDPOINTS + MODEL.replace("licence", f"{good}\nlicence")).encode()).names
    with pytest.raises(CatalogueDamaged):
        decode_catalogue((ENDPOINTS + MODEL.replace("licence", f"{bad}\nlicence")).encode())


def test_stated_errors_are_of_languages_that_the_model_knows() -> None:
    stated = [(model, errors) for model in load_catalogue().models for errors in model.errors]
    assert stated
    for model, errors in stated:
        assert set(errors.rates) <= set(model.languages), model.name
        assert errors.test or errors.source == "measured", model.name


def test_measured_errors_stand_in_the_document_of_our_own_test() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "fidelity" / "measurements.md").read_text()
    for model in load_catalogue().models:
        for errors in (one for one in model.errors if one.source == "measured"):
            assert not errors.link and f"## {model.name} " in page
            assert all(f" {rate} %" in page for rate in errors.rates.values())


@pytest.mark.parametrize(
    "bad", ["rates = { en = 101.0 }", "rates = { English = 5.0 }", 'rates = { en = 5.0 }, link = "here"']
)
def test_catalogue_refuses_invalid_errors(bad: str) -> None:
    assert decode_catalogue((ENDPOINTS + _with_errors("rates = { en = 5.0 }")).encode()).names
    with pytest.raises(CatalogueDamaged):
        decode_catalogue((ENDPOINTS + _with_errors(bad)).encode())


def _with_errors(entry: str) -> str:
    link = "" if "link" in entry else ', link = "https://a.b"'
    return MODEL.replace("licence", f'errors = [{{ {entry}, source = "paper"{link} }}]\nlicence', 1)


def test_valid_catalogue_is_decoded() -> None:
    catalogue = decode_catalogue((ENDPOINTS + MODEL).encode())
    assert catalogue.names == ("tiny",)
    assert catalogue.model("tiny").size == 1


@pytest.mark.parametrize(
    "bad", ["", "..", "../x", "a/../b", "/etc/x", "a//b", "a/", ".hidden", "a/.b", r"..\\x", "C:x", "a\\n"]
)
def test_catalogue_refuses_paths_that_could_leave_the_folder(bad: str) -> None:
    for original in ('"a.bin"', '"tiny"'):
        with pytest.raises(CatalogueDamaged):
            decode_catalogue((ENDPOINTS + MODEL.replace(original, f'"{bad}"')).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe",
        b"[endpoints",
        ENDPOINTS.encode(),
        (ENDPOINTS + MODEL + MODEL).encode(),
        (ENDPOINTS + MODEL.replace("licence", "license")).encode(),
        (ENDPOINTS + MODEL.replace("size = 1", "size = -1")).encode(),
        (ENDPOINTS + MODEL.replace("0000", "xyz0")).encode(),
        (ENDPOINTS + MODEL.replace("sources = []", 'sources = [{ kind = "ftp", path = "x" }]')).encode(),
        (
            ENDPOINTS + MODEL.replace("sources = []", 'sources = [{ kind = "wheels", wheels = [], files = {} }]')
        ).encode(),
        (
            ENDPOINTS
            + MODEL.replace(
                "sources = []",
                'sources = [{ kind = "modelscope", repository = "a", revision = "b", files = { "b.bin" = "b" } }]',
            )
        ).encode(),
        (ENDPOINTS + MODEL.replace("files = [{", "files = []\n#")).encode(),
    ],
)
def test_damaged_catalogue_raises_typed_error(data: bytes) -> None:
    with pytest.raises(CatalogueDamaged):
        decode_catalogue(data)


def test_stated_files_are_treated_as_pinned() -> None:
    model = decode_catalogue((ENDPOINTS + STATED).encode()).model("tiny")
    assert (model.files, model.stated) == ((), Stated(("*.bin",), 100))
    listed = model.with_files([ModelFile("a.bin", 7, "0" * 64)])
    assert (listed.size, listed.stated) == (7, None)
    assert listed.sources == (ModelScope("lab/tiny", "v1", {"a.bin": "a.bin"}),)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("files = []", f'files = [{{ path = "a.bin", size = 1, sha256 = "{"0" * 64}" }}]'),
        ('wanted = ["*.bin"]', "wanted = []"),
        ('kind = "modelscope"', 'kind = "folder"'),
        ('revision = "v1" }', 'revision = "v1", files = { "a.bin" = "a.bin" } }'),
        ("most_bytes = 100", ""),
        ("most_bytes = 100", "most_bytes = -1"),
    ],
)
def test_stated_files_need_a_stating_hub_and_a_size_limit(good: str, bad: str) -> None:
    assert good in STATED
    with pytest.raises(CatalogueDamaged):
        decode_catalogue((ENDPOINTS + STATED.replace(good, bad)).encode())


def test_catalogue_accepts_a_local_folder_as_source() -> None:
    folder = MODEL.replace("sources = []", 'sources = [{ kind = "folder", path = "/mnt/models" }]')
    assert decode_catalogue((ENDPOINTS + folder).encode()).model("tiny").sources == (LocalFolder("/mnt/models"),)


def test_unknown_model_error_lists_known_models() -> None:
    with pytest.raises(ModelUnknown, match="tiny"):
        catalogue_of().model("huge")


def test_wheel_file_prefix_is_escaped() -> None:
    assert wheel_file_prefix(Wheel("Some-data.of_mine", "1.0", 1)) == "some_data_of_mine-1.0-"


IN_THREADS = """
import os
import sys
import threading
from speech.models.catalogue import load_catalogue
sys.setswitchinterval(1e-6)
for _ in range(40):
    if child := os.fork():
        assert os.waitpid(child, 0)[1] == 0
        continue
    threads = [threading.Thread(target=load_catalogue) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os._exit(0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: a process forks")
def test_several_threads_may_load_the_catalogue_first() -> None:
    assert subprocess.run([sys.executable, "-c", IN_THREADS]).returncode == 0
