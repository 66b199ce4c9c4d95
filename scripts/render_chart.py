"""Render the Helm chart without Helm and without a cluster: by Helm's own library, which helm-python-sdk ships.

    python -m scripts.render_chart packaging/kubernetes/values/cluster.yaml [--set gateway.replicas=5] [--json]

Prints the manifests that an installation would apply. If the values or the chart are wrong, prints the faults and
exits with 1. Checks templates, values.schema.json and Helm's lint, but nothing that needs a cluster: hooks,
``lookup``, upgrades.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
CHART: Final = ROOT / "packaging" / "kubernetes" / "kikipounamu"
RELEASE: Final = "speech"
NAMESPACE: Final = "dictation"
_WARNING: Final = 2

Manifest = dict[str, Any]


class ChartRefused(Exception):
    """The chart cannot be rendered with these values; the text says why."""


def render(values: Mapping[str, Any], chart: Path = CHART) -> list[Manifest]:
    """Return every manifest of the chart with these values. Raises ``ChartRefused``."""
    helm: Any = import_module("helm_python")  # imported late: only this script and its tests need it
    yaml: Any = import_module("yaml")
    try:
        with helm.Chart.load(chart) as loaded:
            loaded.validate_schema(dict(values))
            files = loaded.render(dict(values), name=RELEASE, namespace=NAMESPACE)
    except helm.HelmError as error:
        raise ChartRefused(str(error)) from error
    found = [
        one for name, text in sorted(files.items()) if name.endswith(".yaml") for one in yaml.safe_load_all(text)
    ]
    return [manifest for manifest in found if manifest]


def lint(values: Mapping[str, Any], chart: Path = CHART) -> list[str]:
    """Return the warnings and errors of Helm's lint."""
    helm: Any = import_module("helm_python")
    report = helm.lint(chart, dict(values), strict=True)
    messages = [f"{one['path']}: {one['error']}" for one in report["messages"] if one["severity"] >= _WARNING]
    return [*messages, *report["errors"]]


def read_values(files: Sequence[Path], settings: Sequence[str] = ()) -> dict[str, Any]:
    """Return the values of these files, later ones over earlier ones, and of settings as ``a.b=c`` over all."""
    helm: Any = import_module("helm_python")
    yaml: Any = import_module("yaml")
    values: dict[str, Any] = {}
    for file in files:
        values = _merged(values, yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    for setting in settings:
        values = _merged(values, helm.parse_set_string(setting))
    return values


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        known = merged.get(name)
        merged[name] = _merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def main() -> int:
    """Print the manifests and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("values", type=Path, nargs="+", help="files of values")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="one more value")
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    options = parser.parse_args()
    yaml: Any = import_module("yaml")
    try:
        values = read_values(options.values, options.set)
        manifests = render(values)
        wrong = lint(values)
    except ChartRefused as error:
        wrong, manifests = [str(error)], []
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    print(json.dumps(manifests) if options.json else yaml.safe_dump_all(manifests, sort_keys=False), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
