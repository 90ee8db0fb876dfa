"""What was read and written, as OpenLineage's datasets and facets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import DatasetFacet, InputDatasetFacet, OutputDatasetFacet
from openlineage.client.generated.base_subset_dataset import InputSubsetInputDatasetFacet, LocationSubsetCondition
from openlineage.client.generated.column_lineage_dataset import (
    ColumnLineageDatasetFacet,
    Fields,
    InputField,
    Transformation,
)
from openlineage.client.generated.data_quality_assertions_dataset import Assertion, DataQualityAssertionsDatasetFacet
from openlineage.client.generated.dataset_version_dataset import DatasetVersionDatasetFacet
from openlineage.client.generated.input_statistics_input_dataset import InputStatisticsInputDatasetFacet
from openlineage.client.generated.output_statistics_output_dataset import OutputStatisticsOutputDatasetFacet
from openlineage.client.generated.schema_dataset import SchemaDatasetFacet, SchemaDatasetFacetFields

from sparkify.checks.results import Result
from sparkify.declared import Declared
from sparkify.feed import Feed
from sparkify.lineage.names import of_s3, run_schema, stable
from sparkify.objects import S3Object
from sparkify.warehouse import unqualified

if TYPE_CHECKING:
    from airflow.providers.common.sql.hooks.sql import DbApiHook
    from airflow.sdk import Connection

LISTED = 100  # addresses of objects in a facet; with a first load's thousands an event would be megabytes

Source = tuple[str, str, str]  # namespace, name, field


@dataclass(frozen=True)
class Warehouse:
    """Where tables are.

    Attributes:
        namespace: of its datasets, e.g. ``redshift://<cluster>.<region>:5439`` (OpenLineage: naming, Redshift).
        database: whose tables they are.
        declared: the tables' columns; None if they are not known.
    """

    namespace: str
    database: str
    declared: Declared | None

    @classmethod
    def of(cls, hook: DbApiHook, connection: Connection, declared: Declared | None) -> Warehouse:
        """The warehouse that a connection leads to, named as Airflow's own operators name it."""
        from airflow.providers.openlineage.sqlparser import SQLParser

        found: Any = hook.get_openlineage_database_info(connection)
        return cls(SQLParser.create_namespace(found), found.database or str(connection.schema), declared)

    def name(self, table: str) -> str:
        """The name of a table's dataset: ``database.schema.table``."""
        return f"{self.database}.{stable(table)}"

    def columns(self, table: str) -> Mapping[str, str]:
        """The types of a table's columns, by name; none if they are not known."""
        schema = "run" if stable(table).rpartition(".")[0].endswith("_run") else "star"
        return self.declared.tables.get(f"{schema}.{unqualified(table)}", {}) if self.declared else {}

    def output(
        self, table: str, rows: int | None, origins: Mapping[str, Iterable[Source]] | None = None
    ) -> OutputDataset:
        """A table that was written.

        Args:
            table: qualified.
            rows: how many were inserted; None if that is not known, because the task failed.
            origins: what its columns are made of.
        """
        facets = self._facets(table)
        if origins:
            facets["columnLineage"] = ColumnLineageDatasetFacet(
                fields={column: _made_of(sources) for column, sources in origins.items() if sources}
            )
        counted: dict[str, OutputDatasetFacet] = {}
        if rows is not None:
            counted["outputStatistics"] = OutputStatisticsOutputDatasetFacet(rowCount=rows)
        return OutputDataset(self.namespace, self.name(table), facets=facets, outputFacets=counted)

    def input(self, table: str, results: Sequence[Result] = ()) -> InputDataset:
        """A table that was read.

        Args:
            table: qualified.
            results: of the checks that it was read for.
        """
        asserted: dict[str, InputDatasetFacet] = {}
        if results:
            asserted["dataQualityAssertions"] = DataQualityAssertionsDatasetFacet([_assertion(one) for one in results])
        return InputDataset(self.namespace, self.name(table), facets=self._facets(table), inputFacets=asserted)

    def _facets(self, table: str) -> dict[str, DatasetFacet]:
        facets: dict[str, DatasetFacet] = {}
        if columns := self.columns(table):
            facets["schema"] = _schema(columns)
        if version := run_schema(table):
            facets["version"] = DatasetVersionDatasetFacet(version)
        return facets


def prefix(source: str, objects: Sequence[S3Object], lines: int | None, feed: Feed | None) -> InputDataset:
    """The objects below a prefix, as one dataset; which of them were read is a facet, the first of them by name.

    Args:
        source: ``s3://bucket/prefix``.
        objects: that were read.
        lines: in them; None if nobody has counted, because the task failed.
        feed: what their records hold.
    """
    namespace, name = of_s3(source)
    facets: dict[str, DatasetFacet] = {}
    if feed and feed.keys:
        facets["schema"] = _schema({key: " or ".join(promised.types) for key, promised in feed.keys.items()})
    read: dict[str, InputDatasetFacet] = {}
    if lines is not None:
        read["inputStatistics"] = InputStatisticsInputDatasetFacet(
            rowCount=lines, size=sum(found.size for found in objects), fileCount=len(objects)
        )
    if objects:
        listed = LocationSubsetCondition([found.url for found in objects[:LISTED]])
        read["subset"] = InputSubsetInputDatasetFacet(inputCondition=listed)
    return InputDataset(namespace, name, facets=facets, inputFacets=read)


def file(url: str) -> InputDataset:
    """One object."""
    return InputDataset(*of_s3(url))


def _schema(columns: Mapping[str, str]) -> DatasetFacet:
    return SchemaDatasetFacet(
        fields=[
            SchemaDatasetFacetFields(name=name, type=of, ordinal_position=number)
            for number, (name, of) in enumerate(columns.items(), start=1)
        ]
    )


def _made_of(sources: Iterable[Source]) -> Fields:
    direct = [Transformation(type="DIRECT")]
    return Fields([InputField(*source, transformations=direct) for source in sources])


def _assertion(result: Result) -> Assertion:
    check = result.check
    (column,) = check.rule.columns if len(check.rule.columns) == 1 else (None,)
    return Assertion(
        assertion=check.rule.words.lstrip(":. "),
        success=result.passed,
        column=column,
        severity=check.severity,
        name=check.name,
        description=result.message,
        expected=f"{check.at_most} of the {check.rule.unit} break it",
        actual=f"{result.failed} of {result.examined}",
    )
