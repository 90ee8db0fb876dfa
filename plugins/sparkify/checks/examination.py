"""Running checks: few statements that share scans."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sparkify.checks.check import Check
from sparkify.checks.results import Result, sample_of
from sparkify.checks.rules import QueryRule, RowRule
from sparkify.warehouse import Session

SAMPLE_ROWS = 5
# The driver's buffer holds 8,192 bytes, its length and name among them. What does not fit is sent by itself, and waits
# until the server has acknowledged the first part, which servers put off (Linux: by 40 ms, tcp(7)).
STATEMENT_LENGTH = 8_000
# Left out: the driver reads a statement that it binds values to letter by letter, which takes longer than to run it.
FOR_READERS = re.compile(r"^(?:[ ]+|--.*\n)", re.MULTILINE)


@dataclass(frozen=True)
class Scan:
    """What one SELECT answers.

    Attributes:
        source: what is read, after FROM, with its condition.
        examined: SQL of how much was looked at.
        unknown: SQL of how many rows could not be judged.
        failed: SQL of how much breaks each rule, by the position of the check.
    """

    source: str
    examined: str
    unknown: str
    failed: dict[int, str]

    @property
    def is_bound(self) -> bool:
        """Whether it names values."""
        return any("%(" in sql for sql in (self.source, *self.failed.values()))

    def select(self, number: int, width: int) -> str:
        """A SELECT of one row: the number, what was examined, what is unknown, and `width` counts of failures."""
        failed = [*self.failed.values(), *["0"] * (width - len(self.failed))]
        return f"select {number}, {self.examined}, {self.unknown}, {', '.join(failed)}\nfrom {self.source}"


def examine(session: Session, checks: Sequence[Check], parameters: Mapping[str, str] | None) -> list[Result]:
    """Run checks, and look at some of what broke each that did not pass.

    Args:
        session: inside a transaction or not.
        checks: rendered.
        parameters: the values that they name.

    Returns:
        A result for each, in their order.
    """
    results: dict[int, Result] = {}
    scans = _scans(checks)
    for statement in _statements(scans):
        for number, examined, unknown, *failed in session.run(statement, parameters):
            for position, count in zip(scans[int(number)].failed, failed, strict=False):
                results[position] = Result(checks[position], int(examined or 0), int(count or 0), int(unknown))
    ordered = [results[position] for position in range(len(checks))]
    return [_with_sample(session, result, parameters) for result in ordered]


def _statements(scans: Sequence[Scan]) -> Iterator[str]:
    """Few statements that ask all, those that name values apart: the driver reads such a one letter by letter."""
    width = max((len(scan.failed) for scan in scans), default=0)
    for bound in (False, True):
        asked = ""
        for number, scan in enumerate(scans):
            if scan.is_bound != bound:
                continue
            select = scan.select(number, width)
            if asked and len(asked) + len(select) > STATEMENT_LENGTH:
                yield asked
                asked = ""
            asked = f"{asked}\nunion all\n{select}" if asked else select
        if asked:
            yield asked


def _scans(checks: Sequence[Check]) -> list[Scan]:
    """Checks of rows share the scan of their table, with all their joins; a query is a scan of its own."""
    together: dict[tuple[str, ...], dict[int, Check]] = {}
    for position, check in enumerate(checks):
        rule = check.rule
        source = (rule.sql,) if isinstance(rule, QueryRule) else (check.table, check.where)
        together.setdefault(source, {})[position] = check
    return [_query_scan(of) if len(source) == 1 else _row_scan(of) for source, of in together.items()]


def _row_scan(checks: Mapping[int, Check]) -> Scan:
    failed = {
        position: f"count(case when {check.rule.broken} then 1 end)"
        for position, check in checks.items()
        if isinstance(check.rule, RowRule)
    }
    return Scan(_rows_of(*checks.values()), "count(*)", "0", failed)


def _query_scan(checks: Mapping[int, Check]) -> Scan:
    (sql,) = {FOR_READERS.sub("", check.rule.sql) for check in checks.values() if isinstance(check.rule, QueryRule)}
    failed = dict.fromkeys(checks, "sum(failed)")
    unknown = "count(case when examined = 0 then 1 end)"
    return Scan(f"(\n{sql}\n) as outcome", "sum(examined)", unknown, failed)


def _rows_of(*checks: Check) -> str:
    joins = dict.fromkeys(check.rule.join for check in checks if isinstance(check.rule, RowRule))
    joined = "".join(f"\n{join}" for join in joins if join)
    return f"{checks[0].table} as checked{joined}\nwhere {checks[0].where}"


def _with_sample(session: Session, result: Result, parameters: Mapping[str, str] | None) -> Result:
    if result.passed or not result.failed or not result.check.shown:
        return result
    rule, columns = result.check.rule, result.check.shown
    if isinstance(rule, QueryRule):
        source = f"(\n{rule.sql}\n) as outcome\nwhere failed > 0"
    else:
        source = f"{_rows_of(result.check)} and ({rule.broken})"
    statement = f"select {', '.join(columns.values())}\nfrom {source}\norder by 1\nlimit {SAMPLE_ROWS}"
    return replace(result, sample=sample_of(list(columns), session.run(statement, parameters)))
