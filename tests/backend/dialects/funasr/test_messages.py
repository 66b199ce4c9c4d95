"""Messages of FunASR's protocol, as documented and as third-party clients really send and read them."""

import json

import pytest

from backend.dialects.funasr.messages import (
    Config,
    FailedSpeech,
    client_text,
    end_message,
    failed_message,
    hotwords,
    offline,
    online,
)
from backend.dialects.transcript import TranscriptPart
from protocol.errors import MalformedMessage
from protocol.recognition import Word
from tests.backend.dialects.nesting import nested_list

FIRST = {
    "mode": "2pass",
    "wav_name": "desk",
    "wav_format": "pcm",
    "is_speaking": True,
    "chunk_size": "5,10,5",
    "chunk_interval": 10,
    "encoder_chunk_look_back": 4,
    "hotwords": '{"阿里巴巴": 20, "Ōtaki": 10}',
    "itn": False,
    "audio_fs": 8000,
    "svs_lang": "zh",
}


def test_first_message_configures_the_speech() -> None:
    said = client_text(json.dumps(FIRST), Config())
    assert (said.config.mode, said.config.name, said.config.rate, said.speaks) == ("2pass", "desk", 8_000, True)
    options = said.config.options
    assert (options.hotwords, options.itn, options.language) == (("阿里巴巴", "Ōtaki"), False, "zh")


def test_later_message_keeps_missing_fields() -> None:
    before = client_text(json.dumps(FIRST), Config()).config
    said = client_text('{"is_speaking": false, "is_end": true}', before)
    assert (said.config, said.speaks, said.ends) == (before, False, True)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "[]",
        "7",
        "{",
        '{"mode": "3pass"}',
        '{"audio_fs": 7999}',
        '{"audio_fs": 48001}',
        '{"audio_fs": true}',
        '{"audio_fs": "x"}',
        '"\ud800"',
    ],
)
def test_broken_message_is_refused(data: str) -> None:
    with pytest.raises(MalformedMessage):
        client_text(data, Config())


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('{"a b": 1}', ("a b",)),
        ({"x": 3}, ("x",)),
        ("阿里巴巴 20\nhello world 10\nplain", ("阿里巴巴", "hello world", "plain")),
        ("阿里巴巴,通义实验室 20，Ōtaki", ("阿里巴巴", "通义实验室", "Ōtaki")),
        ("", ()),
        (None, ()),
        (["x" * 65, " "], ()),
        (["阿里巴巴", 2024, None, nested_list()], ("阿里巴巴", "2024")),
    ],
)
def test_hotwords_come_in_each_form_of_the_clients(value: object, words: tuple[str, ...]) -> None:
    assert hotwords(value) == words


def test_times_are_a_string_of_json() -> None:
    part = TranscriptPart(0, 900, "hello there.", "en", (Word("hello", 0, 400), Word("there.", 500, 900)))
    message = json.loads(offline(Config(), [part], part.text))
    assert (message["mode"], message["is_final"]) == ("2pass-offline", False)
    assert json.loads(message["timestamp"]) == [[0, 400], [500, 900]]
    (sentence,) = message["stamp_sents"]
    assert (sentence["text_seg"], sentence["punc"]) == ("hello there", ".")
    assert "timestamp" not in json.loads(offline(Config(), [], "text"))


def test_phrase_has_a_time_for_each_word_in_funasr_messages() -> None:
    said = TranscriptPart(0, 900, "hello you.", "en", (Word("hello you.", 0, 900),))
    unknown = TranscriptPart(900, 1_800, "and you", "en")
    message = json.loads(offline(Config(), [said, unknown], "hello you. and you"))
    times = json.loads(message["timestamp"])
    assert len(times) == 2 and times[0][0] == 0 and times[-1][1] == 900
    assert [sentence["ts_list"] for sentence in message["stamp_sents"]] == [times, []]


def test_modes_name_their_answers() -> None:
    modes = [json.loads(online(Config(mode), "x"))["mode"] for mode in ("2pass", "online")]
    assert modes == ["2pass-online", "online"]
    for mode in ("2pass", "online", "offline"):
        messages = offline(Config(mode), [], "x"), failed_message(Config(mode), FailedSpeech("busy", "later"))
        named = "2pass-offline" if mode == "2pass" else mode
        assert [json.loads(message)["mode"] for message in messages] == [named] * 2


def test_last_messages_are_final() -> None:
    assert json.loads(end_message(Config()))["is_end"] is True
    failure = FailedSpeech("busy", "later")
    error = json.loads(failed_message(Config(), failure))
    assert (error["is_final"], error["text"], error["error"]["code"]) == (True, "", "busy")
    assert set(error["error"]) == {"code", "message", "details"}
    end = json.loads(end_message(Config(), failure))
    assert (end["is_end"], end["is_final"], end["error"]) == (True, False, error["error"])


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 48_000])
def test_rate_is_that_of_the_recording(rate: int) -> None:
    assert client_text(json.dumps({"audio_fs": rate}), Config()).config.rate == rate
