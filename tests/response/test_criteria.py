"""Profiles as data: what ships, what is refused and by which field name."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from calcmeasure.errors import CriteriaError, ErrorCode
from calcmeasure.response.criteria import (
    LesionValue,
    ProgressionReference,
    load_profile,
    parse_profile,
    profile_names,
    profile_toml,
    shipped_names,
)

RECIST = profile_toml("recist-1.1")


def test_names_are_stable():
    assert profile_names() == ("paper-2023", "extent-10", "recist-1.1")
    assert shipped_names() == (*profile_names(), "irecist", "who", "ftv")
    assert [load_profile(name).name for name in shipped_names()] == list(shipped_names())


def test_hashes_stay_what_they_were_when_rules_are_added():
    """A rule that a profile does not use leaves no trace in its hash: rows scored before can still be told apart."""
    known = {
        "paper-2023": "1f1225bdefa0ce16c90ce00c6cdaaf23cea59e682168ab02d54bbd02d3d7bd7a",
        "extent-10": "e1346d6e7749a43b8070f43713e1c1fa60168503615d8fe67f37ce1def8bf580",
    }
    assert {name: load_profile(name).sha256 for name in known} == known
    assert len({load_profile(name).sha256 for name in shipped_names()}) == len(shipped_names())


def test_paper_profile():
    profile = load_profile("paper-2023")
    assert (profile.extent.increase_percent, profile.extent.decrease_percent, profile.extent.inclusive) == (
        10,
        10,
        True,
    )
    rule = profile.lesion
    assert (rule.response_percent, rule.progression_percent) == (30, 20)
    assert not rule.response_inclusive
    assert not rule.progression_inclusive
    assert rule.progression_min_mm == 0
    assert rule.value is LesionValue.LARGEST
    assert rule.reference is ProgressionReference.BASELINE


def test_recist_profile():
    profile = load_profile("recist-1.1")
    rule = profile.lesion
    assert profile.extent is None
    assert (rule.max_targets, rule.max_targets_per_organ, rule.target_min_mm, rule.progression_min_mm) == (5, 2, 10, 5)
    assert rule.response_inclusive
    assert rule.progression_inclusive
    assert rule.new_lesion_is_progression
    assert rule.value is LesionValue.SUM_OF_TARGETS
    assert rule.reference is ProgressionReference.NADIR
    assert (rule.nodes.target_min_mm, rule.nodes.pathological_min_mm) == (15, 10)
    assert (rule.thick_slices.over_mm, rule.thick_slices.factor) == (5, 2)
    assert rule.course.partial_response_continues
    assert rule.course.reappearance_is_progression
    assert (rule.best_response.confirmation_days, rule.best_response.stable_min_days) == (0, 0)
    assert rule.immune is None


def test_irecist_is_recist_with_confirmed_progression():
    rule = load_profile("irecist").lesion
    assert replace(rule, immune=None) == load_profile("recist-1.1").lesion
    immune = rule.immune
    assert (immune.confirmation_min_days, immune.confirmation_max_days, immune.growth_min_mm) == (28, 56, 5)


def test_own_profile_from_a_file(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(profile_toml("extent-10").replace("extent-10", "extent-7.5").replace("= 10", "= 7.5"))
    profile = load_profile(path)
    assert (profile.name, profile.extent.increase_percent) == ("extent-7.5", Decimal("7.5"))


def test_hash_follows_the_rules_not_the_layout():
    original = parse_profile(RECIST)
    assert re.fullmatch("[0-9a-f]{64}", original.sha256)
    assert parse_profile("# remark\n" + RECIST.replace("= 30\n", "= 30.0\n")).sha256 == original.sha256
    assert parse_profile(RECIST.replace("response_percent = 30", "response_percent = 31")).sha256 != original.sha256
    assert parse_profile(RECIST.replace("recist-1.1", "other")).sha256 != original.sha256


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("response_percent = 30", "response_percent = '30'", "lesion.response_percent"),
        ("response_percent = 30", "response_percent = true", "lesion.response_percent"),
        ("response_percent = 30", "response_percent = nan", "lesion.response_percent"),
        ("response_percent = 30", "response_percent = -1", "lesion.response_percent"),
        ("response_percent = 30", "", "lesion.response_percent"),
        ("response_percent = 30", "response_percents = 30", "lesion.response_percents"),
        ("max_targets = 5", "max_targets = 0", "lesion.max_targets"),
        ("max_targets = 5", "max_targets = 1.5", "lesion.max_targets"),
        ("max_targets = 5", "max_targets = true", "lesion.max_targets"),
        ("max_targets = 5", "max_targets = -5", "lesion.max_targets"),
        ("max_targets = 5", "max_targets = 101", "lesion.max_targets"),
        ("response_percent = 30", "response_percent = 1000.5", "lesion.response_percent"),
        ("response_inclusive = true", "response_inclusive = 1", "lesion.response_inclusive"),
        ('value = "sum-of-targets"', 'value = "median"', "lesion.value"),
        ('reference = "nadir"', "reference = 3", "lesion.reference"),
        ("[lesion]", "[extent]", "extent.value"),
        ("[lesion]", "[nodes]", "nodes"),
        ("[lesion.nodes]", "[lesion.lymph]", "lesion.lymph"),
        ("pathological_min_mm = 10\n", "", "lesion.nodes.pathological_min_mm"),
        ("factor = 2", "factor = 'two'", "lesion.thick_slices.factor"),
        (
            "reappearance_is_progression = true",
            "reappearance_is_progression = 1",
            "lesion.course.reappearance_is_progression",
        ),
        ("confirmation_days = 0\n", "confirmation_days = -1\n", "lesion.best_response.confirmation_days"),
        ("[lesion.best_response]\n", "[lesion.best_response]\nweeks = 4\n", "lesion.best_response.weeks"),
        ('value = "sum-of-targets"', 'value = "sum-of-products"', "lesion.progression_min_mm"),
        ('value = "sum-of-targets"', 'value = "total-volume"', "lesion.progression_min_mm"),
        ('name = "recist-1.1"', 'name = ""', "name"),
        ('name = "recist-1.1"', "name = 5", "name"),
        ("format_version = 1", "format_version = 2", "format_version"),
        ('format = "calcmeasure-criteria"', 'format = "other"', "format"),
        ("[lesion]", "[lesion", "the file"),
    ],
)
def test_a_bad_profile_names_the_field(old, new, field):
    assert old in RECIST
    with pytest.raises(CriteriaError, match=re.escape(f"criteria profile: {field} must be")) as caught:
        parse_profile(RECIST.replace(old, new))
    assert caught.value.code is ErrorCode.CRITERIA_INVALID


@pytest.mark.parametrize(
    ("name", "old", "new", "field"),
    [
        ("irecist", "confirmation_max_days = 56", "confirmation_max_days = 27", "lesion.immune.confirmation_max_days"),
        ("irecist", "sum-of-targets", "largest", "lesion.immune"),
        ("ftv", '"nadir"', '"lesion-nadir"', "lesion.reference"),
        ("paper-2023", '"baseline"', '"lesion-nadir"', "lesion.reference"),
    ],
)
def test_rules_that_say_nothing_together_are_refused(name, old, new, field):
    assert old in profile_toml(name)
    with pytest.raises(CriteriaError, match=re.escape(f"criteria profile: {field} must be")):
        parse_profile(profile_toml(name).replace(old, new))


@pytest.mark.parametrize("count", [1, 100])
def test_the_ends_of_the_range_of_a_count_are_allowed(count):
    assert parse_profile(RECIST.replace("max_targets = 5", f"max_targets = {count}")).lesion.max_targets == count


@pytest.mark.parametrize("percent", ["0", "1000", "12.5"])
def test_the_ends_of_the_range_of_a_cut_off_are_allowed(percent):
    profile = parse_profile(RECIST.replace("response_percent = 30", f"response_percent = {percent}"))
    assert profile.lesion.response_percent == Decimal(percent)


def test_a_profile_without_rules_is_refused():
    with pytest.raises(CriteriaError, match="extent must be present"):
        parse_profile(RECIST.partition("[lesion]")[0])
    with pytest.raises(CriteriaError, match="lesion must be a table"):
        parse_profile(RECIST.partition("[lesion]")[0] + "lesion = 3\n")


@pytest.mark.parametrize("name", ["nonsense", "../paper-2023", "", "missing.toml"])
def test_unknown_profile(name):
    with pytest.raises(CriteriaError) as caught:
        load_profile(name)
    assert caught.value.code is ErrorCode.CRITERIA_UNKNOWN


def test_unreadable_texts_are_refused(tmp_path):
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    huge = tmp_path / "huge.toml"
    huge.write_text("#" * 200_000)
    for path in (binary, huge):
        with pytest.raises(CriteriaError) as caught:
            load_profile(path)
        assert caught.value.code is ErrorCode.CRITERIA_INVALID
