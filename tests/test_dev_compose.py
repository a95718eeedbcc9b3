"""What docker-compose.yml and the Dockerfile promise a deployment."""

from typing import Any

import pytest
import yaml

from reviewapp.dev.places import ROOT

COMPOSITION: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSITION["services"]
LASTING = sorted(set(SERVICES) - {"migrate"})


def test_it_has_every_part() -> None:
    assert set(SERVICES) == {"web", "worker", "jobs", "beat", "migrate", "postgres", "redis"}


@pytest.mark.parametrize("name", LASTING)
def test_it_watches_the_health_of_every_lasting_service(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", ["web", "worker", "jobs", "beat"])
def test_it_starts_nothing_before_the_migrations(name: str) -> None:
    assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_it_gives_the_engine_to_the_worker_alone() -> None:
    holders = [name for name, service in SERVICES.items() if "docker.sock" in str(service.get("volumes"))]
    assert holders == ["worker"]


def test_it_publishes_the_web_server_alone_and_on_loopback_by_default() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["web"]
    assert SERVICES["web"]["ports"] == ["${BIND:-127.0.0.1}:${PORT:-8000}:8000"]


def test_it_serves_every_queue() -> None:
    commands = [SERVICES[name]["command"] for name in ("worker", "jobs")]
    queues = {queue for command in commands for queue in command[command.index("-Q") + 1].split(",")}
    assert queues == {"checks", "judge", "default"}


def test_it_runs_as_an_ordinary_user_without_secrets_in_the_image() -> None:
    text = (ROOT / "Dockerfile").read_text()
    final = text.split("\nFROM ")[-1]
    assert "USER reviewapp" in final
    assert "EXTRA_CA" not in final
    assert "SECRET_KEY" not in text
