"""``kikipounamu dashboard`` leads the browser to the gateway with its key, and nobody else."""

from pathlib import Path

import pytest

from app.dashboard_command import page_of, show
from app.errors import UsageMistake
from app.gateways.store import GatewayStore, Paired, of_this_user
from client.connection import Address
from client.errors import Unreachable
from protocol.endpoint import Endpoint, encode_endpoint
from runtime.folders import folders
from tests.app.test_dashboard_relay import Visitor

KEY = "a key/of+tests"
PAGE = "http://127.0.0.1:4/dashboard#key=a%20key%2Fof%2Btests"
PAIRED = Paired(("https://10.0.0.7:8765",), "ab" * 32, "device", "k", own_name="The tower")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))


@pytest.fixture
def running() -> None:
    """A gateway of this computer, as its file says."""
    folders().runtime.mkdir(parents=True)
    (folders().runtime / "gateway.json").write_bytes(encode_endpoint(Endpoint("http://127.0.0.1:4", KEY, 1)))


def never(url: str) -> bool:
    raise AssertionError("nothing is opened")


def test_the_key_stands_where_no_server_is_told_it() -> None:
    assert page_of(Address("http://127.0.0.1:4", KEY)) == PAGE
    assert page_of(Address("http://[::1]:4/")) == "http://[::1]:4/dashboard"


async def test_a_browser_is_led_there_once_by_an_address_without_the_key(running: None) -> None:
    browser = Visitor()
    assert await show("", browser) == 0
    assert await browser.leave() in ([(302, PAGE)], [(302, PAGE), (404, "")])
    assert "key" not in browser.given and browser.given.startswith("http://127.0.0.1:")


async def test_where_no_browser_is_the_command_says_how_to_go_on(
    running: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await show("", lambda url: False) == 1
    assert "--print" in capsys.readouterr().err


async def test_the_address_can_be_printed(running: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert await show("", never, print_only=True) == 0
    assert capsys.readouterr().out == f"{PAGE}\n"


async def test_without_a_gateway_it_says_how_to_start_one() -> None:
    with pytest.raises(Unreachable, match="kikipounamu up"):
        await show("", never, print_only=True)


async def test_a_paired_gateway_is_shown_with_what_to_compare(capsys: pytest.CaptureFixture[str]) -> None:
    GatewayStore(of_this_user()).write((PAIRED,))
    browser = Visitor()
    assert await show("The tower", browser) == 0
    assert (await browser.leave())[0] == (302, "https://10.0.0.7:8765/dashboard#key=k")
    assert PAIRED.certificate_sha256 in capsys.readouterr().out
    with pytest.raises(UsageMistake, match="paired: The tower"):
        await show("The towel", never)
