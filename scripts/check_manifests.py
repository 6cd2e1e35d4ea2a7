#!/usr/bin/env python3
"""Checks what deploys the fleet: Kubernetes, compose, systemd, broker definitions, the example of settings.

Each is parsed and held against its schema, as far as the tools are there (`make tools`; kubectl and systemd-analyze of the
machine), and against this repository: settings, endpoints, ports and queue names that it names must exist.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ops_common import ROOT, known_settings

TOOLS = ROOT / "target/tools/python"
sys.path.append(str(TOOLS))
DEPLOY = ROOT / "deploy"
KUBERNETES = "1.32"
# What KEDA adds; kubernetes-validate has no schema of it.
FOREIGN_KINDS = {"ScaledObject", "TriggerAuthentication"}
PROVIDERS = {"paddle": "ocr", "deepseek_hf": "ocr", "onnx": "vision", "deepseek_vl": "vision"}


def main() -> int:
    try:
        import yaml
    except ImportError:
        print("PyYAML is not there, manifests were not checked: make tools")
        return 0
    problems, skipped = [], []
    manifests = kubernetes(yaml, problems, skipped)
    compose(yaml, problems, skipped)
    units = systemd(problems, skipped)
    broker(problems)
    problems += [f"deploy/env.example: {name} is no setting" for name in unknown_settings((DEPLOY / "env.example").read_text(encoding="utf-8"))]
    for problem in problems:
        print(f"check_manifests: {problem}", file=sys.stderr)
    for tool in skipped:
        print(f"check_manifests: not there, so less was checked: {tool}")
    if not problems:
        print(f"manifests: {manifests} Kubernetes objects, compose.yaml, {units} systemd units and the broker's definitions hold")
    return 1 if problems else 0


def unknown_settings(text: str) -> "list[str]":
    return [name for name in re.findall(r"^([A-Z_][A-Z0-9_]*)=", text, flags=re.M) if name not in known_settings()]


def kubernetes(yaml, problems: "list[str]", skipped: "list[str]") -> int:
    if not shutil.which("kubectl"):
        skipped.append("kubectl (kustomize)")
        for file in (DEPLOY / "k8s").rglob("*.yaml"):
            list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
        return 0
    count = 0
    for folder in sorted([*(DEPLOY / "k8s/overlays").iterdir(), *(DEPLOY / "k8s/providers").iterdir()]):
        done = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            problems.append(f"{folder.relative_to(ROOT)}: {done.stderr.strip()}")
            continue
        objects = [found for found in yaml.safe_load_all(done.stdout) if found]
        count += len(objects)
        for place, problem in [*schema_errors(objects, skipped), *wrong_names(objects, is_whole=folder.parent.name == "overlays")]:
            problems.append(f"{folder.relative_to(ROOT)}: {place}: {problem}")
    return count


def schema_errors(objects: "list[dict]", skipped: "list[str]"):
    try:
        import kubernetes_validate
    except ImportError:
        if "kubernetes-validate" not in skipped:
            skipped.append("kubernetes-validate")
        return
    for found in objects:
        if found["kind"] in FOREIGN_KINDS:
            continue
        try:
            kubernetes_validate.validate(found, KUBERNETES, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield name_of(found), f"{'.'.join(map(str, error.path))}: {error.message}"


def name_of(found: dict) -> str:
    return f"{found['kind']} {found['metadata']['name']}"


def wrong_names(objects: "list[dict]", is_whole: bool):
    """References inside the manifests, and from them to the programs."""
    workloads = [found for found in objects if found["kind"] in ("Deployment", "StatefulSet")]
    labels = [found["spec"]["template"]["metadata"]["labels"] for found in workloads]
    names = {(found["kind"], found["metadata"]["name"]) for found in objects}
    endpoints = program_endpoints()
    for found in objects:
        spec = found.get("spec", {})
        selector = {"Service": spec.get("selector"), "PodDisruptionBudget": (spec.get("selector") or {}).get("matchLabels"),
                    "NetworkPolicy": (spec.get("podSelector") or {}).get("matchLabels")}.get(found["kind"])
        if selector and not any(selector.items() <= label.items() for label in labels):
            yield name_of(found), f"selects no pod: {selector}"
        target = spec.get("scaleTargetRef")
        if target and ("Deployment", target["name"]) not in names:
            yield name_of(found), f"scales {target['name']}, which is not there"
        for trigger in spec.get("triggers", []):
            yield from wrong_trigger(found, trigger, names, is_whole)
        if found["kind"] == "ConfigMap" and found["metadata"]["name"].startswith("cad-settings"):
            yield from ((name_of(found), f"{name} is no setting") for name in found["data"] if name not in known_settings())
    for found in workloads:
        for container in found["spec"]["template"]["spec"]["containers"]:
            if not container["name"].startswith(("api", "worker")):
                continue
            yield from wrong_container(found, container, endpoints)


def wrong_trigger(found: dict, trigger: dict, names: "set[tuple[str, str]]", is_whole: bool):
    pattern, provider = trigger["metadata"]["queueName"], found["metadata"]["labels"]["cad/provider"].replace("-", "_")
    for lane in ("high", "normal", "low"):
        if not re.fullmatch(pattern.strip("^$"), f"cad.{PROVIDERS[provider]}.{provider}.{lane}"):
            yield name_of(found), f"{pattern} misses the lane {lane} of {provider}"
    if re.search(pattern, f"cad.{PROVIDERS[provider]}.{provider}.dead"):
        yield name_of(found), f"{pattern} counts dead letters"
    if trigger["metadata"].get("protocol") != "http":
        yield name_of(found), "only the protocol http counts what is being worked on"
    reference = trigger["authenticationRef"]["name"]
    if is_whole and ("TriggerAuthentication", reference) not in names:
        yield name_of(found), f"TriggerAuthentication {reference} is not there"


def wrong_container(found: dict, container: dict, endpoints: "dict[str, set[str]]"):
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        probe = container[kind]["httpGet"]
        if probe["port"] not in ports:
            yield name_of(found), f"{kind} asks the port {probe['port']}, which the container has not"
        if probe["path"] not in endpoints[container["name"]]:
            yield name_of(found), f"{kind} asks {probe['path']}, which the {container['name']} does not serve"
    default = known_settings()["PORT" if container["name"] == "api" else "METRICS_PORT"]
    if str(next(iter(ports.values()))) != default:
        yield name_of(found), f"the {container['name']} listens on {default}"
    for variable in container.get("env", []):
        if variable["name"] not in known_settings():
            yield name_of(found), f"{variable['name']} is no setting"


def program_endpoints() -> "dict[str, set[str]]":
    """What the two programs serve outside of /api, as their sources say."""
    worker = set(re.findall(r'\.route\("(/\w+)"', (ROOT / "worker/src/admin.rs").read_text(encoding="utf-8")))
    api = {path for file in (ROOT / "api/src/routes").glob("*.rs")
           for path in re.findall(r'get, path = "(/\w+)"', file.read_text(encoding="utf-8"))}
    return {"worker": worker, "api": api}


def compose(yaml, problems: "list[str]", skipped: "list[str]") -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    for name in ("api", "worker"):
        problems += [f"compose.yaml: {name}: {variable} is no setting" for variable in services[name]["environment"] if variable not in known_settings()]
    for name, service in services.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./") and not (ROOT / source).exists():
                problems.append(f"compose.yaml: {name} mounts {source}, which is not there")
    if not (TOOLS / "check_jsonschema").exists():
        skipped.append("check-jsonschema")
        return
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(TOOLS)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        problems.append((done.stdout + done.stderr).strip())


def systemd(problems: "list[str]", skipped: "list[str]") -> int:
    units = sorted((DEPLOY / "systemd").glob("cad-ml-platform*"))
    for unit in units:
        text = unit.read_text(encoding="utf-8")
        for name in re.findall(r"^(?:Environment|ExecStart)=.*", text, flags=re.M):
            problems += [f"{unit.name}: {variable} is no setting" for variable in re.findall(r"\b([A-Z_]{4,})=", name) if variable not in known_settings()]
        # `notify` without a notification would let systemd kill the process after its start.
        sources = "".join(file.read_text(encoding="utf-8") for part in ("api", "worker", "common") for file in (ROOT / part / "src").rglob("*.rs"))
        if "Type=notify" in text and "NOTIFY_SOCKET" not in sources and "sd_notify" not in sources:
            problems.append(f"{unit.name}: Type=notify, but the programs send no notification")
    if not shutil.which("systemd-analyze"):
        skipped.append("systemd-analyze")
        return len(units)
    with tempfile.TemporaryDirectory() as scratch:
        # Programs that are surely there, as the check is about the units.
        for unit in units:
            text = unit.read_text(encoding="utf-8")
            (Path(scratch) / unit.name).write_text(re.sub(r"^ExecStart=.*", "ExecStart=/bin/true", text, flags=re.M), encoding="utf-8")
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", *(str(Path(scratch) / unit.name) for unit in units)],
                              env={**os.environ, "SYSTEMD_UNIT_PATH": f"{scratch}:"}, capture_output=True, text=True, check=False)
        said = [line for line in (done.stdout + done.stderr).splitlines() if "cad-ml-platform" in line]
        problems += [f"systemd: {line}" for line in said]
    return len(units)


def broker(problems: "list[str]") -> None:
    definitions = json.loads((DEPLOY / "rabbitmq/definitions.json").read_text(encoding="utf-8"))
    users = {user["name"] for user in definitions["users"]}
    queues = [f"cad.{kind}.{provider}.{lane}" for provider, kind in PROVIDERS.items() for lane in ("high", "normal", "low")]
    patterns = {policy["name"]: policy["pattern"] for policy in definitions["policies"]}
    for queue in queues:
        if not re.search(patterns["cad-work"], queue):
            problems.append(f"definitions.json: the policy cad-work misses {queue}")
    if re.search(patterns["cad-work"], "cad.ocr.paddle.dead"):
        problems.append("definitions.json: the policy cad-work limits dead letters")
    for permission in definitions["permissions"]:
        if permission["user"] not in users:
            problems.append(f"definitions.json: rights of {permission['user']}, who is no user")
        for right in ("configure", "write", "read"):
            if re.search(permission[right], "amq.topic"):
                problems.append(f"definitions.json: {permission['user']} may {right} what is not the fleet's")
    problems += [f"definitions.json: {user['name']} has a password in the repository" for user in definitions["users"] if user["password_hash"]]


if __name__ == "__main__":
    sys.exit(main())
