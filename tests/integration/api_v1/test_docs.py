"""The examples of docs/api.md, as a program would send them, to a console that serves."""

import os
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from gateway.access.rights import Role
from tests.integration.api_v1.conftest import World

PAGE = Path(__file__).parents[3] / "docs" / "api.md"
RIGHTS = ["tasks:read", "tasks:work", "patients:read", "readings:read"]


@pytest.fixture
def address(world: World) -> Iterator[str]:
    """Serve the console on a port of this machine."""
    config = uvicorn.Config(
        world.console.app,
        port=0,
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    serving = threading.Thread(target=server.run)
    serving.start()
    while not server.started:
        assert serving.is_alive()
        threading.Event().wait(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://localhost:{port}"
    server.should_exit = True
    serving.join()


def test_its_examples_do_what_they_say(world: World, known: dict[str, str], address: str) -> None:
    new = {"name": "Docs", "kind": "secret", "rights": RIGHTS}
    program = world.post("/programs", new, Role.ADMINISTRATOR).json()
    given = {
        "HEARTHLINE": address,
        "ID": program["id"],
        "SECRET": program["secret"],
        "PATIENT": known["patient"],
        "TASK": known["task"],
        "ETAG": world.get("/tasks")["items"][0]["etag"],
    }
    said = []
    for command in commands():
        answer = run(command, given)
        said.append(answer)
        if found := re.search('"access_token":"([^"]+)"', answer):
            given["TOKEN"] = found[1]
    assert len(said) == 8
    assert not any("urn:hearthline:problem" in answer for answer in said), said
    assert '"status":"accepted"' in said[5]
    assert "hearthline" in said[7]  # the stream greets


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line.replace("--max-time 5", "--max-time 1") for line in lines]


def run(command: str, given: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-c", command],
        env=os.environ | given | {"no_proxy": "localhost"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 or "/changes" in command, (command, done.stderr)
    return done.stdout
