"""Reads a rule pack: YAML into checked rules, or one line that says which file, line and why."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import Field, SerializeAsAny, ValidationError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from alerting.errors import PackError
from alerting.lines import NotYaml, read
from alerting.model import Rule
from alerting.packs.replacing import misfits
from alerting.rules import kinds
from device_profiles.reading import Frozen

FOLDER: Final = Path(__file__).parent
DEFAULT: Final = FOLDER / "default.yaml"


class Pack(Frozen, extra="forbid"):
    """The head of a pack. `programme` says that its rules hold only for people in a programme that
    uses it; without, they hold for everybody. A version never changes its content."""

    pack: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str = ""
    version: Annotated[int, Field(ge=1)] = 1
    programme: bool = False
    rules: tuple[SerializeAsAny[Rule], ...] = ()

    @property
    def sha256(self) -> str:
        """Return the hash of its content: what a clinician signs off."""
        said = self.model_dump(mode="json", exclude_defaults=True)
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def read_pack(path: Path) -> Pack:
    """Read one pack. Raises PackError."""
    document, root = _read(path)
    if not isinstance(document, dict) or not {"pack", "rules"} <= set(document):
        raise PackError(path, 1, "a pack has the keys `pack` and `rules`")
    if not isinstance(document["rules"], list):
        raise PackError(path, _line(root, ("rules",)), "`rules` is a list")
    try:
        head = Pack.model_validate({**document, "rules": ()})
    except ValidationError as error:
        raise _error(path, root, (), error) from None
    programme = head.pack if head.programme else None
    rules = tuple(
        _rule(path, root, at, given).model_copy(update={"programme": programme})
        for at, given in enumerate(document["rules"])
    )
    for at, rule in enumerate(rules):
        if any(rule.key == other.key for other in rules[:at]):
            raise PackError(path, _line(root, ("rules", at, "key")), f"{rule.key} is here twice")
    return head.model_copy(update={"rules": rules})


def load_pack(path: Path) -> tuple[Rule, ...]:
    """Return the rules of one pack. Raises PackError."""
    return read_pack(path).rules


def read_packs(*folders: Path) -> Mapping[str, Pack]:
    """Read every pack of these folders, without any of those that ship; by name.

    Raises PackError, also where a rule or a pack is there twice, or replaces what it may not.
    """
    packs: dict[str, Pack] = {}
    rules: dict[Path, tuple[Rule, ...]] = {}
    seen: set[str] = set()
    for path in [path for folder in folders or (FOLDER,) for path in sorted(folder.glob("*.yaml"))]:
        pack = read_pack(path)
        if twice := [rule.key for rule in pack.rules if rule.key in seen]:
            raise PackError(path, None, f"{twice[0]} is in another pack too")
        if pack.pack in packs:
            raise PackError(path, None, f"another pack has the name {pack.pack} too")
        seen.update(rule.key for rule in pack.rules)
        packs[pack.pack] = pack
        rules[path] = pack.rules
    for path, reason in misfits(rules):
        raise PackError(path, None, reason)
    return MappingProxyType(packs)


def load_packs(*folders: Path) -> Mapping[str, Rule]:
    """Return the rules of every pack of these folders, by their key; see `read_packs`."""
    packs = read_packs(*folders).values()
    return MappingProxyType({rule.key: rule for pack in packs for rule in pack.rules})


def lint(path: Path) -> tuple[str, ...]:
    """Return what the authors of a pack should mend, though it loads."""
    rules = load_pack(path)
    return tuple(f"{rule.key}: {said}" for rule in rules for said in kinds()[rule.kind].lint(rule))


def _rule(path: Path, root: Node, at: int, given: Any) -> Rule:
    where: tuple[str | int, ...] = ("rules", at)
    kind = given.get("kind") if isinstance(given, dict) else None
    if not isinstance(kind, str) or kind not in kinds():
        known = ", ".join(sorted(kinds()))
        raise PackError(path, _line(root, (*where, "kind")), f"a rule has a kind, one of: {known}")
    try:
        rule: Rule = kinds()[kind].rule.model_validate(given)
    except ValidationError as error:
        raise _error(path, root, where, error) from None
    for name in ("adjusted", "programme"):
        if getattr(rule, name) is not None:
            raise PackError(path, _line(root, (*where, name)), f"{name}: not in a rule of a pack")
    return rule


def _error(
    path: Path, root: Node, where: tuple[str | int, ...], error: ValidationError
) -> PackError:
    first = error.errors(include_url=False)[0]
    field = ".".join(map(str, first["loc"]))
    text = f"{field}: {first['msg']}".removeprefix(": ")
    return PackError(path, _line(root, (*where, *first["loc"])), text)


def _read(path: Path) -> tuple[Any, Node]:
    """Return the file's content, and its nodes, which know their lines."""
    try:
        document = read(path)
    except NotYaml as error:
        raise PackError(path, error.line, str(error)) from None
    _no_doubles(path, document.root)
    return document.content, document.root


def _no_doubles(path: Path, node: Node) -> None:
    """Refuse a key that is given twice: YAML would silently keep the last one."""
    if isinstance(node, MappingNode):
        names = [key.value for key, _ in node.value]
        for at, name in enumerate(names):
            if name in names[:at]:
                line = node.value[at][0].start_mark.line + 1
                raise PackError(path, line, f"{name} is given twice")
    for child in _children(node):
        _no_doubles(path, child)


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        yield from (value for _, value in node.value)
    elif isinstance(node, SequenceNode):
        yield from node.value


def _line(node: Node, where: tuple[str | int, ...]) -> int:
    """Return the line of a place in the document, or of the nearest that is there."""
    for step in where:
        found = _step(node, step)
        if found is None:
            break
        node = found
    return int(node.start_mark.line) + 1


def _step(node: Node, step: str | int) -> Node | None:
    if isinstance(node, SequenceNode) and isinstance(step, int):
        return node.value[step] if step < len(node.value) else None
    if isinstance(node, MappingNode):
        pairs = ((key, value) for key, value in node.value if isinstance(key, ScalarNode))
        return next((value for key, value in pairs if key.value == str(step)), None)
    return None
