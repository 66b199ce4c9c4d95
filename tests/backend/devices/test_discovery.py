import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.devices.discovery import findable, own_key
from protocol.endpoint import Endpoint, decode_endpoint, encode_endpoint
from tests.helpers.waiting import wait_until


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_endpoint_file_exists_while_gateway_runs_and_is_private(tmp_path: Path) -> None:
    file = tmp_path / "run" / "gateway.json"
    async with findable(file, "http://127.0.0.1:1", "k", "ab" * 32):
        endpoint = decode_endpoint(file.read_bytes())
        assert (endpoint.url, endpoint.key, endpoint.certificate_sha256) == ("http://127.0.0.1:1", "k", "ab" * 32)
        assert (mode(file), mode(file.parent)) == (0o600, 0o700)
    assert not file.exists()


async def test_endpoint_file_of_later_gateway_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "gateway.json"
    async with findable(file, "http://127.0.0.1:1", "k"):
        later = encode_endpoint(Endpoint("http://127.0.0.1:2", "k", 1))
        file.write_bytes(later)
    assert file.read_bytes() == later


async def test_removed_endpoint_file_is_written_again_while_gateway_runs(tmp_path: Path) -> None:
    file = tmp_path / "run" / "gateway.json"
    async with findable(file, "http://127.0.0.1:1", "k", there_s=0.01):
        before = file.read_bytes()
        shutil.rmtree(file.parent)
        await wait_until(file.exists, "it is there again")
        assert (file.read_bytes(), mode(file), mode(file.parent)) == (before, 0o600, 0o700)
    assert not file.exists()


def test_key_is_made_once_with_concurrent_callers(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with ThreadPoolExecutor(8) as several:
        keys = set(several.map(own_key, [folder] * 32))
    assert len(keys) == 1 and len(keys.pop()) >= 32
    assert [(path.name, mode(path)) for path in folder.iterdir()] == [("gateway.key", 0o600)]


def test_every_user_has_own_key(tmp_path: Path) -> None:
    assert own_key(tmp_path / "a") != own_key(tmp_path / "b")


@pytest.mark.parametrize("left", [b"", b"\n", bytes(43), b"\xff" * 43, b"a key with spaces in it"])
def test_unusable_key_is_replaced(tmp_path: Path, left: bytes) -> None:
    file = tmp_path / "gateway.key"
    file.write_bytes(left)
    key = own_key(tmp_path)
    assert len(key) >= 32 and own_key(tmp_path) == key
    assert (tmp_path / "gateway.key.damaged").read_bytes() == left


def test_key_that_an_editor_ended_with_a_line_feed_is_kept(tmp_path: Path) -> None:
    key = own_key(tmp_path)
    (tmp_path / "gateway.key").write_text(f"{key}\n")
    assert own_key(tmp_path) == key
