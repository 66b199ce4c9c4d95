"""Test of the decodes by previous versions."""

import ast
from pathlib import Path

from benchmarks.fidelity import reference

IN_ALL_VERSIONS = {"protocol.engine", "protocol.recognition", "worker", "worker.engines"}


def test_previous_versions_have_what_decodes_with_them_import() -> None:
    source = Path(reference.__file__).with_name("whole_decode.py").read_text(encoding="utf-8")
    found = {node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
    ours = {name for name in found if name and name.split(".")[0] in ("protocol", "worker", "runtime", "speech")}
    assert ours == IN_ALL_VERSIONS
