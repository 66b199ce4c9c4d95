"""The funasr engine: what it decides with a fake model, and what it does with a real, tiny SenseVoiceSmall."""

import logging
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from protocol.engine import (
    DecodeFailure,
    DecodeRequest,
    EngineInfo,
    EngineSettings,
    EngineUnavailable,
    Transcript,
)
from protocol.errors import ErrorCode
from protocol.recognition import Options
from tests.helpers.digits import MODEL, every_digits, shipped_digits
from worker.engine_process import EngineProcess
from worker.engines import funasr
from worker.engines.funasr import FAMILIES, Asked, FunasrEngine, Punctuate, calls, create, in_order, read_rich

SECOND = 16_000


def of_length(samples: int) -> bytes:
    """A segment that a fake model can tell from others by its length."""
    return b"\1\0" * samples


class FakeModel:
    """Answers with the lengths of what it was given."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[int], Asked]] = []

    def __call__(self, recordings: Sequence[Any], asked: Asked) -> list[str]:
        lengths = [len(recording) for recording in recordings]
        self.asked.append((lengths, asked))
        return [f"<|en|><|HAPPY|><|Speech|><|woitn|>{length}" for length in lengths]


def engine_on(
    model: FakeModel, family: str = "SenseVoiceSmall", punctuate: Punctuate | None = None
) -> FunasrEngine:
    """An engine with a fake model."""
    return FunasrEngine(EngineInfo("funasr", "fake", "cpu"), FAMILIES[family], model, punctuate)


def texts(engine: FunasrEngine, batch: Sequence[DecodeRequest]) -> list[str]:
    """The texts of a batch in which nothing fails."""
    outcomes = engine.decode(batch)
    assert len(outcomes) == len(batch)
    return [outcome.text for outcome in outcomes if isinstance(outcome, Transcript)]


# -- what it decides ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "transcript"),
    [
        (
            "<|en|><|NEUTRAL|><|Speech|><|woitn|>seven four",
            Transcript("seven four", "en", (), "neutral", "speech"),
        ),
        ("<|yue|><|HAPPY|><|Laughter|><|withitn|>早晨。", Transcript("早晨。", "yue", (), "happy", "laughter")),
        ("<|zh|><|EMO_UNKNOWN|><|Event_UNK|><|woitn|> 好 ", Transcript("好", "zh")),
        ("<|nospeech|><|EMO_UNKNOWN|><|BGM|><|woitn|>la la", Transcript("")),
        ("<|en|><|SAD|><|BGM|><|woitn|>", Transcript("", emotion="sad", event="bgm")),
        ("a < b | c > d", Transcript("a < b | c > d")),
        ("", Transcript("")),
    ],
)
def test_tags_become_fields_and_never_text(answer: str, transcript: Transcript) -> None:
    assert read_rich(answer) == transcript


def test_what_asks_the_same_and_is_about_as_long_goes_together() -> None:
    english: Asked = {"language": "en"}
    chinese: Asked = {"language": "zh"}
    assert calls([10, 20, 100, 60, 0], [english] * 5) == [[2, 3], [1, 0]]
    assert calls([10, 10, 10], [english, chinese, english]) == [[0, 2], [1]]
    assert calls([], []) == []


def test_every_place_with_samples_is_in_one_call() -> None:
    chance = random.Random(1)
    for _ in range(200):
        lengths = [chance.choice([0, 1, 500, 900, 2_000, 50_000]) for _ in range(chance.randrange(12))]
        asked: list[Asked] = [{"use_itn": chance.random() < 0.5} for _ in lengths]
        made = calls(lengths, asked)
        assert sorted(sum(made, [])) == [place for place, length in enumerate(lengths) if length]
        for call in made:
            assert len({str(asked[place]) for place in call}) == 1
            assert max(lengths[place] for place in call) <= 2 * min(lengths[place] for place in call)


class PlayedCuda:
    """As ``torch.cuda`` of a device with 8 GiB. A real one has not been asked by these tests."""

    def __init__(self) -> None:
        self.set: list[tuple[float, str]] = []

    def get_device_properties(self, device: str) -> SimpleNamespace:
        return SimpleNamespace(total_memory=8 << 30)

    def set_per_process_memory_fraction(self, fraction: float, device: str) -> None:
        self.set.append((fraction, device))


@pytest.mark.parametrize(("megabytes", "fraction"), [(2048, 0.25), (8192, 1.0), (100_000, 1.0)])
def test_a_limit_of_gpu_memory_is_a_share_of_the_device(megabytes: int, fraction: float) -> None:
    cuda = PlayedCuda()
    funasr.limit_memory(cuda, "cuda:1", megabytes)
    assert cuda.set == [(fraction, "cuda:1")]


def test_answers_are_matched_by_key_and_a_missing_one_has_no_text() -> None:
    results = [{"key": "2", "text": "c"}, {"key": "0", "text": "a"}]
    assert in_order(results, 3) == ["a", "", "c"]
    assert in_order([], 2) == ["", ""]


@pytest.mark.parametrize("keys", [["0", "0"], ["2"], ["rand_key"]])
def test_an_answer_to_nothing_is_refused(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="for 2 recordings"):
        in_order([{"key": key, "text": "x"} for key in keys], 2)


def test_each_outcome_belongs_to_its_request_whatever_is_mixed() -> None:
    chance = random.Random(2)
    engine = engine_on(FakeModel())
    for _ in range(100):
        batch, expected = [], []
        for _ in range(chance.randrange(1, 12)):
            samples = chance.choice([0, 300, *range(800, 40_000, 977)])
            options = Options(chance.choice(["auto", "en", "zh"]), itn=chance.random() < 0.5)
            batch.append(DecodeRequest(of_length(samples), options))
            expected.append(str(samples) if samples >= 800 else "")
        assert texts(engine, batch) == expected


def test_options_reach_the_model() -> None:
    model = FakeModel()
    texts(engine_on(model), [DecodeRequest(of_length(900), Options("yue", ("蓝莓",), itn=False))])
    assert model.asked == [([900], {"language": "yue", "use_itn": False})]


def test_hotwords_are_for_paraformer_and_are_never_an_address_or_a_file() -> None:
    model = FakeModel()
    engine = engine_on(model, "SeacoParaformer")
    for hotwords in (("http://host/words", "达摩院"), ("/etc/words.txt",), ()):
        texts(engine, [DecodeRequest(of_length(900), Options("zh", hotwords))])
    assert [asked for _, asked in model.asked] == [
        {"hotword": " http://host/words 达摩院 "},
        {"hotword": " /etc/words.txt "},
        {},
    ]


def test_paraformer_text_is_joined_and_punctuated_where_that_is_wanted() -> None:
    def answer(recordings: Sequence[Any], asked: Asked) -> list[str]:
        return ["打 开 wifi 吧"] * len(recordings)

    info = EngineInfo("funasr", "fake", "cpu")
    engine = FunasrEngine(info, FAMILIES["SeacoParaformer"], answer, lambda text: f"{text}。")
    pcm = of_length(900)
    batch = [DecodeRequest(pcm), DecodeRequest(pcm, Options(punctuation=False)), DecodeRequest(b"")]
    assert texts(engine, batch) == ["打开 wifi 吧。", "打开 wifi 吧", ""]


def test_what_is_wrong_with_one_request_costs_only_itself() -> None:
    model = FakeModel()
    halved, unknown, japanese, short, silent, good = engine_on(model, "Paraformer").decode(
        [
            DecodeRequest(of_length(900) + b"\1"),
            DecodeRequest(of_length(900), Options("xx")),
            DecodeRequest(of_length(900), Options("ja")),
            DecodeRequest(of_length(256)),
            DecodeRequest(bytes(2 * SECOND)),
            DecodeRequest(of_length(900), Options("zh")),
        ]
    )
    assert isinstance(halved, DecodeFailure) and halved.code is ErrorCode.AUDIO_INVALID
    for refused in (unknown, japanese):
        assert isinstance(refused, DecodeFailure) and refused.code is ErrorCode.UNSUPPORTED
    assert short == silent == Transcript("")
    assert isinstance(good, Transcript) and good.text
    assert [lengths for lengths, _ in model.asked] == [[900]]


def settings(folder: Path | str, device: str = "cpu", **extra: str) -> EngineSettings:
    """For an engine on one thread or two, so that it disturbs nothing."""
    return EngineSettings("funasr", "digits", str(folder), device, 2, extra)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the model that a test may break."""
    return Path(shutil.copytree(MODEL, tmp_path / "digits"))


def test_what_is_not_there_says_why(tmp_path: Path, copy: Path) -> None:
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


def test_a_model_without_weights_is_refused_where_funasr_would_take_random_ones(copy: Path) -> None:
    (copy / "model.pt").unlink()
    with pytest.raises(EngineUnavailable, match=r"it has no model\.pt"):
        create(settings(copy))


@pytest.mark.parametrize(("config", "named"), [("model: FsmnVADStreaming\n", "FsmnVADStreaming"), ("", "without")])
def test_a_model_of_another_kind_is_refused(copy: Path, config: str, named: str) -> None:
    (copy / "config.yaml").write_text(config)
    with pytest.raises(EngineUnavailable, match=f"{named}.*runs SenseVoiceSmall, Paraformer"):
        create(settings(copy))
    (copy / "config.yaml").write_text("model: Paraformer\n")
    with pytest.raises(EngineUnavailable, match="no CT-Transformer"):
        create(settings(copy, punctuation=str(MODEL)))


def test_without_its_libraries_it_says_what_to_install() -> None:
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


# -- what it does ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def engine() -> FunasrEngine:
    """The digits model on this computer's processor."""
    return create(settings(MODEL))


@pytest.fixture(scope="module")
def recordings() -> list[bytes]:
    """Spoken digits."""
    return [digits.pcm for digits in every_digits()]


def requests(recordings: Sequence[bytes], language: str = "en", itn: bool = False) -> list[DecodeRequest]:
    """One request for each."""
    return [DecodeRequest(pcm, Options(language, itn=itn)) for pcm in recordings]


@pytest.fixture(scope="module")
def funasr_says(recordings: list[bytes]) -> list[str]:
    """What FunASR itself makes of the recordings, one by one, the documented way."""
    from funasr import AutoModel

    model = AutoModel(model=str(MODEL), device="cpu", ncpu=2, disable_update=True, disable_pbar=True)
    audio = [np.frombuffer(pcm, "<i2").astype(np.float32) / 32_768 for pcm in recordings]
    answers = [model.generate(input=samples, language="en", use_itn=False)[0]["text"] for samples in audio]
    return [str(answer).rpartition("|>")[2] for answer in answers]


@pytest.mark.funasr
@pytest.mark.serial
class TestTheDigitsModel:
    """A real model of FunASR's own class, trained to write down digits."""

    def test_it_writes_what_was_said(self, engine: FunasrEngine) -> None:
        digits = shipped_digits()
        found = texts(engine, requests([each.pcm for each in digits]))
        said = [each.text for each in digits]
        assert sum(map(str.__eq__, found, said)) >= len(said) // 2, found
        assert "seven four three" in found

    def test_its_texts_are_funasrs_texts_in_batches_of_any_size(
        self, engine: FunasrEngine, recordings: list[bytes], funasr_says: list[str]
    ) -> None:
        asked = requests(recordings)
        for size in (1, 4, 8):
            batches = [texts(engine, asked[at : at + size]) for at in range(0, len(asked), size)]
            assert sum(batches, []) == funasr_says

    def test_nothing_is_mixed_up_in_mixed_batches(
        self, engine: FunasrEngine, recordings: list[bytes], funasr_says: list[str]
    ) -> None:
        chance = random.Random(3)
        for _ in range(20):
            places = [chance.randrange(len(recordings)) for _ in range(8)]
            batch = requests([recordings[place] for place in places])
            batch[chance.randrange(8)] = DecodeRequest(b"\1", Options("en"))
            expected = [
                funasr_says[place] if request.pcm == recordings[place] else None
                for place, request in zip(places, batch, strict=True)
            ]
            found = engine.decode(batch)
            assert [outcome.text if isinstance(outcome, Transcript) else None for outcome in found] == expected

    def test_digits_are_written_as_figures_where_that_is_wanted(self, engine: FunasrEngine) -> None:
        (first, *_) = shipped_digits()
        spoken, written = engine.decode(
            [*requests([first.pcm], "auto", itn=False), *requests([first.pcm], "auto", itn=True)]
        )
        assert spoken == Transcript("seven four three", "en", (), "neutral", "speech")
        assert written == Transcript("743", "en", (), "neutral", "speech")

    def test_where_nothing_is_said_there_is_no_text(self, engine: FunasrEngine) -> None:
        noise = np.random.default_rng(0).standard_normal(2 * SECOND)
        tone = np.sin(np.arange(2 * SECOND) * 2 * np.pi * 440 / SECOND)
        sounds = [noise * 30, noise * 300, noise * 3_000, tone * 10_000]
        batch = requests([b"", bytes(64_000), *(sound.astype("<i2").tobytes() for sound in sounds)], itn=True)
        assert texts(engine, batch) == [""] * 6

    def test_loading_and_decoding_leave_the_process_as_it_was(
        self, recordings: list[bytes], capfd: pytest.CaptureFixture[str]
    ) -> None:
        root = logging.getLogger()
        before = (root.level, list(root.handlers), root.manager.disable, sys.stdout)
        fresh = create(settings(MODEL))
        texts(fresh, requests(recordings[:2]))
        assert (root.level, list(root.handlers), root.manager.disable, sys.stdout) == before
        assert capfd.readouterr().out == ""
        fresh.close()

    def test_it_tells_what_it_is(self, engine: FunasrEngine) -> None:
        info = engine.info()
        assert (info.engine, info.model, info.device, info.slots) == ("funasr", "digits", "cpu", 4)
        assert {"zh", "en", "yue"} <= set(info.languages)

    def test_a_folder_of_ones_own_gives_its_name(self, copy: Path) -> None:
        named = create(EngineSettings("funasr", device="auto", threads=2, extra={"folder": str(copy)}))
        assert named.info().model == "digits"

    @pytest.mark.parametrize("kept", [0, 1_000, 1_000_000])
    def test_weights_cut_short_are_refused(self, copy: Path, kept: int) -> None:
        weights = (copy / "model.pt").read_bytes()
        (copy / "model.pt").write_bytes(weights[:kept])
        with pytest.raises(EngineUnavailable, match=r"digits' cannot be loaded: \w"):
            create(settings(copy))

    def test_a_device_that_is_not_there_is_refused_where_funasr_would_take_the_processor(self) -> None:
        with pytest.raises(EngineUnavailable, match=r"no cuda:99: use --device cpu or auto"):
            create(settings(MODEL, device="cuda:99"))

    def test_a_fresh_process_connects_to_nothing_prints_nothing_and_keeps_its_logging(self) -> None:
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

    async def test_its_process_says_the_same(self, recordings: list[bytes], funasr_says: list[str]) -> None:
        process = await EngineProcess.start(settings(MODEL), 100)
        try:
            outcomes = await process.decode(requests(recordings), 100)
        finally:
            await process.close()
        assert [outcome.text for outcome in outcomes if isinstance(outcome, Transcript)] == funasr_says
