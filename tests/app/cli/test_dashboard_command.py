"""Tests that ``kikipounamu dashboard`` authorises only the browser that it opens."""

from pathlib import Path

import pytest

from app.cli.dashboard_command import page_of, show
from app.core.errors import UsageMistake
from app.gateways.store import GatewayStore, PairedGateway, gateways_file
from client.connection import Address
from client.errors import Unreachable
from protocol.endpoint import Endpoint, encode_endpoint
from runtime.folders import folders
from tests.app.cli.test_dashboard_relay import Visitor

KEY = "a key/of+tests"
PAGE = "http://127.0.0.1:4/dashboard#key=a%20key%2Fof%2Btests"
PAIRED = PairedGateway(("https://10.0.0.7:8765",), "ab" * 32, "device", "k", own_name="The tower")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))


@pytest.fixture
def running() -> None:
    """Set up the endpoint file of a running gateway on this computer."""
    folders().runtime.mkdir(parents=True)
    (folders().runtime / "gateway.json").write_bytes(encode_endpoint(Endpoint("http://127.0.0.1:4", KEY, 1)))


def never(url: str) -> bool:
    raise AssertionError("nothing is opened")


def test_dashboard_address_has_key_in_fragment() -> None:
    assert page_of(Address("http://127.0.0.1:4", KEY)) == PAGE
    assert page_of(Address("http://[::1]:4/")) == "http://[::1]:4/dashboard"


async def test_browser_is_redirected_once_from_address_without_key(running: None) -> None:
    browser = Visitor()
    assert await show("", browser) == 0
    assert await browser.leave() in ([(302, PAGE)], [(302, PAGE), (404, "")])
    assert "key" not in browser.given and browser.given.startswith("http://127.0.0.1:")


async def test_dashboard_suggests_print_option_when_no_browser_opens(
    running: None, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []

    def browse(url: str) -> bool:
        told.append(capsys.readouterr().out)
        return False

    assert await show("", browse) == 1
    assert told == ["Opening http://127.0.0.1:4/dashboard in a browser\n"], "an attempt may take long"
    assert "--print" in capsys.readouterr().err


async def test_dashboard_prints_address_on_request(running: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert await show("", never, print_only=True) == 0
    assert capsys.readouterr().out == f"{PAGE}\n"


async def test_dashboard_explains_how_to_start_gateway_when_none_runs() -> None:
    with pytest.raises(Unreachable, match="kikipounamu up"):
        await show("", never, print_only=True)


async def test_dashboard_of_paired_gateway_shows_certificate_digest(capsys: pytest.CaptureFixture[str]) -> None:
    GatewayStore(gateways_file()).write((PAIRED,))
    browser = Visitor()
    assert await show("The tower", browser) == 0
    assert (await browser.leave())[0] == (302, "https://10.0.0.7:8765/dashboard#key=k")
    assert PAIRED.certificate_sha256 in capsys.readouterr().out
    with pytest.raises(UsageMistake, match="paired: The tower"):
        await show("The towel", never)
