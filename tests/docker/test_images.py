"""The files of `docker/`, which no engine here can try: held against the hub, one another, and real programs."""

import json
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import psycopg
import pytest
import yaml

from hub.cli.main import knutpunkt
from hub.configuration.secrets import resolve
from hub.settings import Settings
from hub.store.engine.database import is_postgresql
from tests.counterparts.mosquitto import BESIDES_PATH
from tests.counterparts.ports import free_port
from tests.counterparts.postgres import Postgres

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
COMPOSED = ["compose.yaml", "compose.demo.yaml"]


def composed(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DOCKER / name).read_text(encoding="utf-8"))
    return found


def said(word: str) -> list[str]:
    """What the Dockerfile says after a word, line by line."""
    return re.findall(rf"^\s*{word} (.+)$", DOCKERFILE, re.MULTILINE)


def commands() -> Iterator[Any]:
    yield pytest.param(json.loads(said("CMD")[-1]), id="Dockerfile")
    for name in COMPOSED:
        for service, told in composed(name)["services"].items():
            if told["image"] == "knutpunkt":
                yield pytest.param(told["command"], id=f"{name}-{service}")


@pytest.mark.parametrize("words", list(commands()))
def test_what_the_image_runs_is_a_command_of_the_hub(words: list[str], tmp_path: Path) -> None:
    assert json.loads(said("ENTRYPOINT")[0]) == ["knutpunkt"]
    here = [str(tmp_path) if word.startswith(("/etc/", "/usr/")) else word for word in words]
    context = knutpunkt.make_context("knutpunkt", here)
    command = knutpunkt.get_command(context, here[0])
    assert isinstance(command, click.Command)
    told = command.make_context(here[0], here[1:], parent=context).params
    assert (told.get("folders", (tmp_path,)), told["host"]) == ((tmp_path,), "0.0.0.0")  # noqa: S104 - within its container
    assert told["port"] == Settings.port, "where the image asks for its health"


def test_all_nodes_share_one_database_and_one_key_file() -> None:
    nodes = [told for told in composed("compose.yaml")["services"].values() if told["image"] == "knutpunkt"]
    assert [told["command"][0] for told in nodes] == ["serve", "worker", "worker"]
    assert len({told["environment"]["KNUTPUNKT_DATABASE"] for told in nodes}) == 1
    assert all("hub:/var/lib/knutpunkt" in told["volumes"] for told in nodes)


def test_all_that_the_image_is_made_of_is_there_and_let_in() -> None:
    sources = [word for line in said("COPY") if "--from" not in line for word in line.split()[:-1]]
    assert {"requirements.lock", "hub", "connectors", "examples/umea"} <= set(sources)
    assert [source for source in sources if not (ROOT / source).exists()] == []
    let_in = (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert [source for source in sources if f"!{source}" not in let_in] == []


def test_what_is_installed_has_its_hash_and_what_runs_is_not_root() -> None:
    installs = [line for line in re.findall(r"pip install [^&]+", DOCKERFILE) if "--no-index" not in line]
    assert installs
    assert all("--require-hashes" in line for line in installs)
    assert said("USER")[-1].split(":")[0] not in {"root", "0"}
    assert "/healthz" in said("HEALTHCHECK")[0]


def test_images_are_named_and_no_registry_is() -> None:
    images = [line.split()[0] for line in said("FROM")]
    images += [one["image"] for name in COMPOSED for one in composed(name)["services"].values()]
    assert [one for one in images if "/" in one and re.search(r"[.:]", one.partition("/")[0])] == []


def test_every_secret_is_declared_and_made(tmp_path: Path) -> None:
    told = composed("compose.yaml")
    used = {name for service in told["services"].values() for name in service.get("secrets", [])}
    files = {name: Path(secret["file"]).name for name, secret in told["secrets"].items()}
    assert used == set(files)
    shutil.copy(DOCKER / "make-secrets.sh", tmp_path)
    for _ in range(2):
        subprocess.run([tmp_path / "make-secrets.sh"], check=True)
    made = {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()}
    assert set(made) == set(files.values())
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert len(made["hub_password"]) == 32
    assert made["hub_password"] != made["postgres_password"]
    wanted = told["services"]["hub"]["environment"]["KNUTPUNKT_DATABASE"].replace("$$", "$")
    here = wanted.replace("/run/secrets", str(tmp_path / "secrets"))
    url = str(resolve({"database": here}, {})["database"])
    assert is_postgresql(url)
    assert made["hub_password"] in url


def test_the_hubs_role_owns_its_database_and_is_no_superuser(postgres: Postgres, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("it's secret")
    at = {"PGHOST": "127.0.0.1", "PGPORT": str(postgres.port), "HUB_PASSWORD_FILE": str(tmp_path / "password")}
    path = f"{postgres._programs}:/usr/bin:/bin"
    subprocess.run([DOCKER / "postgres-init.sh"], check=True, env={"PATH": path, **at}, capture_output=True)
    with psycopg.connect(postgres.url(role="postgres")) as connection:
        role = "SELECT rolsuper, rolpassword IS NOT NULL FROM pg_authid WHERE rolname = 'knutpunkt'"
        assert connection.execute(role).fetchall() == [(False, True)]
    with psycopg.connect(postgres.url("knutpunkt", role="knutpunkt")) as connection:
        connection.execute("CREATE TABLE mine(a int)")
        assert connection.execute("SHOW server_encoding").fetchall() == [("UTF8",)]


def test_the_broker_lets_in_who_has_a_password_and_its_own_health_check(tmp_path: Path) -> None:
    program = shutil.which("mosquitto", path=f"/usr/bin:{BESIDES_PATH}")
    if program is None:
        pytest.skip("missing counterpart: mosquitto")
    (tmp_path / "passwords").touch()
    subprocess.run(["mosquitto_passwd", "-b", tmp_path / "passwords", "hall", "secret"], check=True)
    open_, own = free_port(), free_port()
    text = (DOCKER / "mosquitto.conf").read_text(encoding="utf-8")
    for there, here in (
        ("/run/secrets/mosquitto_passwords", f"{tmp_path}/passwords"), ("/mosquitto/data/", f"{tmp_path}/"),
        ("listener 1883", f"user root\nlistener {open_} 127.0.0.1"), ("listener 1884", f"listener {own}"),
    ):  # fmt: skip
        assert there in text
        text = text.replace(there, here)
    (tmp_path / "mosquitto.conf").write_text(text)
    with subprocess.Popen([program, "-c", tmp_path / "mosquitto.conf"]) as broker:
        try:
            check = [str(own) if word == "1884" else word for word in _health()]
            assert any(_tells(check) for _ in range(200)), "it is healthy"
            anybody = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(open_), "-t", "lamp", "-n"]
            assert not _tells(anybody)
            assert _tells([*anybody, "-u", "hall", "-P", "secret"])
        finally:
            broker.terminate()


def _health() -> list[str]:
    test: list[str] = composed("compose.yaml")["services"]["mosquitto"]["healthcheck"]["test"]
    assert test[0] == "CMD"
    return test[1:]


def _tells(words: list[str]) -> bool:
    return subprocess.run(words, capture_output=True, check=False).returncode == 0
