"""OpenLineage's events and facets, read back through the classes of its own client, which know its specification."""

from __future__ import annotations

import importlib
import pkgutil
import types
import typing
from typing import Any

import attr
from openlineage.client import generated

BASE = f"{generated.__name__}.base"  # what facets of no specification are called after
MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.iter_modules(generated.__path__, "openlineage.client.generated.")
]
FACETS = {
    made._get_schema(): made
    for module in MODULES
    for made in vars(module).values()
    if isinstance(made, type) and attr.has(made) and hasattr(made, "_get_schema") and made.__module__ != BASE
}
# Every facet has these.
EVERY_FACET = {"_producer", "_schemaURL", "_deleted"}


def facet(body: dict[str, Any]) -> Any:
    """A facet of the specification, in which nothing is missing, unknown or of another type; None for another's."""
    made = FACETS.get(body["_schemaURL"])
    return None if made is None else structured(made, {k: v for k, v in body.items() if k not in EVERY_FACET})


def structured(wanted: Any, value: Any) -> Any:
    """A value of JSON as the type that a field of the client's classes has."""
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        return _one_of(arguments, value)
    if origin is list:
        return [structured(arguments[0], item) for item in value]
    if origin is dict:
        return {name: structured(arguments[1], item) for name, item in value.items()}
    if origin is typing.Literal:
        assert value in arguments, (wanted, value)
        return value
    if not attr.has(wanted):
        assert isinstance(value, wanted), (wanted, value)
        return value
    hints = typing.get_type_hints(wanted)
    fields = {field.name for field in attr.fields(wanted) if field.init}
    assert set(value) <= fields, (wanted, value)
    return wanted(**{name: structured(hints[name], item) for name, item in value.items()})


def facets_of(lineage: dict[str, Any]) -> dict[str, Any]:
    """All facets of an event or of what an operator reports, read; those of other specifications are left out.

    Returns:
        Those of datasets by ``namespace name facet``, those of the run and the job by their name.
    """
    found = {}
    for which in ("inputs", "outputs"):
        for dataset in lineage[which]:
            for kind in ("facets", f"{which[:-1]}Facets"):
                for name, body in dataset[kind].items():
                    found[f"{dataset['namespace']} {dataset['name']} {name}"] = facet(body)
    for part in ("run", "job"):
        for name, body in lineage.get(part, {}).get("facets", {}).items():
            found[name] = facet(body)
    return {name: read for name, read in found.items() if read is not None}


def _one_of(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None:
        assert type(None) in kinds
        return None
    problems = []
    for kind in kinds:
        if kind is not type(None):
            try:
                return structured(kind, value)
            except (AssertionError, TypeError, AttributeError) as error:
                problems.append(error)
    raise AssertionError(problems)
