"""From marks to groups at any operating point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.testing import assert_array_equal

from calcmeasure.detect.calcifications.regrouping import regroup
from calcmeasure.detect.calcifications.settings import GroupSettings
from calcmeasure.detect.contract import CalcificationFindings, CalcificationMarks
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.terms import MarkLabel

SPACING = Spacing(0.1, 0.1, SpacingSource.DETECTOR)
GROUP_RC = np.stack(np.meshgrid(np.arange(4) * 20.0, np.arange(3) * 20.0), axis=-1).reshape(-1, 2) + 300.0
"""Twelve marks 2 mm apart."""
SINGLE_RC = np.array([[100.0, 100.0], [700.0, 650.0]])


def findings(points_rc, probabilities, *, label=MarkLabel.SUSPICIOUS, suspicious=0.95):
    n = len(points_rc)
    marks = replace(
        CalcificationMarks.plain(np.asarray(points_rc), np.full(n, 0.25), probabilities=np.asarray(probabilities)),
        suspicious_chances=np.full(n, suspicious),
        snr=np.full(n, 9.0),
        labels=(label,) * n,
    )
    return CalcificationFindings((), np.ones((800, 800), bool), marks)


def joined(one, other):
    fields = ("points_rc", "diameters_mm", "probabilities", "contrasts", "snr", "suspicious_chances")
    arrays = {name: np.concatenate([getattr(f.marks, name) for f in (one, other)]) for name in fields}
    return replace(one, marks=CalcificationMarks(**arrays, labels=one.marks.labels + other.marks.labels))


def test_a_group_is_found_and_single_marks_are_scattered():
    seen = joined(findings(GROUP_RC, [0.97] * 12), findings(SINGLE_RC, [0.97] * 2))
    grouped = regroup(seen, spacing=SPACING)
    (cluster,) = grouped.clusters
    assert_array_equal(cluster.points_rc, GROUP_RC)
    assert cluster.confidence > 0.5
    assert grouped.marks.labels == (MarkLabel.SUSPICIOUS,) * 12 + (MarkLabel.SCATTERED,) * 2


def test_few_sure_marks_centimetres_apart_are_a_group_where_there_is_nothing_else():
    row_rc = np.array([[200.0, 100.0], [230.0, 230.0], [190.0, 350.0], [220.0, 470.0], [200.0, 600.0]])
    (cluster,) = regroup(findings(row_rc, [0.99] * 5), spacing=SPACING).clusters
    assert_array_equal(cluster.points_rc, row_rc)


def test_a_sparse_group_takes_in_a_mark_beyond_any_link_and_a_dense_one_does_not():
    sparse_rc = np.array([[400.0, 100.0 + 55.0 * k] for k in range(6)])
    beyond_rc = sparse_rc[-1:] + np.array([0.0, 140.0])
    seen = findings(np.vstack([sparse_rc, beyond_rc]), [0.99] * 7)
    linked = regroup(seen, spacing=SPACING, settings=GroupSettings(sparse_gap_mm=np.inf))
    assert [len(cluster.marks) for cluster in linked.clusters] == [6]
    assert [len(cluster.marks) for cluster in regroup(seen, spacing=SPACING).clusters] == [7]
    beside_rc = GROUP_RC[-1:] + np.array([0.0, 140.0])
    (cluster,) = regroup(findings(np.vstack([GROUP_RC, beside_rc]), [0.99] * 13), spacing=SPACING).clusters
    assert len(cluster.marks) == 12


def test_as_many_strewn_over_a_breast_full_of_others_are_none():
    strewn_rc = np.random.default_rng(5).uniform(20.0, 780.0, (14, 2))
    assert regroup(findings(strewn_rc, [0.99] * 14), spacing=SPACING).clusters == ()


def test_neighbours_are_two_groups_and_one_in_the_wider_reading():
    beside_rc = GROUP_RC + np.array([0.0, 60.0 + 65.0])
    found = regroup(joined(findings(GROUP_RC, [0.97] * 12), findings(beside_rc, [0.97] * 12)), spacing=SPACING)
    assert sorted(len(cluster.marks) for cluster in found.clusters) == [12, 12]
    assert [len(cluster.wider_rc) for cluster in found.clusters] == [24, 24]


def test_two_marks_are_no_group():
    assert regroup(findings(GROUP_RC[:2], [0.99] * 2), spacing=SPACING).clusters == ()


def test_the_answer_does_not_hang_on_the_operating_point_before():
    seen = joined(findings(GROUP_RC, [0.5] * 12), findings(SINGLE_RC, [0.5] * 2))
    direct = regroup(seen, spacing=SPACING, false_marks=0.3)
    around = regroup(regroup(seen, spacing=SPACING, false_marks=3.0), spacing=SPACING, false_marks=0.3)
    assert direct.marks.labels == around.marks.labels
    assert [c.confidence for c in direct.clusters] == [c.confidence for c in around.clusters]


def test_more_is_found_where_more_false_marks_are_allowed():
    seen = findings(GROUP_RC, [0.1] * 12)
    members = [
        sum(len(cluster.marks) for cluster in regroup(seen, spacing=SPACING, false_marks=rate).clusters)
        for rate in (0.1, 0.3, 1.0, 3.0)
    ]
    assert members == sorted(members)
    assert members[-1] > members[0]


def test_a_more_sensitive_setting_shows_groups_that_are_less_probable():
    doubtful = findings(GROUP_RC[:3], [0.6] * 3)
    shown = {rate: regroup(doubtful, spacing=SPACING, false_marks=rate).clusters for rate in (0.1, 0.3, 1.0, 3.0)}
    assert [len(shown[rate]) for rate in (0.1, 0.3, 1.0, 3.0)] == [0, 0, 1, 1]
    assert 0.2 <= shown[1.0][0].confidence < 0.5


def test_a_more_sensitive_setting_links_no_noise():
    strewn_rc = np.random.default_rng(5).uniform(20.0, 780.0, (120, 2))
    strewn_rc = strewn_rc[np.linalg.norm(strewn_rc - GROUP_RC.mean(axis=0), axis=1) > 80.0]
    seen = joined(findings(GROUP_RC, [0.97] * 12), findings(strewn_rc, [0.05] * len(strewn_rc)))
    (cluster,) = regroup(seen, spacing=SPACING, false_marks=3.0).clusters
    assert_array_equal(cluster.points_rc, GROUP_RC)


def test_a_mark_in_doubt_joins_a_group_around_it_and_one_that_looks_benign_does_not():
    middle = np.array([[330.0, 320.0]])
    group = findings(GROUP_RC, [0.97] * 12)
    for share, members in ((0.5, 13), (0.2, 12)):
        (cluster,) = regroup(joined(group, findings(middle, [0.98], suspicious=share)), spacing=SPACING).clusters
        assert len(cluster.marks) == members


def test_what_is_taken_for_an_artery_is_in_no_group():
    alone = regroup(findings(GROUP_RC, [0.98] * 12, label=MarkLabel.VASCULAR, suspicious=0.05), spacing=SPACING)
    assert alone.clusters == ()
    assert set(alone.marks.labels) == {MarkLabel.VASCULAR}
