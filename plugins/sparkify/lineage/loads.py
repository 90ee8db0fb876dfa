"""What filling tables, by COPY and by SQL, and checking them means for OpenLineage."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from airflow.providers.openlineage.extractors import OperatorLineage
from openlineage.client.event_v2 import Dataset
from openlineage.client.facet_v2 import JobFacet

from sparkify.checks.results import Result
from sparkify.feed import Feed
from sparkify.lineage import datasets
from sparkify.lineage.columns import Flow
from sparkify.lineage.datasets import Source, Warehouse
from sparkify.lineage.names import of_s3, schemas, stable
from sparkify.objects import S3Object

Lineage = OperatorLineage[Dataset, JobFacet]

# What may stand in a jsonpaths file for a member of the record itself, in either notation (AWS: copy-usage_notes).
MEMBER = re.compile(r"\$(?:\['([^']+)'\]|\.(\w+))")


def by_sql(warehouse: Warehouse, rows: Mapping[str, int | None], scripts: Sequence[str]) -> Lineage:
    """Tables that were filled by SQL, and the tables that their columns come from.

    What lies between, such as temporary tables, views and tables that the scripts both fill and read, is passed
    through: a published column leads to what the run has prepared.

    Args:
        warehouse: where they are.
        rows: how many were inserted, by table; None if that is not known.
        scripts: what filled them, rendered.
    """
    known = schemas(" ".join([*rows, *scripts]))
    views = warehouse.declared.views(known) if warehouse.declared else []
    flow = Flow.of([*views, *map(stable, scripts)])
    inputs: dict[str, None] = {}
    outputs: list[Dataset] = []
    for table, inserted in rows.items():
        origins = {
            column: [source for source in sources if "." in source[0]]  # others are temporary tables, made of nothing
            for column, sources in flow.origins(stable(table)).items()
        }
        inputs |= dict.fromkeys(name for sources in origins.values() for name, _ in sources)
        made_of = {
            column: [(warehouse.namespace, warehouse.name(name), field) for name, field in sources]
            for column, sources in origins.items()
        }
        outputs.append(warehouse.output(table, inserted, made_of))
    return Lineage(inputs=[warehouse.input(name) for name in inputs], outputs=outputs)


def by_copy(
    warehouse: Warehouse,
    table: str,
    source: str,
    objects: Sequence[S3Object],
    counts: Mapping[str, int],
    feed: Feed | None,
    jsonpaths: str,
    mapping: bytes,
) -> Lineage:
    """A table that was filled from objects in S3.

    Args:
        warehouse: where it is.
        table: qualified.
        source: ``s3://bucket/prefix`` of the objects.
        objects: that were copied.
        counts: ``lines`` and ``rows`` of them; empty if the task failed.
        feed: what their records hold; None if nobody knows.
        jsonpaths: ``auto``, or the address of the jsonpaths file.
        mapping: what that file holds; empty for ``auto``.
    """
    columns = list(warehouse.columns(table))
    members = _members(mapping) if mapping else [column if feed and column in feed.keys else "" for column in columns]
    origins: dict[str, list[Source]] = {
        column: [(*of_s3(source), member)] for column, member in zip(columns, members, strict=False) if member
    }
    inputs: list[Dataset] = [datasets.prefix(source, objects, counts.get("lines"), feed)]
    if mapping:
        inputs.append(datasets.file(jsonpaths))
    return Lineage(inputs=inputs, outputs=[warehouse.output(table, counts.get("rows"), origins)])


def by_checks(warehouse: Warehouse, results: Sequence[Result]) -> Lineage:
    """Tables that were checked, each with what came of its checks.

    Args:
        warehouse: where they are.
        results: of all checks; none if the task failed before.
    """
    tables = dict.fromkeys(result.check.table for result in results)
    return Lineage(
        inputs=[warehouse.input(table, [one for one in results if one.check.table == table]) for table in tables]
    )


def _members(mapping: bytes) -> list[str]:
    """The members that the paths of a jsonpaths file lead to, in order; empty for a path to something deeper."""
    try:
        found = [MEMBER.fullmatch(path) for path in json.loads(mapping)["jsonpaths"]]
    except (ValueError, KeyError, TypeError):
        return []  # COPY refuses such a file, and says why
    return [(match[1] or match[2]) if match else "" for match in found]
