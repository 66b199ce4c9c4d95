"""The stored answer of the user."""

import os
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from app.insertion.helper.frames import REQUESTS, LateKey, OpenRequest
from app.insertion.portal.permission import Permission, ask_again


def test_new_token_replaces_the_last_one_and_only_the_user_may_read_it(tmp_path: Path) -> None:
    place = tmp_path / "config" / "permission.json"
    for token in ("one", "two"):
        Permission(place, 7).grant(token)
    assert Permission(place, 8).token == "two" and not Permission(place, 8).refused
    assert place.stat().st_mode & 0o777 == 0o600 and os.listdir(place.parent) == [place.name]


def test_refusal_counts_until_the_app_is_started_again(tmp_path: Path) -> None:
    place = tmp_path / "permission.json"
    Permission(place, 7).grant("one")
    Permission(place, 7).refuse()
    assert Permission(place, 7).refused and not Permission(place, 7).token
    assert not Permission(place, 8).refused


def test_refusal_ends_with_the_app_even_if_the_next_has_its_process_id(tmp_path: Path) -> None:
    place = tmp_path / "permission.json"
    first, second = (OpenRequest(None, 1.0, 2) for _ in range(2))  # in a sandbox, each start has the same ids
    Permission(place, first.run).refuse()
    assert not Permission(place, second.run).refused
    sent = REQUESTS.pack(msgspec.structs.replace(first, late=(LateKey(1, 2),)))
    received = REQUESTS.read(BytesIO(sent))
    assert isinstance(received, OpenRequest)
    assert Permission(place, received.run).refused


def test_user_may_ask_to_be_asked_again(tmp_path: Path) -> None:
    place = tmp_path / "permission.json"
    ask_again(place)
    Permission(place, 7).grant("one")
    ask_again(place)
    assert Permission(place, 7).token == "one"
    Permission(place, 7).refuse()
    ask_again(place)
    assert not Permission(place, 7).refused


@pytest.mark.parametrize("content", ["", "[]", "{", '{"token": 1}', '{"other": ""}', '"x"', '{"token": null}'])
def test_damaged_file_means_no_answer(tmp_path: Path, content: str) -> None:
    place = tmp_path / "permission.json"
    place.write_text(content)
    assert not Permission(place, 7).token and not Permission(place, 7).refused


def test_folder_that_cannot_be_written_means_no_answer() -> None:
    permission = Permission(Path("/dev/null/permission.json"), 7)
    permission.grant("one")
    assert not permission.token
