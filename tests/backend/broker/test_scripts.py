"""The gateway's scripts as they are sent."""

from hashlib import sha1
from importlib.resources import files

from backend.broker.scripts import NAMES, load_scripts


def test_every_lua_file_is_a_script_or_shared() -> None:
    folder = files("backend.broker").joinpath("lua")
    assert {entry.name for entry in folder.iterdir()} == {f"{name}.lua" for name in (*NAMES, "shared")}


def test_script_has_shebang_shared_part_and_digest() -> None:
    for source, digest in load_scripts().values():
        assert source.startswith(b"#!lua")
        assert b"local function remove_entry" in source
        assert digest == sha1(source, usedforsecurity=False).hexdigest()


def test_only_scripts_that_add_audio_are_refused_by_full_broker() -> None:
    folder = files("backend.broker").joinpath("lua")
    for name, (source, _) in load_scripts().items():
        adds = '"XADD"' in folder.joinpath(f"{name}.lua").read_text()  # the shared part adds only small texts
        assert adds == (b"allow-oom" not in source.split(b"\n", 1)[0]), name
