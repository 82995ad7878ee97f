"""What is made of figures: medians, ratios, verdicts, tables, a chart, and a chapter of the documentation."""

from __future__ import annotations

import copy
import xml.etree.ElementTree

import pytest

from bench import chart, marks, pages, report
from bench.measure import GROWTH
from bench.results import Results
from bench.run import Plan

AWAITED = "dynamorm_awaited:direct:marshmallow"
CLIENT, DIRECT, DEFAULT, FLOOR = (
    "boto3_client",
    "dynamorm_models:direct:marshmallow",
    "dynamorm_models:default:marshmallow",
    "floor",
)


@pytest.fixture
def results():
    made = Results()
    made.about.update(
        date="2024-05-17",
        machine="2 cores",
        python="CPython",
        engine="dynoxide",
        turns=3,
        seconds=1,
        sizes={"few": 100, "page": 1_000, "stored": 10_000},
    )
    figures = {CLIENT: (100e-6, 900e-6, 120e-6), DEFAULT: (40e-6, 360e-6, 24e-6), FLOOR: (4e-6, 4e-6, 4e-6)}
    for name, costs in figures.items():
        for turn, cost in enumerate(costs):
            made.add("book", name, "get", turn, cost)
    return made


def test_a_turn_in_which_the_machine_was_slow_changes_no_ratio(results):
    assert results.median("book", CLIENT, "get") == 120e-6
    assert results.ratio("book", DEFAULT, CLIENT, "get") == pytest.approx(0.4)


def test_turns_are_compared_with_each_other_even_where_one_is_missing(results):
    results.add("book", DIRECT, "get", 1, 90e-6)
    assert results.figures("book", DIRECT, "get") == [None, 90e-6]
    assert results.ratio("book", DIRECT, CLIENT, "get") == pytest.approx(0.1)


def test_a_mark_is_met_or_missed_by_the_figure_of_each_kind(results):
    for kind, cost in (("strings", 30e-6), ("numbers", 34e-6)):
        results.add(kind, CLIENT, "get", 0, 100e-6)
        results.add(kind, DEFAULT, "get", 0, cost)
    (verdict,) = [one for one in marks.verdicts(results) if one.about == "get, default / boto3 client, wire dicts"]
    assert verdict.figures == pytest.approx({"book": 0.4, "strings": 0.3, "numbers": 0.34})
    assert verdict.missed == ("book", "numbers")
    (line,) = [line for line in report.text(results).splitlines() if line.startswith(verdict.about)]
    assert line.split()[-5:] == ["0.33", "*0.40", "0.30", "*0.34", "MISSED"]


def test_what_is_awaited_has_its_marks_beside_what_blocks(results):
    for name, one, many in ((CLIENT, 400e-6, 500e-6), (DIRECT, 100e-6, 150e-6), (AWAITED, 159e-6, 101e-6)):
        results.add("async", name, "get", 0, one)
        results.add("async", name, "at_once", 0, many)
    one, many = [verdict for verdict in marks.verdicts(results) if verdict.about.startswith("async")]
    assert (one.about, one.figures, one.met) == ("async: get, awaited / direct", {"book": pytest.approx(1.59)}, True)
    assert (many.about, many.figures, many.met) == (
        "async: at once, awaited / direct in threads",
        {"book": pytest.approx(101 / 150)},
        False,
    )
    lines = report.text(results).splitlines()
    (row,) = [line for line in lines if line.startswith("DynamORM, marshmallow, awaited")]
    assert row.split()[-5:] == ["0.40", "0.20", "|", "159", "101"]
    (judged,) = [line for line in lines if line.startswith(many.about)]
    assert judged.split()[-4:] == ["<=", "0.667", "*0.67", "MISSED"]


def test_growth_is_told_with_and_without_the_request_itself(results):
    for what, cost in zip(GROWTH, (100e-6, 6e-6, 5.1e-6, 5e-6), strict=True):
        results.add("book", DIRECT, what, 0, cost)
    with_request, without = [one for one in marks.verdicts(results) if one.mark == marks.FLAT]
    assert with_request.figures == pytest.approx({"book": 6 / 5})
    assert without.figures == pytest.approx({"book": 5 / 4.99})
    assert (with_request.met, without.met) == (False, True)


def test_tables_show_ratios_before_absolute_figures(results):
    (line,) = [line for line in report.text(results).splitlines() if line.startswith("DynamORM, marshmallow, default")]
    assert line.split()[-3:] == ["0.40", "|", "40.0"]


def test_those_who_were_left_out_are_named_with_the_reason(results):
    results.left_out["PynamoDB"] = "it is not installed"
    assert "PynamoDB is left out: it is not installed" in report.text(results)
    assert "PynamoDB is left out: ``it is not installed``" in pages.included(results)


def test_the_chart_is_a_drawing_with_a_bar_for_each_contender(results):
    drawing = xml.etree.ElementTree.fromstring(chart.svg(results))
    space = "{http://www.w3.org/2000/svg}"
    texts = [text.text for text in drawing.iter(f"{space}text")]
    assert len(list(drawing.iter(f"{space}rect"))) == 3
    width = int(drawing.get("width"))
    for text in drawing.iter(f"{space}text"):
        # a letter is some six pixels wide
        room = width - float(text.get("x")) if text.get("text-anchor") != "end" else float(text.get("x"))
        assert len(text.text) * 6.2 <= room, f"{text.text} is cut off"
    assert {"DynamORM, marshmallow, default", "0.40", "boto3 client, wire dicts", "1.00"} <= set(texts)


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", [chart.TEXT, chart.OURS, chart.OTHERS, chart.REST])
@pytest.mark.parametrize("paper", ["#ffffff", "#131416"])
def test_the_colours_of_the_chart_stand_out_from_light_and_dark_paper(colour, paper):
    darker, lighter = sorted([luminance(colour), luminance(paper)])
    assert (lighter + 0.05) / (darker + 0.05) >= (4 if colour == chart.TEXT else 2.5)


def test_the_documentation_shows_the_figures_that_it_holds():
    made = pages.made(Results.read(pages.FIGURES))
    assert {name: (pages.FOLDER / name).read_text() == text for name, text in made.items()} == {
        "chart.svg": True,
        "tables.inc": True,
    }


def test_figures_survive_being_written(results, tmp_path):
    before = copy.deepcopy(results.data)
    results.write(tmp_path / "figures.json")
    assert Results.read(tmp_path / "figures.json").data == before


def test_figures_of_another_format_are_refused(results, tmp_path):
    results.data["format"] = 0
    results.write(tmp_path / "figures.json")
    with pytest.raises(SystemExit, match="measure again"):
        Results.read(tmp_path / "figures.json")


def test_words_choose_tasks_kinds_and_contenders():
    plan = Plan().restricted(["get", "cold", "numbers", "pydynox", "direct:marshmallow"])
    assert (plan.tasks, plan.kinds, plan.words) == ({"get", "cold"}, ("numbers",), ("pydynox", "direct:marshmallow"))
    assert Plan().restricted(["floor"]).tasks == Plan().tasks


def test_a_word_that_chooses_nothing_is_refused():
    with pytest.raises(SystemExit, match="--only gte"):
        Plan().restricted(["gte"])
