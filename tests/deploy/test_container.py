"""The images and the compose file: what can be checked without a container engine, and built where one answers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tandem.launch import nginx, ports
from tandem.paths import PROJECT
from tests.deploy.images import COMPOSE, CONTAINERFILE, compose, stages
from tests.support.accounts import KEY
from tests.support.clients import HttpClient
from tests.support.engines import NO_ENGINE, engine
from tests.support.waiting import eventually


def test_whatever_is_copied_is_there() -> None:
    copied = [source for stage in stages().values() for source, _ in stage.copied()]
    assert len(copied) > 15
    assert [each for each in copied if not each.exists()] == []
    ignored = {line for line in (PROJECT / ".dockerignore").read_text().splitlines()}
    assert not ignored & {each.relative_to(PROJECT).parts[0] for each in copied}


def test_bases_are_arguments_and_stages_are_there() -> None:
    text, found = CONTAINERFILE.read_text(), stages()
    arguments = set(re.findall(r"^ARG (\w+)=", text, re.MULTILINE))
    assert {each.base for each in found.values()} == {f"${{{name}}}" for name in arguments}
    assert set(re.findall(r"--from=(\w+)", text)) <= set(found)


def test_nothing_unlocked_is_installed() -> None:
    [install] = [
        said for stage in stages().values() for each, said in stage.steps if each == "RUN" and "pip install" in said
    ]
    assert "--require-hashes -r /requirements.txt" in install


def test_nobody_is_root_and_the_app_is_asked_for_its_health() -> None:
    found = stages()
    for name in ("app", "nginx"):
        instructions = [each for each, _ in found[name].steps]
        assert found[name].last("USER") not in ("root", "0")
        assert "RUN" not in instructions[instructions.index("USER") :]
    assert found["app"].command("HEALTHCHECK") == ["/srv/userdb/healthy"]


def test_compose_names_what_is_there() -> None:
    whole = compose()
    services = whole["services"]
    assert set(services) == {"database", "schema", "wsgi", "asgi", "nginx"}
    for service in services.values():
        assert ("image" in service) != ("build" in service)
        if build := service.get("build"):
            folder = (COMPOSE.parent / build["context"]).resolve()
            assert (folder / build["dockerfile"]).resolve() == CONTAINERFILE
            assert build["target"] in stages()
        assert set(service.get("depends_on", {})) <= set(services)
        assert {each.partition(":")[0] for each in service.get("volumes", [])} <= set(whole["volumes"])
    for name, waited in (("wsgi", "schema"), ("asgi", "schema"), ("nginx", "wsgi"), ("nginx", "asgi")):
        assert waited in services[name]["depends_on"]


def test_only_nginx_is_reached_and_secrets_come_from_outside() -> None:
    services = compose()["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]
    secrets = ("POSTGRES_PASSWORD", "SESSION_KEYS")
    said = [
        value for each in services.values() for name, value in each.get("environment", {}).items() if name in secrets
    ]
    assert len(said) == 3
    assert all(re.match(r"\$\{\w+:\?", each) for each in said)


def test_nginx_and_compose_name_the_same_servers() -> None:
    services = compose()["services"]
    text = "".join((COMPOSE.parent / name).read_text() for name in ("upstream.conf", "other.conf"))
    servers = dict(re.findall(r"server (\w+):(\d+)", text))
    assert servers == {name: services[name]["environment"]["PORT"] for name in ("wsgi", "asgi")}


@pytest.mark.usefixtures("processes")
def test_nginx_takes_what_its_image_holds(tmp_path: Path) -> None:
    stages()["nginx"].lay_out(tmp_path)
    folder = tmp_path / "srv" / "userdb" / "nginx"
    for file in ("upstream.conf", "http/other.conf"):  # names that exist between containers alone
        (folder / file).write_text(re.sub(r"server \w+:", "server 127.0.0.1:", (folder / file).read_text()))
    nginx.check(nginx.find(), folder)


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("name", ["wsgi", "asgi"])
def test_the_command_of_a_service_serves_what_the_image_holds_and_nothing_else(
    name: str, tmp_path: Path, seeded: Path
) -> None:
    app, service = stages()["app"], compose()["services"][name]
    app.lay_out(tmp_path)
    (tmp_path / "srv" / "userdb" / "var").mkdir()
    port = ports.free_port()
    told = {**dict(each.split("=") for each in app.last("ENV").split()), **service["environment"]}
    environment = {
        **told, "PATH": os.environ["PATH"], "PYTHON": sys.executable, "PYTHONSAFEPATH": "", "PORT": str(port),
        "BIND_ADDRESS": "127.0.0.1", "DATABASE_URL": f"sqlite:///{seeded}", "SESSION_KEYS": KEY, "WORKERS": "1",
        "PYTHONPATH": str(tmp_path / "srv" / "userdb"),
    }  # fmt: skip
    [command], [healthy] = service["command"], app.command("HEALTHCHECK")
    log = tmp_path / "log"

    def health() -> int:
        return subprocess.run([f"{tmp_path}{healthy}"], env=environment, capture_output=True, check=False).returncode

    assert health() != 0
    with log.open("w") as written:
        running = subprocess.Popen([f"{tmp_path}{command}"], env=environment, stderr=written, stdout=written)
    try:
        client = HttpClient("127.0.0.1", port)
        assert eventually(lambda: running.poll() is not None or health() == 0)
        assert running.poll() is None, log.read_text()
        assert client.request("GET", "/api/users/2").status == 200, log.read_text()
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=60) in (0, -signal.SIGTERM)


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(("target", "user"), [("app", "10001"), ("nginx", "101")])
def test_an_image_is_built_and_its_user_is_not_root(target: str, user: str) -> None:
    found = engine()
    if not found:
        pytest.skip(NO_ENGINE)
    tag = f"userdb-test-{target}"
    subprocess.run([found, "build", "-f", CONTAINERFILE, "--target", target, "-t", tag, PROJECT], check=True)
    command = [found, "run", "--rm", tag, "id", "-u"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == user
