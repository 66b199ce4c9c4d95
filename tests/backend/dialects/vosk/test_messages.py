"""Messages of Vosk's protocol, as its clients really send and read them."""

import json

import pytest

from backend.dialects.transcript import TranscriptPart
from backend.dialects.vosk.messages import (
    VoskConfig,
    VoskText,
    is_vosk,
    partial_reply,
    result_reply,
    vosk_rate,
    vosk_text,
)
from protocol.errors import MalformedMessage
from protocol.recognition import Word

SPOKEN = [
    TranscriptPart(0, 900, "kia ora", words=(Word("kia", 0, 300), Word("ora", 300, 900))),
    TranscriptPart(1_000, 2_000, " haere mai "),
]


def test_configuration_is_taken_as_clients_write_it() -> None:
    said = vosk_text(
        '{ "config" : { "sample_rate" : 8000.000000, "phrase_list": ["Ōtaki", "[unk]"]} }', VoskConfig()
    )
    assert said.config == VoskConfig(rate=8_000, hotwords=("Ōtaki",))
    said = vosk_text('{"config": {"words": false, "max_alternatives": 2, "model": "x"}}', VoskConfig(8_000))
    assert said.config == VoskConfig(8_000, words=False, alternatives=True)


def test_ends_are_distinguished() -> None:
    assert vosk_text('{"eof" : 1}', VoskConfig()) == VoskText(closes=True)
    assert vosk_text('{"reset" : 1}', VoskConfig()) == VoskText()


@pytest.mark.parametrize(
    "data",
    [
        *("", "[]", "{", "{}", '{"config": 1}', '{"config": {"sample_rate": "x"}}', "\ud800", "[" * 9_999),
        *(
            '{"config": {"sample_rate": true}}',
            '{"config": {"sample_rate": 96000}}',
            '{"config": {"phrase_list": 7}}',
        ),
        '{"config": {"sample_rate": "nan"}}',
    ],
)
def test_broken_message_is_refused(data: str) -> None:
    with pytest.raises(MalformedMessage):
        vosk_text(data, VoskConfig())


def test_first_message_reports_the_protocol() -> None:
    assert is_vosk('{"config": {"sample_rate": 1}}') and is_vosk('{"eof": 1}')
    assert not is_vosk('{"mode": "2pass", "is_speaking": true}') and not is_vosk("{") and not is_vosk("[]")


def test_rate_may_be_a_text() -> None:
    assert vosk_rate("8000.0") == 8_000


def test_result_has_text_and_words() -> None:
    reply = json.loads(result_reply(VoskConfig(), SPOKEN))
    assert reply["text"] == "kia ora haere mai"
    assert [(one["word"], one["start"], one["end"]) for one in reply["result"]] == [
        ("kia", 0.0, 0.3),
        ("ora", 0.3, 0.9),
        ("haere", 1.0, 1.555),
        ("mai", 1.666, 2.0),
    ]
    assert json.loads(result_reply(VoskConfig(words=False), SPOKEN)) == {"text": "kia ora haere mai"}
    (best,) = json.loads(result_reply(VoskConfig(alternatives=True), SPOKEN))["alternatives"]
    assert (best["text"], best["confidence"]) == ("kia ora haere mai", 1.0)


def test_silence_has_an_empty_text() -> None:
    assert json.loads(result_reply(VoskConfig(), [])) == {"text": ""}
    assert json.loads(partial_reply(" kia ")) == {"partial": "kia"}
