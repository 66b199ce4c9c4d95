"""Room for the files of requests: of one key and in all, by number and by size."""

from contextlib import ExitStack

import pytest

from backend.core.errors import OverQuota
from backend.dialects.request_room import RequestRoom
from backend.rest.file_settings import FileSettings

SETTINGS = FileSettings(requests=3, requests_of_key=2, request_bytes=100)


def test_files_are_limited_for_a_key_and_in_all() -> None:
    room = RequestRoom(SETTINGS)
    with ExitStack() as places:
        for owner in ("a", "a", "b"):
            places.enter_context(room.place(owner))
        for owner, whose in (("a", "files of this key"), ("b", "files are")):
            with pytest.raises(OverQuota, match=f"too many {whose}") as refused, room.place(owner):
                pass
            assert (refused.value.refusal.status, refused.value.refusal.retry_s > 0) == (429, True)
    assert not room.files


def test_bytes_are_limited_to_half_for_a_key_and_in_all() -> None:
    room = RequestRoom(SETTINGS)
    with room.place("a") as take_a, room.place("b") as take_b, room.place("c") as take_c:
        take_a(50)
        with pytest.raises(OverQuota, match="files of this key"):
            take_a(1)
        take_b(49)
        with pytest.raises(OverQuota, match="files that are") as refused:
            take_c(2)
        assert (refused.value.refusal.status, refused.value.refusal.retry_s > 0) == (503, True)
        take_c(1)
    assert not room.bytes and not room.files


def test_room_of_a_failed_request_is_free_again() -> None:
    room = RequestRoom(SETTINGS)
    with pytest.raises(KeyError), room.place("a") as take:
        take(50)
        raise KeyError
    with room.place("a") as take:
        take(50)
