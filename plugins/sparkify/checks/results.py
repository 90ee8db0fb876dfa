"""What came of checks, for the tables, for alerts and for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sparkify.checks.check import Check

VALUE_LENGTH = 80  # characters of one value in a sample
SAMPLE_BYTES = 2_000  # below what quality_results.sample holds
HEADINGS = ("outcome", "check", "examined", "failed", "may fail", "remark")
NUMBERS = (2, 3)  # the columns that are set right
WORST_FIRST = ("FAILED", "warning", "passed")


@dataclass(frozen=True)
class Result:
    """What came of a check.

    Attributes:
        check: the rule.
        examined: how much was looked at.
        failed: how much of it breaks the rule.
        unknown: how many rows of a query could not be judged.
        sample: some of what breaks the rule, a line each, personal fields masked; empty if it passed.
    """

    check: Check
    examined: int
    failed: int
    unknown: int = 0
    sample: str = ""

    @property
    def passed(self) -> bool:
        """Whether the rule holds."""
        if self.examined == 0:
            return self.check.zero_rows == "pass"
        return self.check.at_most.holds(self.failed, self.examined)

    @property
    def blocks(self) -> bool:
        """Whether the run must stop."""
        return not self.passed and self.check.severity == "error"

    @property
    def outcome(self) -> str:
        """One word."""
        return "passed" if self.passed else ("FAILED" if self.check.severity == "error" else "warning")

    @property
    def remark(self) -> str:
        """What the numbers do not say."""
        rule = self.check.rule
        nothing = "" if self.examined else f"no {rule.unit} to examine"
        unknown = f"{self.unknown:,} not judged: {rule.unknown}" if self.unknown and rule.unknown else ""
        return "; ".join(filter(None, (nothing, unknown)))

    @property
    def message(self) -> str:
        """What was found, in a sentence."""
        threshold = f", {self.check.at_most} may" if self.check.at_most.allowed else ""
        found = f"{self.failed:,} of {self.examined:,} {self.check.rule.unit} break it{threshold}"
        return "; ".join(filter(None, (found if self.examined else "", self.remark)))

    @property
    def summary(self) -> dict[str, Any]:
        """What alerts and the kept results say of it."""
        return {
            "severity": self.check.severity,
            "examined": self.examined,
            "failed": self.failed,
            "threshold": str(self.check.at_most),
            "message": self.message,
            "sample": self.sample,
        }

    @property
    def line(self) -> tuple[str, ...]:
        """Its line in the table, see `HEADINGS`."""
        threshold = str(self.check.at_most)
        return (self.outcome, self.check.name, f"{self.examined:,}", f"{self.failed:,}", threshold, self.remark)

    def __str__(self) -> str:
        """For a person, with the sample below it."""
        sample = "".join(f"\n    {row}" for row in self.sample.splitlines())
        return f"{self.outcome:<8} {self.check.name}: {self.message}{sample}"


def table_of(results: Iterable[Result]) -> str:
    """All results as one aligned table, the worst first; the samples of those that did not pass follow."""
    ordered = sorted(results, key=lambda result: WORST_FIRST.index(result.outcome))
    lines = [HEADINGS, *(result.line for result in ordered)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    aligned = [
        "  ".join(
            text.rjust(width) if number in NUMBERS else text.ljust(width)
            for number, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return "\n".join([*aligned, *(str(result) for result in ordered if result.sample)])


def sample_of(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Failing rows as text: a line each, values cut, `SAMPLE_BYTES` in all at most."""
    lines = (", ".join(f"{name}={_value(value)}" for name, value in zip(columns, row, strict=True)) for row in rows)
    return cut("\n".join(lines), SAMPLE_BYTES)


def cut(text: str, size: int) -> str:
    """A text of at most this many bytes of UTF-8, which is what Redshift's VARCHAR counts."""
    encoded = text.encode()
    return text if len(encoded) <= size else f"{encoded[: size - 3].decode(errors='ignore')}…"


def _value(value: Any) -> str:
    # repr escapes what would do something to a terminal
    text = repr(value) if isinstance(value, str) else "null" if value is None else str(value)
    return text if len(text) <= VALUE_LENGTH else f"{text[:VALUE_LENGTH]}…"


def named(results: Iterable[Result]) -> list[Mapping[str, Any]]:
    """Results in a compact form, for XCom."""
    return [{"name": result.check.name, **result.summary} for result in results]
