"""The spacing resolver: a truth table from first principles, hostile values, properties, one real image."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.dicom.header import Header
from calcmeasure.dicom.spacing import EQUAL_TOLERANCE, ResolvedSpacing, is_plausible_spacing_mm, resolve_spacing
from calcmeasure.errors import ErrorCode, SpacingError
from calcmeasure.geometry import SpacingSource as Source
from calcmeasure.terms import Flag, ViewModifier

IMAGER, CORRECTED, SCANNED = 0.07, 0.05, 0.042
REASON_CODES = {ErrorCode.SPACING_UNKNOWN, ErrorCode.SPACING_HOSTILE, ErrorCode.MAGNIFICATION_UNKNOWN}


def header(**values: object) -> Header:
    """Numbers and pairs as DICOM would spell them."""
    texts = {k: tuple(map(str, v)) if isinstance(v, (tuple, list)) else (str(v),) for k, v in values.items()}
    return Header(Path("image.dcm"), "", {k: t for k, t in texts.items() if t != ("None",)})


def pair(value: float | str) -> tuple[float | str, float | str]:
    return (value, value)


def magnification_header(code: str, **values: object) -> Header:
    modifier = Header(Path("image.dcm"), "", {"CodeValue": (code,)})
    view = Header(Path("image.dcm"), "", {}, {"ViewModifierCodeSequence": (modifier,)})
    plain = header(**values)
    return Header(plain.path, "", plain.values, {"ViewCodeSequence": (view,)})


# -- truth table ---------------------------------------------------------------------------------------------------

STATES = {
    "PixelSpacing": (None, pair(CORRECTED), pair(IMAGER), pair(0)),
    "ImagerPixelSpacing": (None, pair(IMAGER), pair("nan")),
    "PixelSpacingCalibrationType": (None, "FIDUCIAL", "GEOMETRY"),
    "EstimatedRadiographicMagnificationFactor": (None, 1.0, 1.25, 3.0),
    "distances": (None, (660, 600), (600, 660)),
    "NominalScannedPixelSpacing": (None, pair(SCANNED), pair("0,07")),
    "magnified": (False, True),
}
ROWS = [dict(zip(STATES, row, strict=True)) for row in itertools.product(*STATES.values())]


def expected(row: dict) -> tuple[Source | None, float | None]:
    """Every statement the attributes make, each with its rank; the best ranked one is believed."""
    claims = [*pixel_claims(row), *imager_claims(row)]
    if row["NominalScannedPixelSpacing"] == pair(SCANNED):
        claims.append((9, Source.SCANNED, SCANNED))
    if not claims:
        return None, None
    _, source, value = min(claims)
    return (None, None) if source is Source.DETECTOR and row["magnified"] else (source, value)


def pixel_claims(row: dict) -> list[tuple[int, Source, float]]:
    """What a Pixel Spacing claims that does not merely repeat the detector's."""
    has_imager = row["ImagerPixelSpacing"] == pair(IMAGER)
    if row["PixelSpacing"] in (None, pair(0)) or (has_imager and row["PixelSpacing"] == pair(IMAGER)):
        return []
    kinds = {"FIDUCIAL": (2, Source.FIDUCIAL), "GEOMETRY": (3, Source.GEOMETRY)}
    stated = kinds.get(row["PixelSpacingCalibrationType"])
    plain = (4, Source.CORRECTED) if has_imager else (8, Source.UNKNOWN)
    return [(*claim, row["PixelSpacing"][0]) for claim in (stated, plain) if claim]


def imager_claims(row: dict) -> list[tuple[int, Source, float]]:
    """What the detector spacing claims, with and without the possible factors."""
    if row["ImagerPixelSpacing"] != pair(IMAGER):
        return []
    claims = [(7, Source.DETECTOR, IMAGER)]
    if row["EstimatedRadiographicMagnificationFactor"] in (1.0, 1.25):
        value = IMAGER / row["EstimatedRadiographicMagnificationFactor"]
        claims.append((5, Source.MAGNIFICATION_CORRECTED, value))
    if row["distances"] == (660, 600):
        claims.append((6, Source.SID_SOD_CORRECTED, IMAGER / 1.1))
    return claims


def resolve_row(row: dict) -> ResolvedSpacing:
    values = {k: v for k, v in row.items() if k not in ("distances", "magnified")}
    detector, patient = row["distances"] or (None, None)
    built = header(**values, DistanceSourceToDetector=detector, DistanceSourceToPatient=patient)
    return resolve_spacing(built, modifiers=(ViewModifier.MAGNIFICATION,) if row["magnified"] else ())


def test_truth_table_has_no_wrong_row():
    assert len(ROWS) == 2592
    worst_mm = 0.0
    for row in ROWS:
        result, (source, value) = resolve_row(row), expected(row)
        found = result.spacing
        assert (found.source if found else None) == source, row
        if found and value is not None:
            worst_mm = max(worst_mm, abs(found.row_mm - value), abs(found.col_mm - value))
    assert worst_mm < 1e-12


def test_every_row_without_millimetres_has_one_reason_code_and_no_other_row_has_one():
    for row in ROWS:
        result = resolve_row(row)
        codes = REASON_CODES & set(result.flags)
        assert len(codes) == (result.spacing is None), row
        assert result.reason, row
        assert len(result.flags) == len(set(result.flags)), row


def test_rejected_values_leave_a_flag_in_every_row():
    for row in ROWS:
        flags = resolve_row(row).flags
        if row["PixelSpacing"] == pair(0) or row["ImagerPixelSpacing"] == pair("nan"):
            assert Flag.SPACING_REJECTED in flags, row


# -- each rule by hand ---------------------------------------------------------------------------------------------

CASES = [
    ({"PixelSpacing": pair(0.06), "PixelSpacingCalibrationType": "FIDUCIAL"}, Source.FIDUCIAL, 0.06, ()),
    ({"PixelSpacing": pair(0.06), "PixelSpacingCalibrationType": "GEOMETRY"}, Source.GEOMETRY, 0.06, ()),
    ({"PixelSpacing": pair(0.06), "ImagerPixelSpacing": pair(0.07)}, Source.CORRECTED, 0.06, ()),
    ({"ImagerPixelSpacing": pair(0.07)}, Source.DETECTOR, 0.07, (Flag.DETECTOR_PLANE,)),
    ({"PixelSpacing": pair(0.07)}, Source.UNKNOWN, 0.07, (Flag.SPACING_PLANE_UNKNOWN,)),
    ({"NominalScannedPixelSpacing": pair(0.05)}, Source.SCANNED, 0.05, (Flag.SPACING_SCANNED,)),
    (
        {"PixelSpacing": pair(0.3), "ImagerPixelSpacing": pair(0.07)},
        Source.CORRECTED,
        0.3,
        (Flag.IMPLAUSIBLE_CORRECTION,),
    ),
]


@pytest.mark.parametrize(("values", "source", "mm", "flags"), CASES)
def test_each_rule(values, source, mm, flags):
    result = resolve_spacing(header(**values))
    assert (result.spacing.source, result.spacing.rc_mm, result.flags) == (source, (mm, mm), flags)


@pytest.mark.parametrize("factor", [1.0, 1.02, 1.06, 1.5, 1.8, 2.5])
def test_magnification_factor_is_applied_once_and_named(factor):
    built = header(
        ImagerPixelSpacing=pair(0.07),
        PixelSpacing=pair(0.07),
        EstimatedRadiographicMagnificationFactor=factor,
        DistanceSourceToDetector=660,
        DistanceSourceToPatient=600,
    )
    result = resolve_spacing(built)
    assert result.spacing.row_mm == pytest.approx(0.07 / factor, abs=1e-15)
    assert (result.spacing.magnification, result.spacing.source) == (factor, Source.MAGNIFICATION_CORRECTED)
    assert f"{factor:g}" in result.reason


def test_a_corrected_spacing_is_never_divided_again():
    built = header(
        ImagerPixelSpacing=pair(0.07),
        PixelSpacing=pair(0.07 / 1.8),
        EstimatedRadiographicMagnificationFactor=1.8,
        DistanceSourceToDetector=660,
        DistanceSourceToPatient=366,
    )
    result = resolve_spacing(built)
    assert result.spacing.rc_mm == pair(0.07 / 1.8)
    assert (result.spacing.source, result.spacing.magnification) == (Source.CORRECTED, None)


@pytest.mark.parametrize("factor", ["0", "0.99", "2.51", "-1.06", "nan", "inf", "1,06", "1_5", "one", "1e400"])
def test_factors_outside_1_to_2_5_fall_to_the_next_source(factor):
    built = header(ImagerPixelSpacing=pair(0.07), EstimatedRadiographicMagnificationFactor=factor)
    result = resolve_spacing(built)
    assert result.spacing.source is Source.DETECTOR
    assert Flag.FACTOR_REJECTED in result.flags


@pytest.mark.parametrize("distances", [(660, 0), (0, 600), (-660, -600), (600, 660), (660, 200), ("nan", 600)])
def test_impossible_distances_fall_to_the_next_source(distances):
    built = header(
        ImagerPixelSpacing=pair(0.07), DistanceSourceToDetector=distances[0], DistanceSourceToPatient=distances[1]
    )
    result = resolve_spacing(built)
    assert (result.spacing.source, Flag.FACTOR_REJECTED in result.flags) == (Source.DETECTOR, True)


@pytest.mark.parametrize("kind", ["FIDUCIAL", "GEOMETRY"])
def test_a_claimed_calibration_that_repeats_the_detector_is_a_conflict(kind):
    built = header(
        PixelSpacing=pair(0.07),
        ImagerPixelSpacing=pair(0.07),
        PixelSpacingCalibrationType=kind,
        EstimatedRadiographicMagnificationFactor=1.4,
    )
    result = resolve_spacing(built)
    assert result.spacing.source is Source.MAGNIFICATION_CORRECTED
    assert result.flags == (Flag.CALIBRATION_CONFLICT,)
    assert "equal" in result.reason


def test_rounded_decimals_count_as_equal():
    close = header(
        PixelSpacing=pair("0.0651"), ImagerPixelSpacing=pair("0.0651042"), EstimatedRadiographicMagnificationFactor=1.5
    )
    assert resolve_spacing(close).spacing.source is Source.MAGNIFICATION_CORRECTED
    apart = header(PixelSpacing=pair(0.07 * (1 - 2 * EQUAL_TOLERANCE)), ImagerPixelSpacing=pair(0.07))
    assert resolve_spacing(apart).spacing.source is Source.CORRECTED


def test_one_direction_alone_makes_them_different():
    built = header(PixelSpacing=(0.07, 0.06), ImagerPixelSpacing=(0.07, 0.07))
    assert resolve_spacing(built).spacing.rc_mm == (0.07, 0.06)


def test_rows_come_first():
    built = header(ImagerPixelSpacing=(0.07, 0.09), EstimatedRadiographicMagnificationFactor=2)
    assert resolve_spacing(built).spacing.rc_mm == (0.035, 0.045)


@pytest.mark.parametrize("code", ["399163009", "R-102D6"])
def test_coded_magnification_view_without_factor_has_no_millimetres(code):
    result = resolve_spacing(magnification_header(code, ImagerPixelSpacing=pair(0.07)))
    assert result.spacing is None
    assert result.flags == (ErrorCode.MAGNIFICATION_UNKNOWN,)


def test_coded_magnification_view_with_factor_is_corrected():
    built = magnification_header(
        "399163009", ImagerPixelSpacing=pair(0.07), EstimatedRadiographicMagnificationFactor=1.8
    )
    assert resolve_spacing(built).spacing.row_mm == pytest.approx(0.07 / 1.8)


def test_another_modifier_is_not_magnification():
    assert resolve_spacing(magnification_header("399055006", ImagerPixelSpacing=pair(0.07))).spacing is not None


# -- calibration by a reader ---------------------------------------------------------------------------------------


def test_user_calibration_overrules_everything_and_clears_flags():
    built = header(PixelSpacing=pair("nan"), ImagerPixelSpacing=pair(0.07))
    result = resolve_spacing(built, user_calibration_mm=(0.08, 0.081))
    assert (result.spacing.rc_mm, result.spacing.source, result.flags) == ((0.08, 0.081), Source.USER, ())
    assert "reader" in result.reason


@pytest.mark.parametrize("bad", [(0, 0.07), (math.nan, 0.07), (0.07,), (0.07, 0.07, 0.07), (7, 7), (-0.07, -0.07)])
def test_impossible_user_calibration_raises(bad):
    with pytest.raises(SpacingError) as caught:
        resolve_spacing(header(), user_calibration_mm=bad)
    assert caught.value.code is ErrorCode.SPACING_HOSTILE


# -- hostile values ------------------------------------------------------------------------------------------------

HOSTILE = [
    ("0", "0"),
    ("0.07", "0"),
    ("-0.07", "0.07"),
    ("-0.07", "-0.07"),
    ("nan", "nan"),
    ("inf", "0.07"),
    ("0.07",),
    ("0.07", "0.07", "0.07"),
    ("0,07", "0,07"),
    ("0.07,0.07",),
    ("0.07\\0.07",),
    ("0.009", "0.009"),
    ("5.1", "5.1"),
    ("143", "143"),
    ("0.07", "0.4"),
    ("0.4", "0.07"),
    ("0.07", ""),
    ("", "0.07"),
    ("0.2", "0", "0.2"),
    ("0.07 mm", "0.07 mm"),
    ("0x1p-4", "0x1p-4"),
    ("0.0_7", "0.0_7"),
    ("٠.٠٧", "٠.٠٧"),
    ("1e-400", "1e-400"),
    ("None", "None"),
    ("\u221e", "\u221e"),
]


@pytest.mark.parametrize("texts", HOSTILE)
@pytest.mark.parametrize("keyword", ["PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"])
def test_hostile_spacing_alone_gives_no_millimetres(keyword, texts):
    result = resolve_spacing(Header(Path("a"), "", {keyword: texts}))
    assert result.spacing is None
    assert result.flags == (Flag.SPACING_REJECTED, ErrorCode.SPACING_HOSTILE)


@pytest.mark.parametrize("texts", HOSTILE)
def test_hostile_spacing_beside_a_good_one_is_ignored(texts):
    good = ("0.07", "0.07")
    result = resolve_spacing(Header(Path("a"), "", {"PixelSpacing": texts, "ImagerPixelSpacing": good}))
    assert result.spacing.source is Source.DETECTOR
    result = resolve_spacing(Header(Path("a"), "", {"ImagerPixelSpacing": texts, "PixelSpacing": good}))
    assert (result.spacing.source, Flag.SPACING_REJECTED in result.flags) == (Source.UNKNOWN, True)


@pytest.mark.parametrize("texts", [("0.07", "0.07 "), (" 0.07", "0.07\0"), ("7e-2", "+.07"), ("0.070000", "0.07")])
def test_odd_but_legal_spellings_are_read(texts):
    assert resolve_spacing(Header(Path("a"), "", {"ImagerPixelSpacing": texts})).spacing.rc_mm == (0.07, 0.07)


def test_empty_attributes_count_as_absent():
    result = resolve_spacing(Header(Path("a"), "", {"PixelSpacing": (), "ImagerPixelSpacing": ("",)}))
    assert result.flags == (ErrorCode.SPACING_UNKNOWN,)


# -- properties ----------------------------------------------------------------------------------------------------

texts = st.one_of(
    st.none(),
    st.lists(st.one_of(st.floats().map(str), st.floats(0.01, 5).map(str), st.text(max_size=6)), max_size=3).map(tuple),
)


@settings(max_examples=300, deadline=None)
@given(texts, texts, texts, texts, texts, texts, st.sampled_from(["", "FIDUCIAL", "GEOMETRY", "other"]))
def test_whatever_the_header_says_the_answer_is_plausible_or_none(a, b, c, d, e, f, kind):
    keywords = (
        "PixelSpacing",
        "ImagerPixelSpacing",
        "NominalScannedPixelSpacing",
        "EstimatedRadiographicMagnificationFactor",
        "DistanceSourceToDetector",
        "DistanceSourceToPatient",
    )
    values = {k: v for k, v in zip(keywords, (a, b, c, d, e, f), strict=True) if v is not None}
    result = resolve_spacing(Header(Path("a"), "", {**values, "PixelSpacingCalibrationType": (kind,)}))
    if result.spacing is None:
        assert len(REASON_CODES & set(result.flags)) == 1
        return
    factor = result.spacing.magnification or 1.0
    assert 1.0 <= factor <= 2.5
    assert is_plausible_spacing_mm(tuple(mm * factor * (1 + 1e-12) for mm in result.spacing.rc_mm)) or math.isclose(
        max(result.spacing.rc_mm) * factor, 5
    )


@settings(max_examples=100, deadline=None)
@given(st.floats(0.02, 0.4), st.floats(1, 2.5))
def test_lengths_shrink_by_exactly_the_factor(imager_mm, factor):
    plain = resolve_spacing(header(ImagerPixelSpacing=pair(imager_mm)))
    corrected = resolve_spacing(
        header(ImagerPixelSpacing=pair(imager_mm), EstimatedRadiographicMagnificationFactor=factor)
    )
    assert plain.spacing.row_mm / corrected.spacing.row_mm == pytest.approx(factor, rel=1e-12)


def test_reason_reads_as_a_sentence():
    built = header(
        ImagerPixelSpacing=(0.07, 0.08), DistanceSourceToDetector=660, DistanceSourceToPatient=600, PixelSpacing=pair(0)
    )
    assert resolve_spacing(built).reason == (
        "imager spacing 0.07 x 0.08 mm ÷ (source-detector 660 mm / source-patient 600 mm = 1.1); "
        "pixel spacing is not a possible spacing and was ignored"
    )


# -- real data -----------------------------------------------------------------------------------------------------


@pytest.mark.realdata
def test_clunie_test_image_measures_its_bar_as_calibrated(realdata):
    """The image states: a 200 pixel bar is 50 mm when calibrated, 67 mm by ERMF 1.5, 100 mm at the detector."""
    real = Header.read(realdata / "mg_pixel_spacing" / "MG_Explicit_Little.dcm")
    result = resolve_spacing(real)
    assert (200 * result.spacing.col_mm, result.spacing.source) == (50.0, Source.FIDUCIAL)
    detector = {k: v for k, v in real.values.items() if k not in ("PixelSpacing", "PixelSpacingCalibrationType")}
    result = resolve_spacing(Header(real.path, "", detector))
    assert (round(200 * result.spacing.col_mm), result.spacing.source) == (67, Source.MAGNIFICATION_CORRECTED)
    detector.pop("EstimatedRadiographicMagnificationFactor")
    result = resolve_spacing(Header(real.path, "", detector))
    assert (200 * result.spacing.col_mm, result.spacing.source) == (100.0, Source.DETECTOR)


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["MG1_J2KI", "MG1_JPLY"])
def test_digitised_film_without_spacing_is_refused(realdata, name):
    result = resolve_spacing(Header.read(realdata / "wg04_mg1" / name))
    assert (result.spacing, result.flags) == (None, (ErrorCode.SPACING_UNKNOWN,))
