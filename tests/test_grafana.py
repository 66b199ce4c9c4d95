"""Test the Grafana dashboard and the Prometheus example: all their metrics and labels exist."""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from backend.admission.admission import AdmissionLimits, Survey
from backend.history.service import HistoryState
from backend.observability.exposition import GatewayCollector, registry_of
from backend.observability.metrics import GatewayReading, Metrics
from backend.observability.metrics_routes import METRICS_PATH
from backend.observability.other_processes import OtherProcesses
from protocol.engine import EngineInfo
from protocol.monitor import BrokerState, WorkerState, WorkerStatus
from runtime.histogram import Histogram
from worker.core.tally import WorkerReading as WorkerNow
from worker.core.tally import WorkerTally
from worker.exposition import WorkerCollector

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGING: Final = ROOT / "packaging"
DASHBOARD: Final[dict[str, Any]] = json.loads((PACKAGING / "grafana" / "kikipounamu.json").read_text())
ADDED: Final = {"instance", "job"}
"""Labels that Prometheus adds to all scraped metrics."""

_METRIC: Final = re.compile(r"\b(?:kikipounamu|process)_[a-z_]+\b")
_SELECTED: Final = re.compile(r"\b((?:kikipounamu|process)_[a-z_]+)\{([^}]*)\}")
_LABEL: Final = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_GROUPED: Final = re.compile(r"\bby \(([^)]*)\)")


def families() -> Iterator[Metric]:
    """Yield all metrics that a gateway and a worker may expose."""
    status = WorkerStatus("w", "h", "e", "m", "cuda", WorkerState.BUSY, speed=1.0)
    broker, history = BrokerState(True, "9", True), HistoryState(up=True)
    survey, several = Survey(workers=(status,)), OtherProcesses(own_slot=0)
    now = GatewayReading(survey, broker, 0, 0, 0, 0, 0.0, 0.0, draining=False, history=history, others=several)
    yield from registry_of(GatewayCollector(Metrics(), Histogram(), AdmissionLimits(), lambda: now)).collect()
    registry = CollectorRegistry()
    of_worker = WorkerNow(WorkerState.BUSY, EngineInfo("e", "m", "cuda"), 1, 1.0, 1, None)
    registry.register(WorkerCollector("w", WorkerTally(), lambda: of_worker))
    yield from registry.collect()


def there() -> dict[str, set[str]]:
    """Return the names of samples with their labels."""
    found = {sample.name: set(sample.labels) for family in families() for sample in family.samples}
    engine = {f"kikipounamu_worker_engine_{name}": set[str]() for name in found if name.startswith("process_")}
    return found | engine  # metrics of the engine's process, present while it runs


THERE: Final = there()


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def queries() -> list[str]:
    asked = [target["expr"] for panel in panels() for target in panel["targets"]]
    return asked + [v["definition"] for v in DASHBOARD["templating"]["list"] if v["type"] == "query"]


def wrong(query: str) -> list[str]:
    """Return the unknown metrics and labels of this query."""
    missing = [name for name in _METRIC.findall(query) if name not in THERE]
    for name, selectors in _SELECTED.findall(query):
        known = THERE.get(name, set()) | ADDED
        missing += [f"{name}: {label}" for label in _LABEL.findall(selectors) if label not in known]
    labels = set[str]().union(*(THERE.get(name, set()) for name in _METRIC.findall(query)), ADDED)
    for group in _GROUPED.findall(query):
        missing += [f"by {label}" for label in group.split(", ") if label not in labels]
    return missing


def test_every_query_uses_existing_metrics() -> None:
    every = queries()
    assert every and [query for query in every if not _METRIC.search(query)] == []
    assert {query: found for query in every if (found := wrong(query))} == {}
    assert [
        query for query in every if any(query.count(one) != query.count(end) for one, end in ("()", "{}", "[]"))
    ] == []


@pytest.mark.parametrize(
    "query",
    [
        "rate(kikipounamu_segment_total[5m])",
        'kikipounamu_workers{sate="idle"}',
        "sum by (modell) (kikipounamu_queue_depth)",
    ],
)
def test_query_of_unknown_metric_is_detected(query: str) -> None:
    assert wrong(query)


def test_dashboard_shows_every_gateway_metric() -> None:
    shown = " ".join(queries())
    left = {family.name for family in families() if family.name.startswith("kikipounamu_")}
    left = {name for name in left if name not in shown and not name.startswith("kikipounamu_worker")}
    assert left == {"kikipounamu_build", "kikipounamu_broker_durable", "kikipounamu_process_connections"}


def test_manual_describes_every_metric() -> None:
    page = ROOT / "docs" / "operations" / "monitoring.md"
    manual = page.read_text().partition("## Metrics")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z_]+)`", manual))
    ours = {family.name: family for family in families() if family.name.startswith("kikipounamu_")}
    for name, family in ours.items():
        short = name.removeprefix("kikipounamu_").removeprefix("worker_") if name != "kikipounamu_worker" else ""
        suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
        assert {short + suffix, f"{short}{suffix}".removeprefix("_")} & named, name


def test_dashboard_has_selectable_datasource_and_no_overlapping_panels() -> None:
    assert DASHBOARD["templating"]["list"][0]["type"] == "datasource"
    assert DASHBOARD["schemaVersion"] >= 39
    identities = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(identities)) == len(identities)
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells
    for panel in panels():
        assert panel["title"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}


def test_prometheus_example_scrapes_our_endpoints() -> None:
    yaml: Any = import_module("yaml")  # a dependency of pre-commit
    gateway, worker = yaml.safe_load((PACKAGING / "prometheus.yml").read_text())["scrape_configs"]
    assert gateway["metrics_path"] == METRICS_PATH and gateway["authorization"]["credentials_file"]
    assert all(job["static_configs"][0]["targets"] for job in (gateway, worker))
