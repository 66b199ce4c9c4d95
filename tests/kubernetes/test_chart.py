"""Test the chart: three sets of values render and validate, and everything that it names exists."""

import copy
import json
import re
import tomllib
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
import typer.main

from backend.cli.main import app as gateway_program
from backend.configuration import read_environment
from backend.observability.metrics_routes import METRICS_PATH
from protocol.broker_url import BrokerKind, parse_broker_url
from scripts.render_chart import CHART, ROOT, Manifest
from tests.kubernetes.rendering import PODS, VALUES, named, of_kind, pod_of, refusal, rendered
from tests.test_grafana import THERE
from worker.cli import cli as worker_program

SCHEMAS: Final = ROOT / "tests" / "data" / "kubernetes"
VERSIONS: Final = ("1.29", "1.37")
"""The oldest Kubernetes that the chart takes, and the newest of the schemas."""


@cache
def custom_schema(kind: str) -> Any:
    return json.loads((SCHEMAS / f"{kind}.json").read_text())


def invalid(manifest: Manifest, version: str = VERSIONS[-1]) -> str:
    """Return what the published schema says against a manifest; empty: nothing."""
    jsonschema: Any = import_module("jsonschema")
    validator: Any = import_module("kubernetes_validate")
    try:
        if (SCHEMAS / f"{manifest['kind']}.json").exists():
            jsonschema.validate(manifest, custom_schema(manifest["kind"]))
        else:
            validator.validate(manifest, version, strict=True)
    except jsonschema.ValidationError as error:
        return str(error.message)
    return ""


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("values", VALUES)
def test_every_manifest_is_valid(values: str, version: str) -> None:
    said = {f"{one['kind']}/{one['metadata']['name']}": invalid(one, version) for one in rendered(values)}
    assert len(said) == len(rendered(values)) > 8, "two manifests of one name"
    assert {name: wrong for name, wrong in said.items() if wrong} == {}


@pytest.mark.parametrize(
    "kind", ["Deployment", "NetworkPolicy", "ScaledObject", "ServiceMonitor", "PodDisruptionBudget", "Service"]
)
def test_misspelt_field_is_detected(kind: str) -> None:
    manifest = copy.deepcopy(of_kind("cluster", kind)[0])
    manifest["spec"]["replicaz"] = 3
    assert "replicaz" in invalid(manifest)


def test_wrong_type_is_detected_in_rule() -> None:
    rule = copy.deepcopy(of_kind("gpu", "PrometheusRule")[0])
    rule["spec"]["groups"][0]["rules"][0]["expr"] = ["a list"]
    assert invalid(rule)


def test_sets_of_values_differ_in_what_they_are_for() -> None:
    kinds = {values: {manifest["kind"] for manifest in rendered(values)} for values in VALUES}
    assert "StatefulSet" in kinds["small"] and not {"ScaledObject", "HorizontalPodAutoscaler"} & kinds["small"]
    assert "ScaledObject" in kinds["cluster"] and "StatefulSet" not in kinds["cluster"]
    assert {"HorizontalPodAutoscaler", "PrometheusRule"} <= kinds["gpu"]
    gpu = pod_of(named("gpu", "Deployment", "speech-worker-gpu"))["containers"][0]
    assert gpu["resources"]["limits"]["nvidia.com/gpu"] == 1 and "--device=cuda" in gpu["args"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("gateway.replicaz=1",), "replicaz"),
        (("workers.cpu.replicas.min=0",), "minimum: got 0, want 1"),
        (("image.tag=latest",), "/image/tag"),
        (("key.existingSecret=",), "key.value or key.existingSecret"),
        (("key.value=short", "key.existingSecret="), "/key/value"),
        (("broker.existingSecret=",), "name a broker"),
        (("broker.url=http://redis:6379",), "/broker/url"),
        (("redis.enabled=true",), "name one broker"),
        (("broker.existingSecret=", "redis.enabled=true"), "give the Redis a password"),
        (("redis.enabled=true", "redis.password=a:b"), "/redis/password"),
        (("gateway.trustedProxies=null",), "trustedProxies"),
        (("autoscaling.mode=fast",), "/autoscaling/mode"),
    ],
    ids=str,
)
def test_values_are_refused_with_a_reason(settings: tuple[str, ...], said: str) -> None:
    assert said in refusal("cluster", *settings)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("redis://:secret@redis:6379", BrokerKind.SERVER),
        ("rediss://redis:6380/0", BrokerKind.SERVER),
        ("redis+cluster://user:secret@redis-0:6379\\,redis-1:6379", BrokerKind.CLUSTER),
        ("redis+sentinel://:secret@one:26379\\,two:26379/kikipounamu", BrokerKind.SENTINEL),
    ],
)
def test_broker_may_be_a_url_of_each_form(url: str, kind: BrokerKind) -> None:
    manifests = rendered("cluster", "broker.existingSecret=", f"broker.url={url}")
    (secret,) = (one for one in manifests if one["kind"] == "Secret")
    assert secret["stringData"] == {"url": url.replace("\\", "")}
    assert parse_broker_url(secret["stringData"]["url"]).kind is kind
    assert not any("secret@" in str(one) for one in manifests if one["kind"] != "Secret")


def parse(program: typer.Typer, arguments: list[str]) -> None:
    """Parse a command line as the program does, without running it."""
    command: Any = typer.main.get_command(program)
    subcommand = command.commands[arguments[0]]
    subcommand.make_context(arguments[0], arguments[1:])


@pytest.mark.parametrize("values", VALUES)
def test_programs_take_the_rendered_command_lines(values: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KIKIPOUNAMU_REDIS", raising=False)
    for manifest in of_kind(values, "Deployment"):
        for container in pod_of(manifest)["containers"]:
            program = gateway_program if container["name"] == "gateway" else worker_program
            parse(program, container["args"])


@pytest.mark.parametrize("mode", ["keda", "hpa"])
def test_workers_for_live_text_are_a_pool_of_a_fixed_size(mode: str) -> None:
    settings = ("workers.live.command=stream", "workers.live.engine=sherpa-onnx", "workers.live.replicas.min=3")
    manifests = rendered("cluster", f"autoscaling.mode={mode}", *settings)
    (live,) = (
        one for one in manifests if (one["kind"], one["metadata"]["name"]) == ("Deployment", "speech-worker-live")
    )
    (container,) = pod_of(live)["containers"]
    assert container["args"][:2] == ["stream", "--engine=sherpa-onnx"] and live["spec"]["replicas"] == 3
    parse(worker_program, container["args"])
    scaled = [
        one for one in manifests if one["kind"] in {"ScaledObject", "HorizontalPodAutoscaler", "PrometheusRule"}
    ]
    assert scaled and "speech-worker-live" not in json.dumps(scaled)
    assert [invalid(one) for one in manifests if invalid(one)] == []


@pytest.mark.parametrize("values", VALUES)
def test_gateway_takes_the_rendered_environment(values: str) -> None:
    (container,) = pod_of(named(values, "Deployment", "speech-gateway"))["containers"]
    said = {one["name"]: one["value"] for one in container["env"] if "value" in one}
    assert read_environment(said) is not None
    unknown = {name for name in said if name.startswith("KIKIPOUNAMU_GATEWAY_")}
    assert len(unknown) == sum(value is not None for value in vars_of(read_environment(said)))


def vars_of(configuration: Any) -> list[object]:
    return [getattr(configuration, name) for name in configuration.__struct_fields__]


def matches(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()


@pytest.mark.parametrize("values", VALUES)
def test_selectors_find_pods(values: str) -> None:
    pods = [one["spec"]["template"]["metadata"]["labels"] for one in of_kind(values, *PODS)]
    for manifest in of_kind(values, "Service", "NetworkPolicy", "PodDisruptionBudget", *PODS):
        spec = manifest["spec"]
        chosen = spec.get("podSelector") or spec["selector"]
        found = [pod for pod in pods if matches(chosen.get("matchLabels", chosen), pod)]
        assert len(found) == 1, (manifest["kind"], manifest["metadata"]["name"], found)


@pytest.mark.parametrize("values", ["cluster", "gpu"])
def test_monitors_find_one_service_with_the_port(values: str) -> None:
    services = of_kind(values, "Service")
    for monitor in of_kind(values, "ServiceMonitor"):
        chosen = monitor["spec"]["selector"]["matchLabels"]
        (service,) = (one for one in services if matches(chosen, one["metadata"]["labels"]))
        (endpoint,) = monitor["spec"]["endpoints"]
        assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
        assert endpoint.get("path", "/metrics") == METRICS_PATH


@pytest.mark.parametrize("values", ["cluster", "gpu"])
def test_scalers_and_rules_name_deployments_without_own_replicas(values: str) -> None:
    deployments = {one["metadata"]["name"]: one["spec"] for one in of_kind(values, "Deployment")}
    scalers = of_kind(values, "ScaledObject", "HorizontalPodAutoscaler")
    assert {one["spec"]["scaleTargetRef"]["name"] for one in scalers} == set(deployments) - {"speech-gateway"}
    for scaler in scalers:
        assert "replicas" not in deployments[scaler["spec"]["scaleTargetRef"]["name"]]
    for rule in (rule for one in of_kind(values, "PrometheusRule") for rule in one["spec"]["groups"][0]["rules"]):
        assert rule["labels"]["pool"] in deployments


@pytest.mark.parametrize("values", ["cluster", "gpu"])
def test_backlog_is_that_of_the_gateways_metrics(values: str) -> None:
    asked = [one["spec"]["triggers"][0]["metadata"]["query"] for one in of_kind(values, "ScaledObject")]
    rules = (one["spec"]["groups"][0]["rules"] for one in of_kind(values, "PrometheusRule"))
    asked += [rule["expr"] for listed in rules for rule in listed]
    assert asked
    for query in asked:
        named_in_it = re.findall(r"kikipounamu_\w+", query)
        assert named_in_it == ["kikipounamu_backlog_audio_seconds", "kikipounamu_held_audio_seconds"]
        assert all({"class", "model"} <= THERE[name] for name in named_in_it)


def test_both_scalers_divide_the_same_backlog_by_the_same_number() -> None:
    (keda,) = (one for one in rendered("gpu", "autoscaling.mode=keda") if "worker-gpu" in scaler_name(one))
    (hpa,) = (one for one in of_kind("gpu", "HorizontalPodAutoscaler") if "worker-gpu" in scaler_name(one))
    (rule,) = of_kind("gpu", "PrometheusRule")
    exprs = {one["labels"]["pool"]: one["expr"] for one in rule["spec"]["groups"][0]["rules"]}
    trigger = keda["spec"]["triggers"][0]["metadata"]
    external = hpa["spec"]["metrics"][0]["external"]
    assert trigger["query"] == exprs[external["metric"]["selector"]["matchLabels"]["pool"]]
    assert trigger["threshold"] == external["target"]["averageValue"] == "96"


def scaler_name(manifest: Manifest) -> str:
    scales = manifest["kind"] in {"ScaledObject", "HorizontalPodAutoscaler"}
    return str(manifest["metadata"]["name"]) if scales else ""


def test_chart_is_of_this_version_and_has_the_dashboard() -> None:
    yaml: Any = import_module("yaml")
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    (shown,) = of_kind("cluster", "ConfigMap")
    own = Path(ROOT / "packaging" / "grafana" / "kikipounamu.json").read_text()
    assert shown["data"]["kikipounamu.json"] == own
