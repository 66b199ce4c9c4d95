"""Test the digits model as an ONNX graph through the whole chain: gateway, broker and a worker without torch."""

from pathlib import Path
from uuid import uuid4

import pytest

from protocol.engine import DecodeRequest, EngineSettings, Transcript
from protocol.recognition import Options
from tests.helpers.chain import running_chain
from tests.helpers.conversation import conversation
from tests.helpers.digits import MODEL, every_digits
from tests.helpers.sensevoice import export_all
from tests.helpers.valkey import Broker
from worker.engines.sensevoice_onnx import create

pytestmark = [pytest.mark.funasr, pytest.mark.serial("engines"), pytest.mark.timeout(300)]

OPTIONS = Options("en", itn=False)
AHEAD = 8


async def test_chain_returns_exact_texts_and_words_of_the_graph(tmp_path: Path, broker: Broker) -> None:
    graphs = export_all(MODEL, tmp_path / "graphs")
    said = [digits.pcm for digits in every_digits()]
    engine = create(EngineSettings("sensevoice-onnx", model_folder=str(graphs), device="cpu", threads=1))
    alone = [engine.decode([DecodeRequest(pcm, OPTIONS)])[0] for pcm in said]
    expected = [(outcome.text, outcome.words) for outcome in alone if isinstance(outcome, Transcript)]
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        options = ("--set", f"folder={graphs}", "--device", "cpu", "--threads", "1")
        chain.worker("--engine", "sensevoice-onnx", *options)
        finals = []
        async with conversation(endpoint, uuid4(), options=OPTIONS) as (talk, _):
            for first in range(0, len(said), AHEAD):
                numbers = range(first, min(first + AHEAD, len(said)))
                for number in numbers:
                    await talk.segment(number, said[number])
                finals += [await talk.final(number) for number in numbers]
    assert [(final.text, final.words) for final in finals] == expected and len(set(expected)) > len(expected) // 2
    assert all(final.text.split() == [word.text for word in final.words] for final in finals)
    assert {(final.model, final.language) for final in finals} == {("graphs", "en")}
    assert {(final.emotion, final.event) for final in finals} == {("neutral", "speech")}
