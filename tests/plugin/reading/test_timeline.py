"""What the timeline draws: lines, limits by the rule of the line selected, and visits by date."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.response.criteria import load_profile
from napari_calcmeasure.reading.answers import answers
from napari_calcmeasure.reading.finding import Finding
from napari_calcmeasure.reading.timeline import Plot, timeline
from plugin.reading.courses_of import extent, lesion, reading_of, signed, split

PAPER, RECIST = load_profile("paper-2023"), load_profile("recist-1.1")


def plots(*findings: Finding, selected: str = "", profiles=(PAPER, RECIST)) -> tuple[Plot, ...]:
    found = answers(reading_of(*findings), profiles=profiles)
    return timeline(found, profiles=profiles, selected=selected)


def limits(plot: Plot) -> list[tuple[float, str, float]]:
    return [(round(limit.value_mm, 6), limit.label, limit.from_x) for limit in plot.limits]


COURSE = (lesion("a", "baseline", 40.0), lesion("b", "followup-1", 20.0), lesion("c", "followup-2", 26.0))


def test_places_are_days_after_the_first_visit_and_values_in_mm():
    (plot,) = plots(signed(COURSE[0]), *COURSE[1:])
    (line,) = plot.lines
    assert [(place.x, place.value_mm, place.is_draft) for place in line.places] == [
        (0.0, 40.0, False),
        (67.0, 20.0, True),
        (151.0, 26.0, True),
    ]
    assert plot.ticks[1] == (67.0, "followup-1\n2021-05-10")


@pytest.mark.parametrize("dates", [("", "", ""), ("2021-03-04", "2021-03-04", "2021-05-01"), ("not", "a", "date")])
def test_without_usable_dates_visits_stand_one_after_the_other(dates):
    visits = ("baseline", "followup-1", "followup-2")
    found = [
        lesion(f"k{n}", visit, 30.0, study_date=day) for n, (visit, day) in enumerate(zip(visits, dates, strict=True))
    ]
    (plot,) = plots(*found)
    assert plot.ticks == ((0.0, "baseline"), (1.0, "followup-1"), (2.0, "followup-2"))


def test_limits_of_an_extent_are_a_band_around_its_baseline():
    (plot,) = plots(extent("a", "baseline", 30.0), extent("b", "followup-1", 20.0))
    assert limits(plot) == [(33.0, "+10 %", 0.0), (27.0, "−10 %", 0.0)]
    assert (plot.has_band, plot.limits_of) == (True, "L calcifications")


def test_lengths_on_different_scales_have_no_limits():
    before, after = extent("a", "baseline", 30.0), extent("b", "followup-1", 20.0)
    corrected = Spacing(0.07, 0.07, SpacingSource.MAGNIFICATION_CORRECTED, magnification=1.06)
    other = extent("b", "followup-1", 20.0, image=replace(after.annotation.image, spacing=corrected))
    assert plots(before, after)[0].limits
    (plot,) = plots(before, other)
    assert (plot.limits, len(plot.lines)) == ((), 1)


def test_limits_of_a_lesion_follow_the_first_profile():
    assert limits(plots(*COURSE)[0]) == [(28.0, "PR −30 %", 0.0), (48.0, "PD +20 %", 0.0)]
    assert limits(plots(*COURSE, profiles=(RECIST,))[0]) == [(28.0, "PR −30 %", 0.0), (25.0, "PD +20 %, ≥ 5 mm", 67.0)]
    assert limits(plots(*COURSE, profiles=())[0]) == []


def test_the_last_value_is_no_reference_of_its_own():
    (plot,) = plots(*COURSE[:2], profiles=(RECIST,))
    assert limits(plot)[1] == (48.0, "PD +20 %, ≥ 5 mm", 0.0)


def test_several_lesions_have_a_line_together_as_the_selected_row_is_judged():
    others = (lesion("d", "baseline", 20.0, name="R-L2"), split("e", "followup-1", 4.0, name="R-L2"))
    (plot,) = plots(*COURSE, *others)
    assert [line.title for line in plot.lines] == ["Largest lesion", "R-L1", "R-L2"]
    (plot,) = plots(*COURSE, *others, selected="Sum of targets")
    assert [line.title for line in plot.lines] == ["Sum of targets", "R-L1", "R-L2"]
    assert [place.value_mm for place in plot.lines[0].places] == [60.0, 24.0]
    assert plot.limits_of == "Sum of targets"


def test_a_lesion_without_baseline_is_drawn_without_limits():
    (plot,) = plots(lesion("a", "followup-1", 20.0), lesion("b", "followup-2", 22.0))
    assert [line.title for line in plot.lines] == ["R-L1"]
    assert plot.limits == ()


def test_nothing_measured_is_no_plot():
    assert plots() == ()
    assert plots(lesion("a", "baseline", 20.0, flags=("E_NOT_MEASURABLE",))) == ()
