"""The one measured lesion of a visit counts as it does among everything that might be beside it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.response import burden
from calcmeasure.response.criteria import load_profile, shipped_names
from calcmeasure.response.score import score_measurements
from response.timelines import NODE, SKIP, SMALL, UNSEEN, Lesion, timeline

PROFILES = [load_profile(name) for name in shipped_names() if load_profile(name).lesion]
LENGTHS = st.sampled_from([0, 4, 9, 10, 15, 20, 30, SMALL, UNSEEN, SKIP])


@settings(max_examples=60, deadline=None)
@given(
    first=st.sampled_from([0, 8, 10, 16, 30]),
    others=st.lists(LENGTHS, min_size=1, max_size=4),
    site=st.sampled_from([None, NODE]),
    later=st.sampled_from([SKIP, 0, 12]),
)
def test_a_visit_with_one_lesion_counts_as_any_other(first, others, site, later):
    lesions = [Lesion("A", (first, *others), site), Lesion("X", (*(SKIP for _ in others), later), is_new=True)]
    measurements = timeline(*lesions)
    quick = [score_measurements(measurements, profile=profile) for profile in PROFILES]
    plain, burden._plain_burden = burden._plain_burden, lambda *_: None
    try:
        assert [score_measurements(measurements, profile=profile) for profile in PROFILES] == quick
    finally:
        burden._plain_burden = plain
