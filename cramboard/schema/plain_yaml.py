"""YAML without its surprises: safe tags, no aliases, each key once, and every fault with its line.

Aliases let a few lines stand for gigabytes; of a key that occurs twice a reader sees the first, YAML takes the last.
"""

from typing import Any

import yaml


def load_yaml(text: str) -> Any:
    """Return what `text` says.

    Raises:
        yaml.YAMLError: If it is not YAML, has an alias or has a key twice. But for a character that no YAML may have,
            it is a MarkedYAMLError, with the line.
        RecursionError: If it is nested too deeply.
    """
    loader = _Loader(text)
    try:
        return loader.get_single_data()
    except (ValueError, TypeError, OverflowError) as error:  # PyYAML lets through what chr() says of "\U00110000", say.
        raise _fault(str(error), loader.get_mark()) from None
    finally:
        loader.dispose()


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise _fault("write it out instead of an alias", self.get_mark())
        node: yaml.Node | None = super().compose_node(parent, index)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():  # `!!map 1` is none; PyYAML says so.
            if isinstance(key, yaml.ScalarNode):
                if key.value in names:
                    raise _fault(f"{key.value} occurs twice", key.start_mark)
                names.add(key.value)
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError) as error:  # 2024-13-45 is no date, say.
            raise _fault(str(error), node.start_mark) from None


def _fault(problem: str, mark: yaml.Mark) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)
