"""Gateways named on the command line."""

from pathlib import Path

import pytest

from app.core.errors import UsageMistake
from app.gateways.store import GatewaysNotKept, GatewayStore, PairedGateway, address_of, gateways_file, paired_as
from client.connection import Address

TOWER = PairedGateway(
    ("https://10.0.0.7:8765", "https://10.0.0.8:8765"), "ab" * 32, "d", "its key", own_name="The tower"
)
OTHER = PairedGateway(("https://10.0.0.9:8765",), "cd" * 32, "d", "k", own_name="tower-2", name="The tower")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    return gateways_file()


def test_address_uses_the_given_key_and_certificate() -> None:
    assert address_of("https://h:1", "k", "AB:" * 31 + "AB") == Address("https://h:1", "k", "", "AB" * 32)
    assert address_of("http://127.0.0.1:1") == Address("http://127.0.0.1:1")
    refused = (("https://h:1", "abc"), ("http://127.0.0.1:1", "ab" * 32), ("http://h:1", ""))
    for url, digest in refused:
        with pytest.raises(UsageMistake):
            address_of(url, "k", digest)


def test_name_uses_the_paired_key_and_certificate(file: Path) -> None:
    GatewayStore(file).write((TOWER,))
    for name in ("The tower", TOWER.id, TOWER.id[:4].upper()):
        assert address_of(name, "of another one", "cd" * 32) == TOWER.addresses[0]


@pytest.mark.parametrize("paired", [(), (TOWER,)])
def test_unknown_name_error_lists_the_paired_gateways(file: Path, paired: tuple[PairedGateway, ...]) -> None:
    if paired:
        GatewayStore(file).write(paired)
    with pytest.raises(UsageMistake, match=f"paired: {'The tower' if paired else 'none'}.* https://"):
        address_of("10.0.0.7:8765")


def test_ambiguous_name_error_lists_the_ids(file: Path) -> None:
    GatewayStore(file).write((TOWER, OTHER))
    with pytest.raises(UsageMistake, match=f"{TOWER.id}, {OTHER.id}"):
        paired_as("The tower", file)
    assert paired_as(OTHER.id, file) == OTHER


def test_damaged_file_is_left_for_the_app(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text('{"gateways": [{"key": "secret"')
    with pytest.raises(GatewaysNotKept, match="open the app") as raised:
        paired_as("The tower", file)
    assert "secret" not in str(raised.value) and [one.name for one in file.parent.iterdir()] == [file.name]
