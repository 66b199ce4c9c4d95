"""FunASR engine: its decisions with a fake model, and its behaviour with a real, tiny SenseVoiceSmall."""

import logging
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from protocol.engine import (
    DecodeRequest,
    EngineSettings,
    EngineUnavailable,
    Transcript,
)
from protocol.recognition import Options, Word
from tests.helpers.digits import MODEL, every_digits, shipped_digits
from tests.worker.engines.fake_model import FakeModel, engine_on, of_length, texts
from worker.engines import funasr
from worker.engines.batch_engine import Answer, BatchEngine
from worker.engines.funasr import FAMILIES, create, in_order
from worker.supervision.engine_process import EngineProcess

SECOND = 16_000


# -- decisions, with a fake model --------------------------------------------------------------------------


class PlayedCuda:
    """Fake ``torch.cuda`` of a device with 8 GiB. These tests use no real device."""

    def __init__(self) -> None:
        self.set: list[tuple[float, str]] = []

    def get_device_properties(self, device: str) -> SimpleNamespace:
        return SimpleNamespace(total_memory=8 << 30)

    def set_per_process_memory_fraction(self, fraction: float, device: str) -> None:
        self.set.append((fraction, device))


@pytest.mark.parametrize(("megabytes", "fraction"), [(2048, 0.25), (8192, 1.0), (100_000, 1.0)])
def test_gpu_memory_limit_becomes_fraction_of_device(megabytes: int, fraction: float) -> None:
    cuda = PlayedCuda()
    funasr.limit_memory(cuda, "cuda:1", megabytes)
    assert cuda.set == [(fraction, "cuda:1")]


def test_funasr_answers_are_matched_by_key_and_missing_ones_are_empty() -> None:
    results = [{"key": "2", "text": "c"}, {"key": "0", "text": "a"}]
    assert in_order(results, 3) == [Answer("a"), Answer(""), Answer("c")]
    assert in_order([], 2) == [Answer("")] * 2


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ([[50, 230], [230, 470]], (Word("你", 50, 230), Word("wifi", 230, 470))),
        ([[50, 230], [230, 470], [470, 600]], ()),
        ([], ()),
    ],
    ids=["timed", "a token more than words", "not timed"],
)
def test_words_of_paraformer_have_its_times(times: list[list[int]], words: tuple[Word, ...]) -> None:
    (answer,) = in_order([{"key": "0", "text": "你 wifi", "timestamp": times}], 1)
    assert answer == Answer("你 wifi", words)


@pytest.mark.parametrize("keys", [["0", "0"], ["2"], ["rand_key"]])
def test_funasr_answer_with_unknown_key_is_refused(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="for 2 recordings"):
        in_order([{"key": key, "text": "x"} for key in keys], 2)


def test_paraformer_hotwords_are_padded_against_urls_and_files() -> None:
    model = FakeModel()
    engine = engine_on(model, FAMILIES["SeacoParaformer"])
    for hotwords in (("http://host/words", "达摩院"), ("/etc/words.txt",), ()):
        texts(engine, [DecodeRequest(of_length(900), Options("zh", hotwords))])
    assert [asked for _, asked in model.asked] == [
        {"hotword": " http://host/words 达摩院 "},
        {"hotword": " /etc/words.txt "},
        {},
    ]


def settings(folder: Path | str, device: str = "cpu", **extra: str) -> EngineSettings:
    """Return settings for an engine with two threads, so that it does not disturb other tests."""
    return EngineSettings("funasr", "digits", str(folder), device, 2, extra)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the model that a test may break."""
    return Path(shutil.copytree(MODEL, tmp_path / "digits"))


def test_missing_funasr_model_or_setting_is_explained(tmp_path: Path, copy: Path) -> None:
    cases = [
        (settings(""), "needs a model"),
        (settings("/nowhere"), r"no FunASR model in '/nowhere': it has no config.yaml"),
        (settings("iic/SenseVoiceSmall"), "it has no config.yaml"),
        (settings(tmp_path), "it has no config.yaml"),
        (settings(copy, device="tpu"), "not on 'tpu'"),
        (settings(copy, beam="9"), "no setting beam"),
        (settings(copy, punctuation=str(copy)), "writes punctuation by itself"),
    ]
    for wrong, text in cases:
        with pytest.raises(EngineUnavailable, match=text):
            create(wrong)


def test_model_without_weights_is_refused(copy: Path) -> None:
    (copy / "model.pt").unlink()
    with pytest.raises(EngineUnavailable, match=r"it has no model\.pt"):
        create(settings(copy))


@pytest.mark.parametrize(("config", "named"), [("model: FsmnVADStreaming\n", "FsmnVADStreaming"), ("", "without")])
def test_unsupported_model_class_is_refused(copy: Path, config: str, named: str) -> None:
    (copy / "config.yaml").write_text(config)
    with pytest.raises(EngineUnavailable, match=f"{named}.*runs SenseVoiceSmall, Paraformer"):
        create(settings(copy))
    (copy / "config.yaml").write_text("model: Paraformer\n")
    with pytest.raises(EngineUnavailable, match="no CT-Transformer"):
        create(settings(copy, punctuation=str(MODEL)))


def test_funasr_without_libraries_says_what_to_install() -> None:
    program = """
import sys
sys.modules["torch"] = sys.modules["funasr"] = None
from protocol.engine import EngineSettings, EngineUnavailable
from worker.engines.funasr import create
try:
    create(EngineSettings("funasr", "digits", sys.argv[1], "cpu"))
except EngineUnavailable as error:
    print(error)
"""
    command = [sys.executable, "-c", program, str(MODEL)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    assert "pip install 'kikipounamu[funasr]'" in said


# -- behaviour, with a real model --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def engine() -> BatchEngine:
    """Return the digits model on the CPU."""
    return create(settings(MODEL))


@pytest.fixture(scope="module")
def recordings() -> list[bytes]:
    """Return recordings of spoken digits."""
    return [digits.pcm for digits in every_digits()]


def requests(recordings: Sequence[bytes], language: str = "en", itn: bool = False) -> list[DecodeRequest]:
    """Return one request per recording."""
    return [DecodeRequest(pcm, Options(language, itn=itn)) for pcm in recordings]


@pytest.fixture(scope="module")
def funasr_says(recordings: list[bytes]) -> list[str]:
    """Return FunASR's own texts of the recordings, one by one, through its documented API."""
    from funasr import AutoModel

    model = AutoModel(model=str(MODEL), device="cpu", ncpu=2, disable_update=True, disable_pbar=True)
    audio = [np.frombuffer(pcm, "<i2").astype(np.float32) / 32_768 for pcm in recordings]
    answers = [model.generate(input=samples, language="en", use_itn=False)[0]["text"] for samples in audio]
    return [str(answer).rpartition("|>")[2] for answer in answers]


@pytest.mark.funasr
@pytest.mark.serial("engines")
class TestTheDigitsModel:
    """Real model of FunASR's own class, trained to write down digits."""

    def test_digits_model_recognises_spoken_digits(self, engine: BatchEngine) -> None:
        digits = shipped_digits()
        found = texts(engine, requests([each.pcm for each in digits]))
        said = [each.text for each in digits]
        assert sum(map(str.__eq__, found, said)) >= len(said) // 2, found
        assert "seven four three" in found

    def test_texts_equal_those_of_funasr_for_any_batch_size(
        self, engine: BatchEngine, recordings: list[bytes], funasr_says: list[str]
    ) -> None:
        asked = requests(recordings)
        for size in (1, 4, 8):
            batches = [texts(engine, asked[at : at + size]) for at in range(0, len(asked), size)]
            assert sum(batches, []) == funasr_says

    def test_texts_match_their_recordings_in_mixed_batches(
        self, engine: BatchEngine, recordings: list[bytes], funasr_says: list[str]
    ) -> None:
        chance = random.Random(3)
        for _ in range(4):
            places = [chance.randrange(len(recordings)) for _ in range(8)]
            batch = requests([recordings[place] for place in places])
            batch[chance.randrange(8)] = DecodeRequest(b"\1", Options("en"))
            expected = [
                funasr_says[place] if request.pcm == recordings[place] else None
                for place, request in zip(places, batch, strict=True)
            ]
            found = engine.decode(batch)
            assert [outcome.text if isinstance(outcome, Transcript) else None for outcome in found] == expected

    def test_itn_option_writes_digits_as_figures(self, engine: BatchEngine) -> None:
        (first, *_) = shipped_digits()
        spoken, written = engine.decode(
            [*requests([first.pcm], "auto", itn=False), *requests([first.pcm], "auto", itn=True)]
        )
        assert spoken == Transcript("seven four three", "en", (), "neutral", "speech")
        assert written == Transcript("743", "en", (), "neutral", "speech")

    def test_audio_without_speech_gives_no_text(self, engine: BatchEngine) -> None:
        noise = np.random.default_rng(0).standard_normal(2 * SECOND)
        tone = np.sin(np.arange(2 * SECOND) * 2 * np.pi * 440 / SECOND)
        sounds = [noise * 30, noise * 300, noise * 3_000, tone * 10_000]
        batch = requests([b"", bytes(64_000), *(sound.astype("<i2").tobytes() for sound in sounds)], itn=True)
        assert texts(engine, batch) == [""] * 6

    def test_loading_and_decoding_leave_logging_and_stdout_unchanged(
        self, recordings: list[bytes], capfd: pytest.CaptureFixture[str]
    ) -> None:
        root = logging.getLogger()
        before = (root.level, list(root.handlers), root.manager.disable, sys.stdout)
        fresh = create(settings(MODEL))
        texts(fresh, requests(recordings[:2]))
        assert (root.level, list(root.handlers), root.manager.disable, sys.stdout) == before
        assert capfd.readouterr().out == ""
        fresh.close()

    def test_engine_describes_itself(self, engine: BatchEngine) -> None:
        info = engine.info()
        assert (info.engine, info.model, info.device, info.slots) == ("funasr", "digits", "cpu", 4)
        assert {"zh", "en", "yue"} <= set(info.languages)

    def test_model_folder_names_the_model(self, copy: Path) -> None:
        named = create(EngineSettings("funasr", device="auto", threads=2, extra={"folder": str(copy)}))
        assert named.info().model == "digits"

    @pytest.mark.parametrize("kept", [0, 1_000, 1_000_000])
    def test_truncated_weights_are_refused(self, copy: Path, kept: int) -> None:
        weights = (copy / "model.pt").read_bytes()
        (copy / "model.pt").write_bytes(weights[:kept])
        with pytest.raises(EngineUnavailable, match=r"digits' cannot be loaded: \w"):
            create(settings(copy))

    def test_missing_cuda_device_is_refused(self) -> None:
        with pytest.raises(EngineUnavailable, match=r"cuda:99 does not exist .*: use --device cpu or auto"):
            create(settings(MODEL, device="cuda:99"))

    def test_engine_uses_no_network_prints_nothing_and_keeps_logging(self) -> None:
        watched = """
import logging, sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        print(event, arguments, file=sys.__stdout__, flush=True)
sys.addaudithook(watch)
from protocol.engine import DecodeRequest, EngineSettings
from worker.engines.funasr import create
engine = create(EngineSettings("funasr", "digits", sys.argv[1], "cpu", 2))
engine.decode([DecodeRequest(b"\\1\\0" * 16000)])
if logging.root.handlers or logging.root.level != logging.WARNING or logging.root.manager.disable:
    print("logging is changed", logging.root.handlers, logging.root.level)
"""
        command = [sys.executable, "-c", watched, str(MODEL)]
        assert subprocess.run(command, check=True, capture_output=True, text=True, timeout=100).stdout == ""

    async def test_engine_process_gives_the_same_texts(
        self, recordings: list[bytes], funasr_says: list[str]
    ) -> None:
        process = await EngineProcess.start(settings(MODEL), 100)
        try:
            outcomes = await process.decode(requests(recordings), 100)
        finally:
            await process.close()
        assert [outcome.text for outcome in outcomes if isinstance(outcome, Transcript)] == funasr_says
