"""YAML as nodes by the parser in C, with the few kinds of scalars that YAML 1.2 has.

`tenin.language.yamlfile` reads with ruamel, whose nodes are the same for good files (a test holds
that for all of the project's) and take three times as long: the check reads some seven hundred.
"""

from __future__ import annotations

import re
from typing import Any

import ruamel.yaml.nodes as ruamel_nodes
import yaml
from yaml._yaml import CParser  # type: ignore[import-untyped]
from yaml.resolver import BaseResolver

MAPPINGS = (yaml.MappingNode, ruamel_nodes.MappingNode)
SEQUENCES = (yaml.SequenceNode, ruamel_nodes.SequenceNode)
SCALARS = (yaml.ScalarNode, ruamel_nodes.ScalarNode)

_TAG = "tag:yaml.org,2002:"


class _Resolver(BaseResolver):
    """What a plain scalar is by its look."""


for name, look, begins in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?(?:[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)"
        r"|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
):
    _Resolver.add_implicit_resolver(f"{_TAG}{name}", re.compile(rf"^(?:{look})$"), list(begins))


class _Composer(CParser, _Resolver):  # type: ignore[misc]
    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        _Resolver.__init__(self)


def compose_fast(text: str) -> Any:
    """Give the root node of a document; None if it is empty. Raises yaml.YAMLError and others."""
    composer = _Composer(text)
    try:
        return composer.get_single_node()
    finally:
        composer.dispose()
