"""The charts are pictures of the answers: PNGs of a size that a page can show, with the figures in them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from matplotlib.figure import Figure
from PIL import Image

from include.reports.charts import CHARTS, COHORTS_SHOWN, draw
from include.reports.questions import NAMES, OVERVIEW, Answer, Range, text
from include.sandbox.sample import generate
from tests.oracle import expected_tables
from tests.report_oracle import expected_answers

FIRST, WEEK = datetime(2018, 12, 1), timedelta(days=7)
ASKED = Range(FIRST.replace(tzinfo=timezone.utc), (FIRST + WEEK).replace(tzinfo=timezone.utc))
DRAWN = [name for name in NAMES if name != OVERVIEW]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = generate(tmp_path_factory.mktemp("charts") / "sample").folder
    rows = expected_answers(expected_tables(folder, FIRST, FIRST + WEEK), FIRST, FIRST + WEEK)
    return {name: Answer(name, text(name), ASKED, rows[name]) for name in NAMES}


def axes_of(answer):
    figure = Figure()
    CHARTS[answer.name](figure, answer.rows)
    return figure.axes


def test_every_question_but_the_overview_has_a_chart():
    assert list(CHARTS) == DRAWN


@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_is_a_png_small_enough_for_a_page(answers, tmp_path, name):
    path = draw(answers[name], tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / f"{name}.png"
    assert 5_000 < path.stat().st_size < 100_000
    with Image.open(path) as image:
        assert (image.format, image.size) == ("PNG", (880, 462))
        assert image.info["Title"] == text(name)
        colours = image.convert("RGB").getcolors(maxcolors=1 << 20)
    white = sum(count for count, colour in colours if colour == (255, 255, 255))
    assert 0.05 < 1 - white / (880 * 462) < 0.75, "it is neither empty nor black"


def test_the_same_answer_gives_the_same_bytes(answers, tmp_path):
    first, second = (draw(answers["sessions"], tmp_path / name) for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_gives_no_picture_and_leaves_none_of_another_range(answers, tmp_path, name):
    draw(answers[name], tmp_path)
    assert draw(Answer(name, text(name), ASKED, []), tmp_path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", DRAWN)
def test_every_axis_says_what_it_shows(answers, name):
    for axes in axes_of(answers[name]):
        beside = axes.get_shared_y_axes().get_siblings(axes)
        named = [label.get_text() for shared in beside for label in shared.get_yticklabels()]
        assert axes.get_ylabel() or any(map(str.isalpha, "".join(named))), "upwards"
        assert axes.get_xlabel() or axes.get_label() == "<colorbar>", "to the right"


def test_the_bars_of_an_hour_are_its_plays(answers):
    (axes,) = axes_of(answers["plays_by_hour"])
    free, paid = ([bar.get_height() for bar in bars] for bars in axes.containers)
    rows = {row["hour"]: row for row in answers["plays_by_hour"].rows}
    assert len(rows) < 24, "the sample has hours without plays"
    assert free == [rows[hour]["free_plays"] if hour in rows else 0 for hour in range(24)]
    assert paid == [rows[hour]["paid_plays"] if hour in rows else 0 for hour in range(24)]
    assert [label.get_text() for label in axes.get_legend().get_texts()] == ["free level", "paid level"]


@pytest.mark.parametrize("name", ["top_songs", "top_artists"])
def test_a_ranking_says_how_many_plays_it_leaves_out(answers, name):
    (axes,) = axes_of(answers[name])
    *placed, others, unmatched = answers[name].rows
    assert [bar.get_width() for bar in axes.containers[0]] == [row["plays"] for row in placed]
    assert f"{others['plays']:,} (" in axes.get_xlabel()
    assert f"{unmatched['plays']:,} ({unmatched['share_of_plays']:.1%}) with no song matched" in axes.get_xlabel()


@pytest.mark.parametrize("name", ["top_songs", "top_artists"])
def test_a_ranking_of_nothing_known_says_so(answers, tmp_path, name):
    unmatched = answers[name].rows[-1] | {"share_of_plays": 1.0}
    answer = Answer(name, text(name), ASKED, [unmatched])
    assert draw(answer, tmp_path)
    assert [found.get_text() for found in axes_of(answer)[0].texts] == ["no play is of a known song"]


def test_titles_that_look_like_formulas_or_are_long_are_drawn_as_text(answers, tmp_path):
    row = answers["top_songs"].rows[0]
    odd = [row | {"title": "$\\frac", "artist": "A$AP " * 40}, row | {"place": 2, "title": None, "artist": None}]
    assert draw(Answer("top_songs", "?", ASKED, odd), tmp_path)


def test_retention_shows_each_share_and_the_latest_cohorts():
    monday = datetime(2018, 1, 1)
    rows = [
        {"cohort": monday + n * WEEK, "cohort_users": 4, "weeks_after": after, "active_users": 1,
         "active_share": 0.25, "is_whole": n + after < 20}
        for n in range(21) for after in range(21 - n)
    ]  # fmt: skip
    axes, _ = axes_of(Answer("retention", "?", ASKED, rows))
    assert len(axes.get_yticks()) == COHORTS_SHOWN
    assert axes.get_yticklabels()[-1].get_text() == "2018-05-21 (4 users)"
    shown = [found.get_text() for found in axes.texts]
    assert (len(shown), shown.count("25%*")) == (COHORTS_SHOWN * (COHORTS_SHOWN + 1) / 2, COHORTS_SHOWN)


def test_retention_over_years_shows_the_first_weeks():
    row = {"cohort": FIRST, "cohort_users": 4, "active_users": 1, "active_share": 0.25, "is_whole": True}
    axes, _ = axes_of(Answer("retention", "?", ASKED, [row | {"weeks_after": after} for after in range(400)]))
    assert len(axes.texts) == len(axes.get_xticks()) == COHORTS_SHOWN
