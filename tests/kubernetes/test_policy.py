"""Check every pod of the chart against the rules that linters of Kubernetes have; each rule can also fail."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from scripts.render_chart import Manifest
from tests.kubernetes.rendering import PODS, VALUES, named, of_kind, pod_of

Rule = Callable[[dict[str, Any]], bool]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", ()), *pod["containers"]]


def runs_as_nobody(pod: dict[str, Any]) -> bool:
    """Return whether the pod runs as a numbered user that is not root, with the default seccomp profile."""
    said = pod["securityContext"]
    return bool(
        said["runAsNonRoot"] and said["runAsUser"] > 0 and said["seccompProfile"]["type"] == "RuntimeDefault"
    )


def gains_nothing(pod: dict[str, Any]) -> bool:
    """Return whether no container can gain privileges or keeps a capability."""
    said = [one["securityContext"] for one in containers(pod)]
    return all(
        not one.get("allowPrivilegeEscalation", True)
        and not one.get("privileged")
        and one["capabilities"] == {"drop": ["ALL"]}
        for one in said
    )


def writes_volumes_only(pod: dict[str, Any]) -> bool:
    """Return whether root file systems are read-only and every mount has a volume."""
    volumes = {volume["name"] for volume in pod.get("volumes", ())} | {"data"}
    mounted = {mount["name"] for one in containers(pod) for mount in one["volumeMounts"]}
    return mounted <= volumes and all(one["securityContext"]["readOnlyRootFilesystem"] for one in containers(pod))


def stays_out_of_the_host(pod: dict[str, Any]) -> bool:
    """Return whether the pod shares nothing with its node and cannot ask the cluster."""
    shared = any(pod.get(name) for name in ("hostNetwork", "hostPID", "hostIPC"))
    on_host = any("hostPath" in volume for volume in pod.get("volumes", ()))
    return not (shared or on_host) and pod["automountServiceAccountToken"] is False


def takes_no_variables_of_services(pod: dict[str, Any]) -> bool:
    """Return whether the cluster adds no variables of Services, which may be named like settings."""
    return pod.get("enableServiceLinks") is False


def is_limited(pod: dict[str, Any]) -> bool:
    """Return whether every container says what it needs, and has a limit of memory."""
    said = [one["resources"] for one in containers(pod)]
    return all({"cpu", "memory"} <= one["requests"].keys() and "memory" in one["limits"] for one in said)


def has_fixed_images(pod: dict[str, Any]) -> bool:
    """Return whether every image has a tag that is not ``latest``."""
    tags = [one["image"].rpartition("/")[2].partition(":")[2] for one in containers(pod)]
    return all(tags) and "latest" not in tags


def is_probed(pod: dict[str, Any]) -> bool:
    """Return whether every lasting container has probes for readiness and life."""
    return all({"readinessProbe", "livenessProbe"} <= one.keys() for one in pod["containers"])


def has_no_secret_in_the_open(pod: dict[str, Any]) -> bool:
    """Return whether keys and passwords come from Secrets."""
    said = [variable for one in containers(pod) for variable in one.get("env", ())]
    hidden = [one for one in said if one["name"] == "KIKIPOUNAMU_KEY" or one["name"].endswith("PASSWORD")]
    return all("valueFrom" in one for one in hidden)


def is_given_time_to_end(pod: dict[str, Any]) -> bool:
    """Return whether the grace period holds what runs before SIGTERM and a drain after it."""
    before = [
        float(one["lifecycle"]["preStop"]["exec"]["command"][1]) for one in pod["containers"] if "lifecycle" in one
    ]
    return bool(pod["terminationGracePeriodSeconds"] >= 30 + sum(before))


RULES: tuple[Rule, ...] = (
    runs_as_nobody,
    gains_nothing,
    writes_volumes_only,
    stays_out_of_the_host,
    takes_no_variables_of_services,
    is_limited,
    has_fixed_images,
    is_probed,
    has_no_secret_in_the_open,
    is_given_time_to_end,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.__name__))
@pytest.mark.parametrize("values", VALUES)
def test_every_pod_keeps(values: str, rule: Rule) -> None:
    broken = [one["metadata"]["name"] for one in of_kind(values, *PODS) if not rule(pod_of(one))]
    assert broken == []


def _set(pod: dict[str, Any], path: str, value: object) -> None:
    place: Any = pod
    *steps, last = path.split(".")
    for step in steps:
        place = place[int(step)] if step.isdecimal() else place[step]
    place[last] = value


@pytest.mark.parametrize(
    ("rule", "path", "value"),
    [
        (runs_as_nobody, "securityContext.runAsUser", 0),
        (runs_as_nobody, "securityContext.seccompProfile", {"type": "Unconfined"}),
        (gains_nothing, "containers.0.securityContext.privileged", True),
        (gains_nothing, "containers.0.securityContext.allowPrivilegeEscalation", True),
        (gains_nothing, "initContainers.0.securityContext.capabilities", {"drop": []}),
        (writes_volumes_only, "containers.0.securityContext.readOnlyRootFilesystem", False),
        (writes_volumes_only, "volumes", []),
        (stays_out_of_the_host, "hostNetwork", True),
        (stays_out_of_the_host, "volumes", [{"name": "data", "hostPath": {"path": "/"}}]),
        (stays_out_of_the_host, "automountServiceAccountToken", True),
        (takes_no_variables_of_services, "enableServiceLinks", True),
        (is_limited, "containers.0.resources", {"requests": {"cpu": 1, "memory": "1Gi"}, "limits": {}}),
        (has_fixed_images, "containers.0.image", "registry:5000/gateway"),
        (has_fixed_images, "containers.0.image", "gateway:latest"),
        (is_probed, "containers", [{"readinessProbe": {}}]),
        (has_no_secret_in_the_open, "containers.0.env", [{"name": "KIKIPOUNAMU_KEY", "value": "secret"}]),
        (is_given_time_to_end, "terminationGracePeriodSeconds", 30),
    ],
)
def test_rule_finds_a_fault(rule: Rule, path: str, value: object) -> None:
    pod = copy.deepcopy(pod_of(named("cluster", "Deployment", "speech-gateway")))
    assert rule(pod)
    _set(pod, path, value)
    assert not rule(pod)


def policy(values: str, name: str) -> dict[str, Any]:
    spec: dict[str, Any] = named(values, "NetworkPolicy", name)["spec"]
    return spec


def peers(rules: list[dict[str, Any]], side: str) -> list[str]:
    """Return the components that rules name as peers."""
    chosen = [peer.get("podSelector", {}) for rule in rules for peer in rule.get(side, ())]
    labels = [one.get("matchLabels", {}) for one in chosen]
    return [one["app.kubernetes.io/component"] for one in labels if "app.kubernetes.io/component" in one]


@pytest.mark.parametrize("values", VALUES)
def test_every_pod_has_a_network_policy_for_both_directions(values: str) -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind(values, "NetworkPolicy")}
    assert set(policies) == {one["metadata"]["name"] for one in of_kind(values, *PODS)}
    assert all(one["policyTypes"] == ["Ingress", "Egress"] for one in policies.values())


def test_only_gateways_and_workers_reach_the_redis_and_it_reaches_no_one() -> None:
    redis = policy("small", "speech-redis")
    assert peers(redis["ingress"], "from") == ["gateway", "worker-cpu"] and "egress" not in redis
    for name in ("speech-gateway", "speech-worker-cpu"):
        assert peers(policy("small", name)["egress"], "to") == ["redis"]


def test_workers_take_connections_of_the_monitoring_alone() -> None:
    (rule,) = policy("cluster", "speech-worker-cpu")["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": "metrics"}]
    spaces = [peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for peer in rule["from"]]
    assert spaces == ["monitoring"]


def leaving(manifest: Manifest) -> dict[str, Any]:
    (container,) = pod_of(manifest)["containers"]
    hook: dict[str, Any] = container["lifecycle"]["preStop"]
    return hook


def test_gateway_waits_for_balancers_before_it_drains_and_stays_available() -> None:
    gateway = named("cluster", "Deployment", "speech-gateway")
    assert leaving(gateway) == {"exec": {"command": ["sleep", "5"]}}
    assert gateway["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    budget = named("cluster", "PodDisruptionBudget", "speech-gateway")
    assert budget["spec"]["maxUnavailable"] == 1 < gateway["spec"]["replicas"]
