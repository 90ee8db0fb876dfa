"""What docker-compose.yaml promises of every service, read from the file; make test-compose brings it up."""

import re

import pytest
import yaml

from include.sandbox.state import REPOSITORY

TEXT = (REPOSITORY / "docker-compose.yaml").read_text()
FILE = yaml.safe_load(TEXT)
SERVICES = FILE["services"]
EXAMPLE = (REPOSITORY / ".env.example").read_text()


@pytest.fixture(params=SERVICES)
def service(request):
    return SERVICES[request.param]


def test_each_may_do_and_take_only_so_much(service):
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] not in ("root", "0")
    assert service["mem_limit"]
    assert service["logging"]["options"]["max-size"]


def test_each_comes_back_by_itself_and_says_how_it_is(service):
    if service is SERVICES["migrate"]:  # runs to its end
        assert service["restart"] == "no"
        return
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"]


def test_what_is_deployed_is_mounted_read_only(service):
    mounts = [volume for volume in service["volumes"] if volume.startswith("./")]
    assert all(mount.endswith(":ro") for mount in mounts)


def test_ports_are_published_on_loopback_only(service):
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_database_and_queue_are_reached_from_within_only():
    assert FILE["networks"]["back"] == {"internal": True}
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["back"]
        assert "ports" not in SERVICES[name]


def test_a_secret_has_no_default():
    asked = set(re.findall(r"\$\{(\w+):\?run make env\}", TEXT))
    assert asked == {line.rstrip("=") for line in EXAMPLE.splitlines() if line.endswith("=")}


def test_every_setting_is_in_the_example():
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", TEXT))
    known = {line.lstrip("#").split("=")[0] for line in EXAMPLE.splitlines() if "=" in line}
    assert used <= known
    assert known - used == {"COMPOSE_PROFILES"}
    defaults = dict(re.findall(r"\$\{(\w+):-([^${}]+)\}", TEXT))
    written = dict(line.lstrip("#").split("=", 1) for line in EXAMPLE.splitlines() if re.match(r"#?\w+=.", line))
    assert {name: written[name] for name in defaults} == defaults
