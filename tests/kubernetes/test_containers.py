"""Check the container definitions: users, signals, health checks, images, and what they start."""

import re
import shlex
from importlib import import_module
from typing import Any, Final

import pytest

from scripts.render_chart import ROOT
from tests.test_layout import foreign_places

DOCKERFILE: Final = ROOT / "packaging" / "containers" / "Dockerfile"
TEXT: Final = DOCKERFILE.read_text()
IMAGES: Final = ("gateway", "worker", "worker-cuda")
_STAGE: Final = re.compile(r"^FROM (\S+) AS (\S+)$", re.MULTILINE)


def instructions(text: str) -> list[tuple[str, str]]:
    """Return the instructions of a file as names and arguments; continued lines are joined."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    return [
        (name, rest.strip()) for name, _, rest in (line.partition(" ") for line in joined.splitlines() if line)
    ]


def stage(name: str) -> list[tuple[str, str]]:
    """Return the instructions of one stage, without its FROM."""
    found: list[tuple[str, str]] = []
    inside = False
    for instruction, rest in instructions(TEXT):
        if instruction == "FROM":
            inside = rest.endswith(f" AS {name}")
        elif inside:
            found.append((instruction, rest))
    return found


def last(name: str, instruction: str) -> str:
    return [rest for one, rest in stage(name) if one == instruction][-1]


@pytest.mark.parametrize("image", IMAGES)
def test_image_runs_as_a_numbered_user_and_ends_on_sigterm(image: str) -> None:
    assert last(image, "USER") == "10001:10001"
    assert last(image, "STOPSIGNAL") == "SIGTERM"
    assert last(image, "ENTRYPOINT").startswith("["), "a shell in between would keep the signal"
    assert last(image, "CMD").startswith("[")
    assert "HEALTHCHECK" in dict(stage(image))
    assert not any(name == "RUN" for name, _ in stage(image)), "the image has no build tools"


@pytest.mark.parametrize("image", IMAGES)
def test_health_check_asks_where_the_program_answers(image: str) -> None:
    asked = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", last(image, "HEALTHCHECK"))
    assert asked is not None
    assert asked.groups() == (("8765", "/healthz") if image == "gateway" else ("9101", "/metrics"))
    assert last(image, "EXPOSE") == asked[1]
    if image != "gateway":
        assert f"0.0.0.0:{asked[1]}" in last(image, "CMD")


def test_images_are_fixed_and_no_registry_or_index_of_packages_is_named() -> None:
    bases = [base for base, _ in _STAGE.findall(TEXT)]
    stages = {name for _, name in _STAGE.findall(TEXT)}
    assert {base for base in bases if base not in stages} == {"${PYTHON}"}
    (default,) = re.findall(r"^ARG PYTHON=(\S+)$", TEXT, re.MULTILINE)
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", default)
    assert foreign_places(TEXT) == [] and "://" not in TEXT.replace("http://127.0.0.1", "")


def test_torch_is_installed_first_and_from_an_index_that_the_builder_names() -> None:
    (built,) = (rest for name, rest in stage("build-worker-cuda") if name == "RUN")
    first, second = built.split("&&")[:2]
    assert first.split()[-1] == "torch" and '--index-url "$TORCH_INDEX"' in first
    assert ".[worker,$ENGINES]" in second
    assert "packaging/torch.md" in TEXT


def test_every_package_of_the_wheel_is_copied() -> None:
    tomllib: Any = import_module("tomllib")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {name.removesuffix("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    copied = {rest.split()[0] for name, rest in stage("sources") if name == "COPY"}
    assert wanted <= copied
    ignored = (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text().split()
    assert {name for name in ignored if name.startswith("!")} == {
        f"!{name}"
        for names in (rest.split()[:-1] for one, rest in stage("sources") if one == "COPY")
        for name in names
    }


@pytest.mark.parametrize("image", IMAGES)
def test_programs_and_extras_exist(image: str) -> None:
    tomllib: Any = import_module("tomllib")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (program,) = shlex.split(last(image, "ENTRYPOINT").strip("[]"))
    assert program in project["scripts"]
    (built,) = (rest for name, rest in stage(f"build-{image}") if name == "RUN")
    engines = dict(rest.split("=", 1) for name, rest in stage(f"build-{image}") if name == "ARG").get(
        "ENGINES", ""
    )
    (extras,) = re.findall(r"\.\[([^\]]*)\]", built)
    assert set(extras.replace("$ENGINES", engines).split(",")) <= set(project["optional-dependencies"])
