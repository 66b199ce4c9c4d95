"""Read metrics as Prometheus would, with its own parsers."""

from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

OPENMETRICS = "application/openmetrics-text; version=1.0.0"

Figures = dict[str, dict[tuple[str, ...], float]]


def families(body: bytes, content_type: str) -> list[Metric]:
    """Return the metric families, each with a text and a type. Raises ``ValueError`` for invalid metrics."""
    parse = openmetrics if "openmetrics" in content_type else plain
    found: Iterable[Metric] = parse(body.decode())
    listed = list(found)
    for family in listed:
        if not family.documentation or family.type == "unknown":
            raise ValueError(f"{family.name} does not say what it is")
    return listed


def figures(body: bytes, content_type: str = "") -> Figures:
    """Return every sample by name, then by label values in the order of label names.

    Raises ``ValueError`` for duplicates.
    """
    found: Figures = {}
    for family in families(body, content_type):
        for sample in family.samples:
            labels = tuple(value for _, value in sorted(sample.labels.items()))
            if labels in found.setdefault(sample.name, {}):
                raise ValueError(f"{sample.name}{labels} comes twice")
            found[sample.name][labels] = sample.value
    return found
