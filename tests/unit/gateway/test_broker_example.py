"""deploy/broker is what the gateway writes, and what a real Mosquitto takes."""

import re
from pathlib import Path
from uuid import UUID

from gateway.broker.mosquitto import access_list, configuration

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "deploy" / "broker"
HUB = UUID("00000000-0000-4000-8000-00000000000a")
STATE, KEYS = Path("/var/lib/hearthline-broker"), Path("/etc/hearthline-broker")


def test_the_example_is_what_the_gateway_writes() -> None:
    every = "0.0.0.0"  # noqa: S104 - it is an example
    assert (EXAMPLE / "mosquitto.conf").read_text() == configuration(STATE, KEYS, every, 8883)
    assert (EXAMPLE / "acl").read_text() == access_list([HUB])


def test_the_rules_for_emqx_are_those_of_mosquitto() -> None:
    """The page lets a hub do what the access list lets it do, and nothing else."""
    page = (ROOT / "docs/how-to/use-your-own-broker.md").read_text()
    shown = {topic for topic in re.findall(r'"(hl/1/[^"]+)"', page) if "${username}" in topic}
    block = access_list([HUB]).split(f"user {HUB}\n")[1]
    topics = [line.split()[2] for line in block.splitlines()]
    assert shown == {
        topic.replace("hl/1/a/", "hl/1/+/").replace(str(HUB), "${username}") for topic in topics
    }
    for digit in "0f":
        assert f'subscribe, ["hl/1/{digit}/+/up/#"]' in page
        assert f'publish, ["hl/1/{digit}/+/down"]' in page
