"""`keys`: the offline root, new sealing keys, and the end of old ones."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from gateway.audit.operators import of_the_site
from gateway.cli import given
from gateway.cli.groups import group
from gateway.cli.options import By
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.errors import Conflict, NotFound, WrongInput
from gateway.identity import keys
from gateway.identity.keys_due import Standing, standings
from gateway.identity.records import read_records
from gateway.identity.root import make_root, read_root_key, trust_root
from gateway.operators import remind
from gateway.settings import load_settings
from gateway.storage import homes, key_uses
from gateway.storage.database import Connection

Root = Annotated[Path, typer.Option(help="The medium with root.key; take it away afterwards.")]
Out = Annotated[Path, typer.Option(help="The file to write.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    commands = group(app, "keys", "Sealing keys of the gateway, and the root that signs them.")
    for name, command in (
        ("root", root),
        ("trust", trust),
        ("rotate", rotate),
        ("request", request),
        ("sign", sign),
        ("accept", accept),
        ("list", show),
        ("write", write),
        ("destroy", destroy),
    ):
        commands.command(name)(command)


def root(
    out: Annotated[Path, typer.Option(help="A folder on the medium that will be kept offline.")],
) -> None:
    """Make the offline root, once. Example: keys root --out /media/root, then keys trust."""
    print(f"root {make_root(out).public_bytes_raw().hex()}")
    print(f"Keep two copies of {out} in two safe places, offline. Then: keys trust --root {out}")


def trust(root: Root) -> None:
    """Make this site and its hubs believe a root, which signs the keys that are there."""
    folder, key = load_settings().keys, read_root_key(root)
    trust_root(folder, key.public_key())
    signed = keys.accept_records(folder, keys.sign_keys(keys.unsigned_keys(folder), key))
    print(f"The root is trusted; {len(signed)} keys of this site are signed.")


def rotate(root: Root, by: By = "", as_json: JsonOption = False) -> None:
    """Make new sealing keys and sign them, with the root at hand: every 90 days."""
    settings, who = load_settings(), given.who(by)
    made = keys.rotate(settings.keys, read_root_key(root), datetime.now(UTC))
    _note(who, "keys_rotated", [one.kid for one in made])
    _print_made([one.kid for one in made], as_json)


def request(out: Out) -> None:
    """Make new sealing keys; write what the root has to sign, on a machine without a network."""
    records = keys.request_keys(load_settings().keys, datetime.now(UTC))
    out.write_bytes(keys.dump_request(records))
    print(f"{len(records)} keys in {out}; sign them by `keys sign`, on the machine of the root.")


def sign(file: Path, root: Root, out: Out) -> None:
    """Sign what `keys request` wrote. Needs no network and nothing of the site."""
    signed = keys.sign_keys(keys.load_request(file.read_bytes()), read_root_key(root))
    out.write_bytes(keys.dump_signed(signed))
    print(f"{len(signed)} keys signed in {out}; carry it back, and take it by `keys accept`.")


def accept(file: Path, by: By = "", as_json: JsonOption = False) -> None:
    """Take what `keys sign` wrote; hubs are told of it from now on."""
    settings, who = load_settings(), given.who(by)
    made = keys.accept_records(settings.keys, keys.load_signed(file.read_bytes()))
    _note(who, "keys_rotated", [one.kid for one in made])
    _print_made([one.kid for one in made], as_json)


def show(as_json: JsonOption = False) -> None:
    """List sealing keys: since when, used until when, and when something is to be done."""
    settings, now = load_settings(), datetime.now(UTC)
    with settings.database().transaction() as connection:
        used = key_uses.last_used(connection)
    remind(settings, now)
    rows = [_row(one, used, now) for one in standings(read_records(settings.keys))]
    if as_json:
        print_json(rows)
        return
    print_table("Sealing keys", rows, "No key is signed; `keys root` says how to begin.")


def write(
    hub: UUID, out: Annotated[Path, typer.Option(help="The hub's folder, as of `hub add`.")]
) -> None:
    """Write recipients.toml and root.pub for a hub that does not renew by itself."""
    settings = load_settings()
    with settings.database().transaction() as connection:
        row = homes.find_hub(connection, hub)
    if not keys.write_recipients(settings.keys, row.suite, out):
        raise WrongInput("This site has no root; `hearthline-gateway keys root` makes one.")
    print(f"{out} has the signed keys; copy recipients.toml and root.pub to the hub.")


def destroy(
    key: Annotated[str, typer.Argument(help="A key's id; without: all that nothing needs.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell.")] = False,
    by: By = "",
    as_json: JsonOption = False,
) -> None:
    """Destroy old private keys that nothing needs any more; tell what still needs the others.

    What was sealed to a destroyed key can never be opened again, by anybody.
    """
    settings, who, now = load_settings(), given.who(by), datetime.now(UTC)
    found = [one for one in standings(read_records(settings.keys)) if _named(one, key)]
    if key and not found:
        raise NotFound(f"No key {key}; `hearthline-gateway keys list` shows them.")
    with settings.database().transaction() as connection:
        needed = {one.record.kid: needs(connection, one, now) for one in found}
        gone = {kid for kid, reasons in needed.items() if not reasons}
        if gone and not dry_run:
            key_uses.record_key_event(connection, "keys_destroyed", who, [k.hex() for k in gone])
            of_the_site(connection, who, "key.destroy", keys=[k.hex() for k in gone])
            keys.destroy_keys(settings.keys, gone)
    _tell(needed, dry_run, as_json)
    if key and not gone:
        raise Conflict("This key is still needed.")


def needs(connection: Connection, one: Standing, now: datetime) -> list[str]:
    """Say what still needs a key; an empty list means that it may go."""
    if one.switch is None or one.destroy_from is None:
        return ["it is the newest: hubs seal to it"]
    newer = tuple(other.kid for other in one.newer)
    old = key_uses.Old(one.record.kid, one.record.suite, newer, one.switch)
    reasons = [
        f"hub {hub['id']} ({hub['state']}) may still have what is sealed to it"
        for hub in key_uses.hubs_behind(connection, old)
    ]
    if held := key_uses.held_envelopes(connection, one.record.kid):
        reasons.append(f"{held} envelopes in quarantine are sealed to it")
    if now < one.destroy_from:
        reasons.append(f"it is kept until {one.destroy_from:%Y-%m-%d}, 90 days after the switch")
    return reasons


def _named(one: Standing, key: str) -> bool:
    return not key or one.record.kid.hex() == key.strip().lower()


def _row(one: Standing, used: dict[bytes, datetime], now: datetime) -> dict[str, Any]:
    newest = one.switch is None
    return {
        "key": one.record.kid.hex(),
        "suite": int(one.record.suite),
        "not_before": one.record.not_before,
        "not_after": one.record.not_after,
        "last_used": used.get(one.record.kid),
        "next": f"rotate {'NOW, was due' if now > one.rotate_by else 'by'} {one.rotate_by:%Y-%m-%d}"
        if newest
        else f"destroy from {one.destroy_from:%Y-%m-%d}",
    }


def _note(who: str, event: str, kids: list[bytes]) -> None:
    with load_settings().database().transaction() as connection:
        key_uses.record_key_event(connection, event, who, [kid.hex() for kid in kids])
        of_the_site(connection, who, "key.rotate", keys=[kid.hex() for kid in kids])


def _print_made(kids: list[bytes], as_json: bool) -> None:
    if as_json:
        print_json({"keys": [kid.hex() for kid in kids]})
    else:
        print(f"{len(kids)} new keys: {', '.join(kid.hex() for kid in kids)}")
        print("Hubs learn of them when they renew; ingest has them already. Take the root away.")


def _tell(needed: dict[bytes, list[str]], dry_run: bool, as_json: bool) -> None:
    rows = [
        {"key": kid.hex(), "destroyed": not reasons and not dry_run, "needed_by": reasons}
        for kid, reasons in needed.items()
    ]
    if as_json:
        print_json(rows)
        return
    for kid, reasons in needed.items():
        end = "may go" if dry_run else "destroyed; see to its backups"
        print(f"{kid.hex()}: " + ("; ".join(reasons) if reasons else end))
