"""Figures of a study: every case is drawn, the numbers beside a figure are those of the cohort."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from matplotlib import rc_context

from calcmeasure.model.measurement import Measurement
from calcmeasure.report.study.figures import draw_study_figures, write_study_figures
from calcmeasure.report.study.figures.bland_altman import draw_bland_altman
from calcmeasure.report.study.figures.cutoffs import Cutoffs, criteria_of, cutoffs_of
from calcmeasure.report.study.figures.figure import as_numbers, png_bytes, svg_bytes
from calcmeasure.report.study.figures.flowchart import draw_flowchart
from calcmeasure.report.study.figures.scatter import draw_scatter
from calcmeasure.report.study.figures.spider import draw_spider
from calcmeasure.report.study.figures.waterfall import draw_waterfall
from calcmeasure.response.criteria import load_profile
from calcmeasure.study.agreement import agree
from calcmeasure.study.analysis import analyze_cohort, count_flow
from calcmeasure.study.courses import courses
from calcmeasure.study.plots import changes, outcomes, paired_sizes
from calcmeasure.study.variables import Pair
from calcmeasure.terms import Laterality, Modality, Quantity
from study_cohorts import cohort, random_cohort, row

DIAMETER = Quantity.LESION_DIAMETER

N, EXCLUDED = 31, 4
NAMES = (
    "flowchart", "waterfall-extent", "waterfall-diameter", "spider",
    "bland-altman-extent-pathology", "bland-altman-diameter-pathology", "bland-altman-extent-diameter",
    "scatter-extent-pathology", "scatter-diameter-pathology", "scatter-extent-diameter",
    "agreement-forest", "residual-2x2", "roc-residual-disease",
)  # fmt: skip
COHORT = random_cohort(N, excluded=EXCLUDED)
RESULTS = analyze_cohort(COHORT)


@pytest.fixture(scope="module")
def figures():
    return {drawn.name: drawn for drawn in draw_study_figures(COHORT, RESULTS)}


def table(drawn):
    return list(csv.DictReader(io.StringIO(drawn.numbers.to_csv())))


def column(drawn, name):
    return [float(record[name]) for record in table(drawn)]


def cases(drawn):
    """Artists that stand for cases."""
    return [artist for axis in drawn.figure.axes for artist in axis.findobj(lambda a: a.get_gid() == "cases")]


def texts(drawn):
    return [text.get_text() for axis in drawn.figure.axes for text in axis.texts]


def of(name):
    """One value per included case."""
    return np.array([getattr(r.imaging, name) for r in COHORT.included])


def test_every_kind_is_there_in_order(figures):
    assert tuple(figures) == NAMES


def test_titles_name_n_and_captions_say_it(figures):
    assert all(str(N) in drawn.caption for name, drawn in figures.items() if name not in ("agreement-forest", "spider"))
    for name in NAMES[1:10]:
        assert any(f"n = {N}" in axis.get_title(loc="left") for axis in figures[name].figure.axes), name


@pytest.mark.parametrize("name", ["waterfall-extent", "waterfall-diameter"])
def test_a_waterfall_has_a_bar_and_a_tick_per_case(figures, name):
    bars, strip = figures[name].figure.axes
    assert len(bars.patches) == len(strip.patches) == N
    quantity = name.removeprefix("waterfall-")
    before, after = of(f"{quantity}_baseline_mm"), of(f"{quantity}_followup_mm")
    expected = np.sort(100 * (after - before) / before)[::-1]
    assert column(figures[name], "change_percent") == pytest.approx(expected, abs=1e-6)
    assert [bar.get_height() for bar in bars.patches] == pytest.approx(np.minimum(expected, 100))


def test_a_tick_lies_in_the_row_of_its_category(figures):
    _, strip = figures["waterfall-diameter"].figure.axes
    rows = [label.get_text().split(" (")[0] for label in strip.get_yticklabels()]
    ticks = sorted((tick.get_x(), rows[round(tick.get_y() + 0.4)]) for tick in strip.patches)
    expected = [record["category"] for record in table(figures["waterfall-diameter"])]
    assert [category for _, category in ticks] == expected


def test_cut_bars_are_marked_and_said():
    grown = cohort(row("A", extent=(10, 35)), row("B", extent=(10, 24)), row("C"), row("D", extent=(0, 5)))
    drawn = draw_waterfall(changes(grown, Quantity.CALCIFICATION_EXTENT), Cutoffs(-10, 10), criteria="extent-10")
    assert "2 cut at +100%: +250, +140%" in texts(drawn)
    assert [bar.get_height() for bar in drawn.figure.axes[0].patches[:2]] == [100.0, 100.0]
    assert "1 with 0 mm before treatment (1 of them more afterwards)" in drawn.caption
    assert [record["change_percent"] for record in table(drawn)] == ["250.0", "140.0", "-15.151515", ""]


def test_a_spider_has_a_line_per_course(figures):
    assert len(cases(figures["spider"])) == 2 * N
    percents = {r["patient_id"]: float(r["change_percent"]) for r in table(figures["spider"]) if r["visit"] == "1"}
    after, before = of("diameter_followup_mm"), of("diameter_baseline_mm")
    assert list(percents.values()) == pytest.approx(100 * (after - before) / before, abs=1e-6)


def test_a_spider_follows_measurements_over_weeks():
    visits = (("baseline", 40.0, "2024-01-01"), ("followup-1", 30.0, "2024-02-12"), ("followup-2", 52.0, "2024-05-06"))
    own = [
        Measurement(patient, name, DIAMETER, mm, Laterality.LEFT, "L-L1", study_date=day, modality=Modality.MR)
        for patient in ("A", "stranger")
        for name, mm, day in visits
    ]
    rows = cohort(row("A", extent=(None, None)))
    drawn = next(f for f in draw_study_figures(rows, analyze_cohort(rows), measurements=own) if f.name == "spider")
    assert [(r["patient_id"], r["weeks"]) for r in table(drawn)] == [("A", "0.0"), ("A", "6.0"), ("A", "18.0")]
    assert drawn.figure.axes[1].get_xlabel() == "Weeks from the first examination"


def test_a_line_that_leaves_the_figure_is_marked_where_it_does():
    """From 0 to +216 % over one visit: it passes the edge, +108 %, half-way."""
    found = courses(cohort(row("A", diameter=(25, 79))), DIAMETER)
    drawn = draw_spider({DIAMETER: found}, {DIAMETER: Cutoffs()}, criteria="paper-2023")
    (axis,) = drawn.figure.axes
    marks = [line.get_xydata().tolist() for line in axis.lines if len(line.get_xdata()) == 1]
    assert marks == [[[0.5, 108.0]]]
    assert "(up to +216%)" in drawn.caption


@pytest.mark.parametrize("pair", ["extent-pathology", "diameter-pathology", "extent-diameter"])
def test_agreement_plots_have_a_marker_per_case(figures, pair):
    sizes = {
        "extent": of("extent_followup_mm"),
        "diameter": of("diameter_followup_mm"),
        "pathology": np.array([r.pathology.size_mm for r in COHORT.included]),
    }
    first, second = (sizes[name] for name in pair.split("-"))
    (points,) = cases(figures[f"bland-altman-{pair}"])
    assert np.asarray(points.get_offsets()) == pytest.approx(np.column_stack([(first + second) / 2, first - second]))
    assert column(figures[f"bland-altman-{pair}"], "difference_mm") == pytest.approx(first - second, abs=1e-6)
    scatter = figures[f"scatter-{pair}"]
    assert sum(len(subtype.get_offsets()) for subtype in cases(scatter)) == N
    assert (column(scatter, "first_mm"), column(scatter, "second_mm")) == (first.tolist(), second.tolist())


def test_limits_are_drawn_where_they_were_computed(figures):
    """Bias and limits from their definition: mean and 1.96 SD of the differences."""
    difference = of("extent_followup_mm") - of("diameter_followup_mm")
    expected = [difference.mean() + z * difference.std(ddof=1) for z in (-1.959964, 0, 1.959964)]
    (axis,) = figures["bland-altman-extent-diameter"].figure.axes
    levels = sorted(line.get_ydata()[0] for line in axis.lines if line.get_linewidth() == 1.0)
    assert levels == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("kind", [draw_scatter, draw_bland_altman])
def test_cases_at_one_place_are_counted_beside_it(kind):
    rows = [row(f"P{k}", extent=(30, 0), size_mm=0.0) for k in range(4)]
    full = cohort(*rows, row("Q"), row("R"))
    agreement = agree(full.included, Pair.EXTENT_PATHOLOGY, subgroup="all", level=0.95)
    written = texts(kind(paired_sizes(full, Pair.EXTENT_PATHOLOGY), agreement))
    assert "×4" in written
    assert "×2" not in written


def test_a_forest_shows_both_forms_of_every_subgroup(figures):
    forest = figures["agreement-forest"]
    defined = [record for record in table(forest) if record["value"]]
    assert len(table(forest)) == 3 * 5 * 2
    assert len(cases(forest)) == len(defined)
    assert [record["form"] for record in table(forest)[:2]] == ["ICC(C,1)", "ICC(A,1)"]


def test_the_two_by_two_table_counts_every_case(figures):
    found = figures["residual-2x2"]
    left, disease = of("diameter_followup_mm") > 0, np.array([r.pathology.size_mm > 0 for r in COHORT.included])
    expected = [np.sum(left & disease), np.sum(left & ~disease), np.sum(~left & disease), np.sum(~left & ~disease)]
    assert [int(record["count"]) for record in table(found)[:4]] == expected
    assert {str(count) for count in expected} <= set(texts(found))
    sensitivity = table(found)[4]
    assert (sensitivity["what"], int(sensitivity["total"])) == ("sensitivity", disease.sum())
    assert float(sensitivity["value"]) == pytest.approx(expected[0] / disease.sum(), abs=1e-6)


def test_the_curve_is_the_one_counted_by_hand(figures):
    scores, disease = of("diameter_followup_mm"), np.array([r.pathology.size_mm > 0 for r in COHORT.included])
    own = [record for record in table(figures["roc-residual-disease"]) if record["score"] == "diameter_followup_mm"]
    for record in own[1:]:
        called = scores >= float(record["threshold_mm"])
        assert float(record["sensitivity"]) == pytest.approx(np.mean(called[disease]), abs=1e-6)
        assert float(record["false_positive_rate"]) == pytest.approx(np.mean(called[~disease]), abs=1e-6)


def test_the_flowchart_adds_up(figures):
    counts = [(record["box"], int(record["n"])) for record in table(figures["flowchart"])]
    assert ("assessed", N + EXCLUDED) in counts
    assert sum(n for box, n in counts if box == "excluded") == EXCLUDED
    assert sum(n for box, n in counts if box == "outcome") == N


def test_cut_offs_of_the_criteria_are_drawn(figures):
    assert {"+20%", "−30%"} <= set(texts(figures["waterfall-diameter"]))
    assert {"+10%", "−10%"} <= set(texts(figures["waterfall-extent"]))


def test_criteria_that_are_not_ours_have_no_cut_offs():
    assert criteria_of(COHORT) == load_profile("paper-2023")
    assert criteria_of(replace(COHORT, criteria="mine")) is None
    assert criteria_of(replace(COHORT, criteria_sha256="0")) is None
    drawn = draw_waterfall(changes(COHORT, DIAMETER), cutoffs_of(None, DIAMETER), criteria="mine")
    assert "the criteria mine, whose cut-offs are not drawn" in drawn.caption
    assert not {"+20%", "−30%"} & set(texts(drawn))


@pytest.mark.parametrize(
    ("name", "more_visits", "lines"),
    [
        ("paper-2023", True, (-30.0, 20.0)),
        ("recist-1.1", False, (-30.0, 20.0)),
        ("recist-1.1", True, (-30.0,)),  # growth is counted from the smallest sum
        ("extent-10", False, ()),
        ("who", False, ()),  # per cent of a product
        ("ftv", False, ()),  # per cent of a volume
    ],
)
def test_cut_offs_of_a_diameter(name, more_visits, lines):
    assert cutoffs_of(load_profile(name), DIAMETER, more_visits=more_visits).lines == lines


@pytest.mark.parametrize("name", NAMES)
def test_no_words_are_cut_off_by_the_page(figures, name):
    figure = figures[name].figure
    svg_bytes(figures[name])
    page = figure.bbox
    written = [text for axis in figure.axes for text in (*axis.texts, axis.title, axis.xaxis.label, axis.yaxis.label)]
    written += [text for legend in figure.legends for text in legend.get_texts()]
    written += [label for axis in figure.axes for label in axis.get_yticklabels() if not _is_number(label.get_text())]
    for text in (text for text in written if text.get_text()):
        box = text.get_window_extent()
        assert page.x0 - 1 <= box.x0, text.get_text()
        assert box.x1 <= page.x1 + 1, text.get_text()
        assert page.y0 - 1 <= box.y0, text.get_text()
        assert box.y1 <= page.y1 + 1, text.get_text()


def _is_number(text):
    return text.replace("−", "").replace(".", "").isdigit()


def test_figures_have_the_width_of_a_column_or_a_page(figures):
    assert {round(drawn.figure.get_figwidth() * 25.4) for drawn in figures.values()} == {85, 180}


@pytest.mark.parametrize("name", ["waterfall-extent", "roc-residual-disease"])
def test_letters_are_large_enough_to_read_in_print(figures, name):
    sizes = [text.get_fontsize() for text in figures[name].figure.findobj(lambda a: hasattr(a, "get_fontsize"))]
    assert min(sizes) >= 6


def test_the_same_cohort_gives_the_same_bytes(tmp_path, figures):
    rows = random_cohort(N, excluded=EXCLUDED)
    agreement = agree(rows.included, Pair.DIAMETER_PATHOLOGY, subgroup="all", level=0.95)
    again = (
        draw_flowchart(count_flow(rows), outcomes(rows)),
        draw_scatter(paired_sizes(rows, Pair.DIAMETER_PATHOLOGY), agreement),
    )
    write_study_figures(tmp_path / "one", [figures[drawn.name] for drawn in again])
    write_study_figures(tmp_path / "two", again)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert [name.rpartition(".")[2] for name in names] == ["csv", "png", "svg"] * 2
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_files_name_no_date_and_no_software(figures):
    drawing, picture = svg_bytes(figures["flowchart"]), png_bytes(figures["flowchart"])
    assert b"<dc:date>" not in drawing
    assert b"atplotlib" not in drawing.split(b"<defs>")[0]
    assert not re.search(rb"(tEXt|iTXt|zTXt|eXIf|tIME)", picture)


def test_settings_of_the_user_change_nothing(figures):
    with rc_context({"font.size": 20, "axes.facecolor": "red", "svg.fonttype": "none"}):
        again = draw_flowchart(count_flow(COHORT), outcomes(COHORT))
        assert svg_bytes(again) == svg_bytes(figures["flowchart"])


def test_a_table_of_numbers_guards_cells_and_leaves_the_undefined_empty():
    numbers = as_numbers(("name", "n", "value"), [("=A1", 3, float("nan")), ("x", None, -0.0), ("y", 1, 1 / 3)])
    assert numbers.to_csv() == "name,n,value\n'=A1,3,\nx,,0.0\ny,1,0.333333\n"
    with pytest.raises(ValueError, match="2 cells"):
        as_numbers(("a", "b"), [(1,)])
