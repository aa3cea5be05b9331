from __future__ import annotations

import pytest

from napari_calcmeasure.samples import dynamic_study, mammogram_pair


@pytest.mark.slow
def test_the_mammogram_pair_is_two_views_in_mm():
    images = [(data, keywords) for data, keywords, kind in mammogram_pair() if kind == "image"]
    assert [keywords["name"] for _, keywords in images] == ["L-CC baseline", "L-MLO baseline"]
    assert all(keywords["units"] == ("mm", "mm") and data.max() > 100 for data, keywords in images)


@pytest.mark.slow
def test_the_dynamic_study_has_an_early_phase():
    (phases, keywords, _), (difference, *_), *_captions = dynamic_study()
    assert keywords["metadata"]["early_phase"] == 1
    assert difference.max() > 0.5 * phases.max() / 2
