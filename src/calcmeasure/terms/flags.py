"""Advisory codes that go with a value: what to know about it."""

from __future__ import annotations

from enum import StrEnum


class Flag(StrEnum):
    """Advisory codes: the value stands, and this is what to know about it."""

    # -- spacing -----------------------------------------------------------------------------
    DETECTOR_PLANE = "detector_plane"
    """Millimetres are at the detector, larger than in the breast by an unknown factor."""
    SPACING_PLANE_UNKNOWN = "spacing_plane_unknown"
    """Pixel Spacing alone: the plane it refers to is not stated."""
    SPACING_SCANNED = "spacing_scanned"
    """Spacing of the film scanner."""
    SPACING_REJECTED = "spacing_rejected"
    """An impossible spacing or factor was ignored; another source was used."""
    FACTOR_REJECTED = "factor_rejected"
    """A magnification factor outside 1-2.5 was ignored."""
    CALIBRATION_CONFLICT = "calibration_conflict"
    """The calibration type claims a correction but the spacings are equal."""
    IMPLAUSIBLE_CORRECTION = "implausible_correction"
    """Pixel and imager spacing differ by a ratio that no exposure geometry gives."""
    POLARITY_CONFLICT = "polarity_conflict"
    """Photometric interpretation and presentation LUT shape contradict each other; the shape was used."""
    WINDOW_GUESSED = "window_guessed"
    """No usable VOI window or table: the display range was taken from the pixels."""
    # -- projection --------------------------------------------------------------------------
    MAGNIFICATION_VIEW = "magnification_view"
    """A magnification view: shown, never compared with another image."""
    SPOT_COMPRESSION_VIEW = "spot_compression_view"
    """A spot-compression view: shows a part of the breast; shown, never compared with another image."""
    PARTIAL_VIEW = "partial_view"
    """Part of the breast lies outside the image: the extent may be cut."""
    IMPLANT_PRESENT = "implant_present"
    """An implant is in the image by its header: tissue may be covered."""
    IMPLANT_DISPLACED_VIEW = "implant_displaced_view"
    """The implant was pushed back: tissue lies differently than on a plain view."""
    LATERALITY_CONFLICT = "laterality_conflict"
    """Header attributes or the picture disagree about the side."""
    VIEW_CONFLICT = "view_conflict"
    """View code and view text disagree; the code was used."""
    VIEW_FROM_TEXT = "view_from_text"
    """The view was taken from text because no code was present."""
    LATERALITY_FROM_TEXT = "laterality_from_text"
    """The side was taken from a description because no attribute was present."""
    NOT_STANDARD_VIEW = "not_standard_view"
    """Neither CC nor MLO: shown, not measured."""
    BURNED_IN_ANNOTATION = "burned_in_annotation"
    """Text was drawn into the pixels by the header: it may name a person and may be taken for a finding."""
    LOSSY = "lossy_compression"
    """The image was compressed with loss: fine detail may have changed."""
    SUPERSEDED_PRESENTATION = "other_presentation_exists"
    """The same exposure exists in the other presentation intent."""
    # -- dynamic series ----------------------------------------------------------------------
    TIME_ZERO_ASSUMED = "time_zero_assumed"
    """Time zero is not the injection; times are after the stated event."""
    FIRST_POST_ASSUMED = "first_post_contrast_assumed"
    """Nothing in the headers tells which phase is the first after contrast: phase 0 is taken to precede it."""
    PHASE_DURATION_UNKNOWN = "phase_duration_unknown"
    """Phase times are starts of acquisition because no duration could be read or derived."""
    EARLY_PHASE_OUTSIDE_WINDOW = "early_phase_outside_window"
    """The time zero is assumed and the chosen phase lies outside the rule's window."""
    MIDNIGHT_CROSSED = "midnight_crossed"
    """Times pass midnight; those after it were taken as the next day."""
    PHASE_DROPPED = "phase_dropped"
    """One phase was left out because it is incomplete."""
    SLICE_GAP = "slice_gap"
    """Distance between slices exceeds their thickness."""
    MOTION_CORRECTED = "motion_corrected"
    """The pre-contrast phase was moved onto the early one before they were subtracted."""
    MOTION_NOT_CORRECTED = "motion_not_corrected"
    """Motion correction would have made the phases agree less, so it was left out."""
    ONE_BREAST = "one_breast"
    """No cleft between two breasts was seen: the side is told from the scanner's own zero."""
    SINGLE_SLICE = "single_slice"
    """One slice only: the greatest diameter may lie outside it."""
    NO_BREAST = "no_breast"
    """Nothing on the image looks like a breast; nothing was searched."""
    BREAST_MASK_UNCERTAIN = "breast_mask_uncertain"
    """The breast could not be told from the background; the whole image was searched."""
    BREAST_FILLS_IMAGE = "breast_fills_image"
    """What was taken for the breast reaches both side edges of the image: part of it may lie outside."""
    IMPLANT_SEEN = "implant_seen"
    """A large, smooth, very dense disc was taken for an implant: neither it nor its edge was searched."""
    DIGITISED_FILM = "digitised_film"
    """The background is uneven, as on a digitised film: fewer of the small calcifications can be seen."""
    COARSE_PIXELS = "coarse_pixels"
    """Pixels above 0.12 mm: about a quarter of the calcifications cannot be seen."""
    SATURATED = "saturated"
    """Part of the breast lies at the end of the grey scale, or has no noise left: nothing can be seen there."""
    LINES_REPAIRED = "lines_repaired"
    """Lines or single pixels of the scanner or detector were taken out before the image was searched."""
    TOO_MANY_MARKS = "too_many_marks"
    """More specks than any breast has: only the strongest were looked at, and none should be trusted unseen."""
    CALCIFIED_ARTERIES = "calcified_arteries"
    """Arteries with many plaques were seen: those left unrecognised may pass for a group of calcifications."""
    MARKS_DRAWN_IN = "marks_drawn_in"
    """Letters, crosses, rulers or frames are drawn into the breast: they were left out of the search."""
    # -- identity ----------------------------------------------------------------------------
    NO_STUDY_DATE = "no_study_date"
    """The study has no usable date: it is put after the dated ones."""
    VISIT_ORDER_UNKNOWN = "visit_order_unknown"
    """Neither a date, the trial's naming nor a table tells when this visit was; it is not compared with others."""
    # -- measurement -------------------------------------------------------------------------
    ONE_VIEW_ONLY = "one_view_only"
    """Only one of CC and MLO could be measured."""
    VIEW_SWITCHED = "view_switched"
    """The larger view differs between the two time points."""
    LOW_CONFIDENCE = "low_confidence"
    """The detector gives the finding less than an even chance."""
    SEGMENTATION_DISAGREES = "segmentation_disagrees"
    """A second segmentation rule differs by more than 3 mm: needs a look."""
    AT_REGION_EDGE = "at_region_edge"
    """The lesion touches the edge of what was searched (chest wall, skin, end of the volume): it may go on there."""
    SMALL_FOCUS = "small_focus"
    """Smaller than 5 mm: enhancement of this size is a focus, and its length is hardly more than a few voxels."""
    EXTENT_OVER_PARTS = "extent_over_parts"
    """The length spans several separate lesions of one breast, the tissue between them included."""
    LOOKS_LIKE_VESSEL = "looks_like_vessel"
    """Not taken for a lesion: long and thin, as a vessel."""
    LOOKS_LIKE_SKIN = "looks_like_skin"
    """Not taken for a lesion: lies in or just below the skin or the nipple."""
    LOOKS_LIKE_BACKGROUND = "looks_like_background"
    """Not taken for a lesion: no more than a patch of normal tissue that takes up contrast agent."""
    SENSITIVE_TO_ONE_MARK = "sensitive_to_one_mark"
    """Without one of the two defining marks the extent changes by more than 10 %."""
    CHANGED_BY_OTHER_VISIT = "changed_by_other_visit"
    """Read together with the same view of another visit, the extent differs from the one found on this image alone."""
    VISITS_NOT_REGISTERED = "visits_not_registered"
    """The same view of another visit could not be laid over this one: the extent is the one found here alone."""
    BELOW_MEASURABLE_SIZE = "below_measurable_size"
    """Smaller than 10 mm: not a RECIST target at baseline."""
    TOO_SMALL_TO_MEASURE = "too_small_to_measure"
    """Present but too small to measure: counts as 5 mm in a RECIST sum."""
    NEW_LESION_CANDIDATE = "new_lesion_candidate"
    """Not linked to any lesion seen before; a reader must confirm that it is new."""
    TARGET_LIMIT = "target_limit"
    """Stated to be a target beyond the number the criteria follow: followed as a non-target."""
    MOTION_BLUR = "motion_blur"
    """A reader could not measure because the patient or the detector moved."""
    CUT_OFF = "cut_off"
    """A reader could not measure because part of the finding lies outside the image."""
    HIDDEN = "hidden"
    """A reader could not measure because a clip, a scar, an implant or an artefact covers the finding."""
    EDGES_UNCLEAR = "edges_unclear"
    """A reader could not measure because the finding has no edge that could be followed."""
    UNSIGNED = "unsigned"
    """Drawn and not signed yet: the reader may still change it."""
    STATED_VALUE_DIFFERS = "stated_value_differs"
    """A table states another length than its points and spacing give; these were taken."""
    # -- comparison --------------------------------------------------------------------------
    GEOMETRY_MISMATCH = "geometry_mismatch"
    """The two time points were calibrated by different rules."""
    PHASE_RULE_CHANGED = "phase_rule_changed"
    """The early phase was chosen by different rules or lies at a different time."""
    WITHIN_PIXEL_ERROR = "within_pixel_error"
    """A shift of one pixel at each end would change the category."""
    WITHIN_READER_ERROR = "within_reader_error"
    """The category would change within the error of repeated readings."""


FINDING_FLAGS = frozenset(
    {
        Flag.LOW_CONFIDENCE,
        Flag.SEGMENTATION_DISAGREES,
        Flag.AT_REGION_EDGE,
        Flag.SMALL_FOCUS,
        Flag.EXTENT_OVER_PARTS,
        Flag.LOOKS_LIKE_VESSEL,
        Flag.LOOKS_LIKE_SKIN,
        Flag.LOOKS_LIKE_BACKGROUND,
        Flag.SENSITIVE_TO_ONE_MARK,
        Flag.CHANGED_BY_OTHER_VISIT,
        Flag.NEW_LESION_CANDIDATE,
    }
)
"""Flags that speak of one finding, not of the image it was found on."""


def merge_flags(*groups: tuple[str, ...]) -> tuple[str, ...]:
    """Join groups of codes, each code once, first come first.

    Examples
    --------
    >>> merge_flags(("slice_gap",), ("E_VIEW", "slice_gap"))
    ('slice_gap', 'E_VIEW')
    """
    return tuple(dict.fromkeys(str(flag) for group in groups for flag in group))
