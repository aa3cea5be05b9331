"""What holds for every course: scale, order of the input, longer timelines, and more tumour."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.response.criteria import load_profile, shipped_names
from calcmeasure.response.score import score_measurements
from calcmeasure.terms import LesionSite, NonTargetStatus
from response.timelines import NON_TARGET, SKIP, UNSEEN, Lesion, changed, rows, timeline

PROFILES = [load_profile(name) for name in shipped_names() if load_profile(name).lesion]
PERCENT_ONLY = [changed("recist-1.1", progression_min_mm=0), load_profile("paper-2023"), load_profile("who")]
DAYS = (0, 40, 80, 120, 160)

LENGTHS = st.sampled_from([0, 4, 8, 10, 12, 15, 20, 30, 33, 40, UNSEEN, SKIP])
SITES = st.sampled_from([None, LesionSite.LYMPH_NODE, LesionSite.LIVER])


@st.composite
def courses(draw, visits: int = 5) -> list[Lesion]:
    def values(first: st.SearchStrategy[object]) -> tuple[object, ...]:
        return (draw(first), *(draw(LENGTHS) for _ in range(visits - 1)))

    known = [
        Lesion(name, values(st.sampled_from([10, 16, 30])), draw(SITES)) for name in "AB"[: draw(st.integers(1, 2))]
    ]
    status = {draw(st.integers(1, visits - 1)): draw(st.sampled_from(list(NonTargetStatus)))}
    other = Lesion("C", values(st.just(9)), role=NON_TARGET, status=status)
    new = Lesion("X", (SKIP, *(draw(LENGTHS) for _ in range(visits - 1))), is_new=draw(st.booleans()))
    both_axes = [_with_other_sizes(lesion) for lesion in (*known, other, new)]
    return both_axes[: draw(st.integers(1, 4))]


def _with_other_sizes(lesion: Lesion) -> Lesion:
    """Give each length a short axis and a volume too, so that every profile has something to judge."""
    lengths = [value if isinstance(value, int) else None for value in lesion.values]
    short = () if lesion.site is LesionSite.LYMPH_NODE else tuple(None if v is None else v / 2 for v in lengths)
    cubes = tuple(None if v is None else float(v**3) for v in lengths)
    return Lesion(lesion.name, lesion.values, lesion.site, lesion.role, short, cubes, lesion.status, lesion.is_new)


@settings(max_examples=60, deadline=None)
@given(courses(), st.sampled_from(PROFILES), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(lesions, profile, rng: random.Random):
    measurements = timeline(*lesions, days=DAYS)
    shuffled = rng.sample(measurements, len(measurements))
    assert score_measurements(shuffled, profile=profile) == score_measurements(measurements, profile=profile)


@settings(max_examples=60, deadline=None)
@given(courses(), st.sampled_from(PROFILES), st.integers(1, 4))
def test_a_longer_timeline_never_changes_earlier_rows(lesions, profile, visits):
    whole = score_measurements(timeline(*lesions, days=DAYS), profile=profile)
    seen = ["baseline", *(f"followup-{k}" for k in range(1, visits + 1))]
    early = [m for m in timeline(*lesions, days=DAYS) if m.timepoint in seen]
    assert score_measurements(early, profile=profile) == tuple(row for row in whole if row.timepoint in seen)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 40_000), min_size=3, max_size=3), min_size=1, max_size=2),
    st.sampled_from(PERCENT_ONLY),
    st.integers(2, 20),
)
def test_percent_alone_knows_no_scale(lengths_um, profile, factor):
    def scaled(by: int) -> list[str]:
        mm = [tuple(um * by / 1000 for um in (10_000 + lengths[0], *lengths[1:])) for lengths in lengths_um]
        lesions = [Lesion(f"L{k}", values, short_mm=tuple(v / 2 for v in values)) for k, values in enumerate(mm)]
        return [row.category for row in rows(*lesions, profile=profile)]

    assert scaled(1) == scaled(factor)


ORDER = {"CR": 0, "PR": 1, "SD": 2, "PD": 3}


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(0, 60_000), min_size=2, max_size=4),
    st.integers(10_000, 60_000),
    st.integers(0, 60_000),
    st.sampled_from([None, LesionSite.LYMPH_NODE]),
)
def test_more_tumour_at_the_last_visit_is_never_a_better_response(middle_um, baseline_um, more_um, site):
    course = [max(baseline_um, 15_000), *middle_um]
    larger = [*course[:-1], course[-1] + more_um]
    found = [rows(Lesion("A", tuple(um / 1000 for um in values), site))[-1].category for values in (course, larger)]
    assert ORDER[found[0]] <= ORDER[found[1]]


@settings(max_examples=60, deadline=None)
@given(courses(), st.sampled_from(PROFILES))
def test_every_row_explains_itself(lesions, profile):
    for row in score_measurements(timeline(*lesions, days=DAYS), profile=profile):
        assert row.rule.startswith(f"{row.category}: ")
        assert len(row.rule) > len(row.category) + 4
        assert row.criteria_sha256 == profile.sha256
        assert row.best_response
