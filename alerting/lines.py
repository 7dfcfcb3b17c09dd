"""Where in a YAML file something stands, so that what is wrong with it is said with its line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Step = str | int

# libyaml's, ten times faster, where PyYAML was built with it, as its wheels are.
Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NotYaml(ValueError):
    """This is not a YAML document; `line` says where, if known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document: its content, and the lines of its places."""

    content: Any
    root: Node

    def line(self, where: Sequence[Step]) -> int:
        """Return the line of a place, or of the nearest around it that is there."""
        node, line = self.root, self.root.start_mark.line
        for step in where:
            found = _step(node, step)
            if found is None:
                break
            line, node = found
        return int(line) + 1


def read(path: Path) -> Document:
    """Read a YAML file. Raises NotYaml."""
    try:
        loader = Loader(path.read_text("utf-8"))
        try:
            root = loader.get_single_node()
            if root is None:
                raise NotYaml("the file is empty", 1)
            return Document(loader.construct_document(root), root)
        finally:
            loader.dispose()
    except OSError as error:
        raise NotYaml(error.strerror or "cannot be read") from None
    except UnicodeDecodeError:
        raise NotYaml("this is not UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise NotYaml(error.problem or "this is not YAML", line) from None
    except yaml.YAMLError:
        raise NotYaml("this is not YAML") from None


def _step(node: Node, step: Step) -> tuple[int, Node] | None:
    """Return the line of a key or an entry, and what stands there."""
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        child = node.value[step]
        return child.start_mark.line, child
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value == str(step):
                return key.start_mark.line, value
    return None
