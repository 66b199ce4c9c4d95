"""Only workers that announce translations make them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from protocol.endpoint import Endpoint
from tests.app.speech import SPEECH
from tests.helpers.api_chain import running_api_chain, text_of_file
from tests.helpers.chain import Chain
from tests.helpers.translating_engine import ENGINE, translation
from tests.helpers.waiting import wait_until_sync

if TYPE_CHECKING:
    import openai

FILE = SPEECH / "en-03.flac"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Chain, Endpoint]]:
    """Run a gateway whose only worker knows nothing of translations."""
    with running_api_chain(tmp_path_factory.mktemp("translations")) as running:
        yield running


@pytest.fixture(scope="module")
def client(chain: tuple[Chain, Endpoint]) -> "openai.OpenAI":
    import openai  # late: every process of pytest imports this module, and few run this test

    return openai.OpenAI(base_url=f"{chain[1].url}/v1", api_key=chain[1].key, max_retries=0)


def translated(client: "openai.OpenAI", **fields: Any) -> Any:
    with FILE.open("rb") as file:
        return client.audio.translations.create(file=file, model="whisper-1", **fields)


def transcribed(client: "openai.OpenAI") -> str:
    with FILE.open("rb") as file:
        return client.audio.transcriptions.create(file=file, model="whisper-1").text


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_translations_need_a_worker_that_can(
    chain: tuple[Chain, Endpoint], client: "openai.OpenAI", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import openai

    running, text = chain[0], text_of_file(FILE)
    assert transcribed(client) == text
    with pytest.raises(openai.BadRequestError, match="translates") as refused:
        translated(client)
    assert refused.value.code == "unsupported"
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    able = running.worker("--engine", ENGINE, name="translator")
    wait_until_sync(lambda: _announced(client), "a worker that translates is there")
    assert translated(client).text == translation(text)
    detailed = translated(client, response_format="verbose_json")
    assert (detailed.text, detailed.language, detailed.model_extra["task"]) == (
        translation(text),
        "english",
        "translate",
    )
    assert transcribed(client) == text
    able.kill()
    key = tmp_path / "key"
    key.write_text(chain[1].key)
    key.chmod(0o600)
    through = ("--gateway", chain[1].url, "--key-file", str(key))
    running.start("elsewhere", "kikipounamu-worker", "run", "--engine", ENGINE, *through, home="elsewhere")
    assert translated(client).text == translation(text)


def _announced(client: "openai.OpenAI") -> bool:
    """Return whether the gateway has a model that translates."""
    listed = client.get("/models", cast_to=dict[str, Any])
    return any(model["translates"] for model in listed["models"])
