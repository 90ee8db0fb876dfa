"""Answers as charts: PNGs that read the same on a light and on a dark page, and to a colour-blind reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from include.reports.questions import Answer, Row
from include.reports.tables import percent

# Of Okabe and Ito's palette, which the colour-blind tell apart (Wong, Nature Methods 8, 441).
FREE, PAID, GREY, INK = "#e69f00", "#0072b2", "#999999", "#333333"
LEVELS = {"free": FREE, "paid": PAID, "both": "#009e73"}
SIZE, DOTS = (8.0, 4.2), 110  # inches, dots per inch
COUNT = StrMethodFormatter("{x:,.0f}")
COHORTS_SHOWN = 16  # the latest, and as many weeks: more than that cannot be read
STYLE: dict[Any, Any] = {
    "font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": INK,
    "axes.labelcolor": INK, "text.color": INK, "xtick.color": INK, "ytick.color": INK, "axes.axisbelow": True,
}  # fmt: skip


def draw(answer: Answer, folder: Path) -> Path | None:
    """Draws the chart of an answer into a folder, as the question's name with `.png`.

    Returns:
        The file; None if there is nothing to draw: then no file of an earlier range is left there either.
    """
    path = folder / f"{answer.name}.png"
    if not (answer.rows and answer.name in CHARTS):
        path.unlink(missing_ok=True)
        return None
    folder.mkdir(parents=True, exist_ok=True)
    with rc_context(STYLE):
        figure = Figure(figsize=SIZE, layout="constrained")
        CHARTS[answer.name](figure, answer.rows)
        figure.suptitle(answer.text, x=0.01, ha="left", fontsize=12, fontweight="bold")
        figure.supxlabel(f"Source: Sparkify's star schema, plays in {answer.asked}", x=0.01, ha="left", fontsize=8)
        figure.savefig(path, dpi=DOTS, facecolor="white", metadata={"Title": answer.text, "Software": None})
    return path


def _plays_by_hour(figure: Figure, rows: Sequence[Row]) -> None:
    axes = figure.subplots()
    by_hour = {row["hour"]: row for row in rows}
    below = np.zeros(24)
    for level in ("free", "paid"):
        plays = np.array([by_hour[hour][f"{level}_plays"] if hour in by_hour else 0 for hour in range(24)])
        axes.bar(range(24), plays, bottom=below, width=0.8, color=LEVELS[level], label=f"{level} level")
        below += plays
    axes.set_xticks(range(0, 24, 2), [f"{hour:02}" for hour in range(0, 24, 2)])
    axes.set(xlabel="hour of the day (UTC)", ylabel="plays", xlim=(-0.6, 23.6))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(COUNT)
    _grid(axes, "y")
    axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0)


def _top_songs(figure: Figure, rows: Sequence[Row]) -> None:
    _ranking(figure, rows, [f"{_cut(row['title'])}\n{_cut(row['artist'])}" for row in rows if row["place"]])


def _top_artists(figure: Figure, rows: Sequence[Row]) -> None:
    _ranking(figure, rows, [_cut(row["artist"]) for row in rows if row["place"]])


def _ranking(figure: Figure, rows: Sequence[Row], names: Sequence[str]) -> None:
    """Bars for what is ranked; what is not would dwarf them, and is told in words."""
    axes = figure.subplots()
    placed = [row for row in rows if row["place"]]
    places = range(len(placed), 0, -1)
    bars = axes.barh(places, [row["plays"] for row in placed], color=PAID, height=0.7)
    if not placed:
        axes.text(0.5, 0.5, "no play is of a known song", transform=axes.transAxes, ha="center")
    axes.bar_label(bars, [f"{row['plays']:,}" for row in placed], padding=3, fontsize=9)
    axes.set_yticks(places, names, fontsize=8, linespacing=1.05)
    axes.set_ylim(0.5, max(len(placed), 1) + 0.5)
    axes.set_xlabel(f"plays\nbesides {_others(rows)}")
    axes.set_xlim(0, max([1, *(row["plays"] for row in placed)]) * 1.08)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.xaxis.set_major_formatter(COUNT)
    _grid(axes, "x")


def _others(rows: Sequence[Row]) -> str:
    others = [
        f"{row['plays']:,} ({percent(row['share_of_plays'])}) of {row['counted_as']}"
        for row in rows
        if not row["place"]
    ]
    return " and ".join(others).replace("of no song matched", "with no song matched") or "none"


def _retention(figure: Figure, rows: Sequence[Row]) -> None:
    axes = figure.subplots()
    cohorts = sorted({row["cohort"]: row["cohort_users"] for row in rows}.items())[-COHORTS_SHOWN:]
    lines = {cohort: number for number, (cohort, _) in enumerate(cohorts)}
    shown = [row for row in rows if row["cohort"] in lines and row["weeks_after"] < COHORTS_SHOWN]
    weeks = max(row["weeks_after"] for row in shown) + 1
    shares = np.full((len(cohorts), weeks), np.nan)
    for row in shown:
        shares[lines[row["cohort"]], row["weeks_after"]] = row["active_share"]
    image = axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1, edgecolors="white", linewidth=2)
    axes.invert_yaxis()
    for row in shown:
        mark = f"{row['active_share']:.0%}{'' if row['is_whole'] else '*'}"
        colour = "white" if row["active_share"] > 0.6 else INK
        axes.text(
            row["weeks_after"] + 0.5,
            lines[row["cohort"]] + 0.5,
            mark,
            ha="center",
            va="center",
            color=colour,
            fontsize=9,
        )
    axes.set_yticks(
        np.arange(len(cohorts)) + 0.5, [f"{cohort:%Y-%m-%d} ({users:,} users)" for cohort, users in cohorts]
    )
    axes.set_xticks(np.arange(weeks) + 0.5, [str(week) for week in range(weeks)])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set(xlabel="weeks after the week of the first play; * the range ends in it", ylabel="week of the first play")
    figure.colorbar(image, format=PercentFormatter(1), label="share of the cohort that played")


def _conversion(figure: Figure, rows: Sequence[Row]) -> None:
    axes = figure.subplots()
    colours = {"free only": FREE, "paid only": PAID, "free, then paid": LEVELS["both"]}
    ordered = list(reversed(rows))
    bars = axes.barh(
        [row["outcome"] for row in ordered],
        [row["users"] for row in ordered],
        color=[colours.get(row["outcome"], GREY) for row in ordered],
    )
    labels = []
    for row in ordered:
        after = "" if row["median_days"] is None else f", after {row['median_days']:.1f} days (median)"
        labels.append(f"{row['users']:,} ({percent(row['share_of_users'])}){after}")
    axes.bar_label(bars, labels, padding=4)
    axes.margins(x=0.25)
    axes.set_xlabel("users, by the levels of their plays")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.xaxis.set_major_formatter(COUNT)
    _grid(axes, "x")


def _time_to_paid(figure: Figure, rows: Sequence[Row]) -> None:
    axes = figure.subplots()
    days = [0, *(row["days"] + 1 for row in rows)]
    shares = [0.0, *(row["share_by_then"] for row in rows)]
    axes.step(days, shares, where="post", color=PAID, linewidth=2)
    axes.plot(days[1:], shares[1:], "o", color=PAID)
    axes.set(
        xlabel="days after the first free play", ylabel=f"share of the {rows[0]['free_users']:,} free users",
        xlim=(0, days[-1] + 0.5), ylim=(0, shares[-1] * 1.15),
    )  # fmt: skip
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _grid(axes, "both")


def _sessions(figure: Figure, rows: Sequence[Row]) -> None:
    plays, minutes = figure.subplots(1, 2, sharey=True)
    ordered = sorted(rows, key=lambda row: [*LEVELS, row["level"]].index(row["level"]), reverse=True)
    names = [f"{row['level']}\n({row['sessions']:,} sessions)" for row in ordered]
    places, colours = range(len(ordered)), [LEVELS.get(row["level"], GREY) for row in ordered]
    bars = plays.barh(places, [row["plays_per_session"] for row in ordered], color=colours, height=0.55)
    plays.bar_label(bars, fmt="%.1f", padding=3)
    plays.set_yticks(places, names)
    plays.set_xlabel("plays per session (mean)")
    spans = [row["p75_minutes"] - row["p25_minutes"] for row in ordered]
    minutes.barh(places, spans, left=[row["p25_minutes"] for row in ordered], color=colours, height=0.55)
    for place, row in zip(places, ordered, strict=True):
        median = row["median_minutes"]
        minutes.plot([median, median], [place - 0.275, place + 0.275], color=INK, linewidth=2)
        minutes.text(median, place + 0.31, f"{median:,.0f}", ha="center", va="bottom", fontsize=9)
    minutes.set_xlabel("minutes from first to last play\n(middle half of the sessions; line: median)")
    minutes.set_xlim(left=0)
    minutes.set_ylim(-0.5, len(ordered) - 0.3)
    for axes in (plays, minutes):
        _grid(axes, "x")


def _grid(axes: Axes, which: str) -> None:
    axes.grid(axis=which, color="#dddddd", linewidth=0.8)  # type: ignore[arg-type]  # one of its three words
    axes.tick_params(length=0)


def _cut(name: str | None) -> str:
    """Returns a name that fits beside a bar; a `$` would start a formula."""
    return shorten(name or "(unnamed)", 40, placeholder="…").replace("$", r"\$")


CHARTS: dict[str, Callable[[Figure, Sequence[Row]], None]] = {
    "plays_by_hour": _plays_by_hour, "top_songs": _top_songs, "top_artists": _top_artists, "retention": _retention,
    "conversion": _conversion, "time_to_paid": _time_to_paid, "sessions": _sessions,
}  # fmt: skip
