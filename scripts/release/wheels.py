"""Build the wheel and the sdist, and check their metadata as the package index will."""

import gzip
import io
import os
import sys
import tarfile
import tempfile
from pathlib import Path

from scripts.release.commands import run
from scripts.release.errors import Refusal
from scripts.release.source import export


def build(checkout: Path, dist: Path, version: str) -> list[Path]:
    """Build both from a copy without ignored files: a stale ``build`` folder must not leak into them."""
    with tempfile.TemporaryDirectory() as copy:
        export(checkout, Path(copy))
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, copy)
    made = [dist / f"kikipounamu-{version}-py3-none-any.whl", dist / f"kikipounamu-{version}.tar.gz"]
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        settle(made[1], int(epoch))
    run(sys.executable, "-m", "twine", "check", "--strict", *made, kind=Refusal.CHECK_FAILED)
    return made


def settle(sdist: Path, time_s: int) -> None:
    """Give every file of an sdist one time and no owner, so that a commit always makes the same bytes.

    setuptools takes both from the copy; for the wheel it reads ``SOURCE_DATE_EPOCH`` itself.
    """
    part = sdist.with_suffix(".part")
    unpacked = io.BytesIO(gzip.decompress(sdist.read_bytes()))  # gzip cannot go back
    with (
        tarfile.open(fileobj=unpacked) as made,
        part.open("wb") as file,
        gzip.GzipFile("", "wb", mtime=time_s, fileobj=file) as packed,
        tarfile.open(fileobj=packed, mode="w") as settled,
    ):
        for member in sorted(made, key=lambda member: member.name):
            member.mtime, member.pax_headers = time_s, {}
            member.mode = 0o755 if member.mode & 0o100 else 0o644
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            settled.addfile(member, made.extractfile(member) if member.isfile() else None)
    part.replace(sdist)
