"""The CloudFormation template as Python reads it, so that the sandbox has the very policies that AWS gets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).with_name("template.yaml")
_NAME = re.compile(r"\$\{([^}]+)\}")


class _Loader(yaml.SafeLoader):
    """Reads the short forms of CloudFormation's functions (AWS: intrinsic-function-reference)."""


def _function(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        raise yaml.constructor.ConstructorError(None, None, f"!{name} takes a text or a list", node.start_mark)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _function)


@cache
def load() -> dict[str, Any]:
    """Returns the template, all functions in their long form."""
    template: dict[str, Any] = yaml.load(PATH.read_text(), _Loader)  # noqa: S506 - a SafeLoader
    return template


def statements(resource: str, values: Mapping[str, str]) -> list[dict[str, Any]]:
    """The statements of a role's or a policy's documents, as IAM gets them.

    Args:
        resource: its logical id.
        values: parameters, which come before the template's defaults, and what AWS would know: ``AWS::Partition``, or
            ``WorkBucket.Arn``.

    Raises:
        KeyError: a value is missing; it names it.
    """
    template = load()
    properties = template["Resources"][resource]["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [properties])]
    resolve = Resolver(template, values)
    return [resolve(statement) for document in documents for statement in document["Statement"]]


class Resolver:
    """Puts values in the place of functions: those that the template's policies use.

    Args:
        template: see :func:`load`.
        values: see :func:`statements`.
    """

    def __init__(self, template: Mapping[str, Any], values: Mapping[str, str]) -> None:
        self.conditions = template["Conditions"]
        defaults = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
        self.values = {name: str(value) for name, value in {**defaults, **values}.items() if value is not None}

    def __call__(self, value: Any) -> Any:
        """The value without functions."""
        if isinstance(value, list):
            return [self(item) for item in value]
        if not isinstance(value, dict):
            return value
        match list(value.items()):
            case [("Ref", name)]:
                return self.values[name]
            case [("Fn::GetAtt", path)]:
                return self.values[".".join(path)]
            case [("Fn::Sub", text)]:
                return _NAME.sub(lambda found: self.values[found[1]], text)
            case [("Fn::If", [condition, yes, no])]:
                return self(yes if self.holds(self.conditions[condition]) else no)
        return {name: self(item) for name, item in value.items()}

    def holds(self, condition: Mapping[str, Any]) -> bool:
        """Whether a condition holds, with these values."""
        if "Fn::Not" in condition:
            return not self.holds(condition["Fn::Not"][0])
        left, right = (str(self(side)) for side in condition["Fn::Equals"])
        return left == right
