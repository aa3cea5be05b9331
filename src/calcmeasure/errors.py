"""What can go wrong, each with a stable code.

A message says what was found, what was expected, where (a shortened UID, never a name or a path) and what to do.
The codes are part of the public interface: they appear in ``skipped.csv``, in the ``flags`` column and in JSON.
"""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """Stable reason codes for something refused or left out."""

    # -- files -----------------------------------------------------------------------------
    NOT_DICOM = "E_NOT_DICOM"
    """The file is not DICOM."""
    UNREADABLE = "E_UNREADABLE"
    """The file could not be opened or read (permissions, I/O error, vanished)."""
    MALFORMED = "E_MALFORMED"
    """The file starts as DICOM but its data set cannot be parsed."""
    TRUNCATED = "E_TRUNCATED"
    """The file ends before its data do."""
    NESTING = "E_NESTING"
    """Sequences are nested deeper than any real object needs."""
    BOMB = "E_BOMB"
    """Decoding would need far more memory than the file can honestly hold."""
    SIZE_LIE = "E_SIZE_LIE"
    """Header and pixel data disagree about the size of the image."""
    TRANSFER_SYNTAX = "E_TRANSFER_SYNTAX"
    """The transfer syntax is unknown or no decoder is installed for it."""
    DICOMDIR = "E_DICOMDIR"
    """A DICOMDIR: folders are walked, never its references."""
    # -- what the object is ------------------------------------------------------------------
    NOT_IMAGE = "E_NOT_IMAGE"
    """A DICOM object without pixels to measure (report, presentation state, plan, ...)."""
    MODALITY = "E_MODALITY"
    """An image of a kind calcmeasure does not measure."""
    BODY_PART = "E_BODY_PART"
    """An image of another part of the body, by its header."""
    SEGMENTATION = "E_SEGMENTATION"
    """A segmentation or parametric map, not an acquired image."""
    DERIVED = "E_DERIVED"
    """A derived image: subtraction, projection (MIP), CAD or kinetic map."""
    SCOUT = "E_SCOUT"
    """A localizer or scout image."""
    STEREO = "E_STEREO"
    """A stereotactic or specimen image."""
    NO_SOP_UID = "E_NO_UID"
    """An identifier the object cannot be told apart without is missing."""
    DUPLICATE = "E_DUPLICATE"
    """An exact copy of an instance already read."""
    UID_CONFLICT = "E_UID_CONFLICT"
    """Two instances carry the same UID but different pixels; neither is used."""
    NOT_DYNAMIC = "E_NOT_DYNAMIC"
    """An MR series with one volume only: nothing enhances between phases."""
    PATIENT_CONFLICT = "E_PATIENT_CONFLICT"
    """Headers disagree about whose image this is."""
    # -- projection images -------------------------------------------------------------------
    SPACING_UNKNOWN = "E_SPACING_UNKNOWN"
    """No usable pixel spacing: lengths would be in pixels only."""
    SPACING_HOSTILE = "E_SPACING_HOSTILE"
    """A spacing attribute holds an impossible value."""
    MAGNIFICATION_UNKNOWN = "E_MAGNIFICATION_UNKNOWN"
    """A magnification view without any way to correct its spacing."""
    LATERALITY = "E_LATERALITY"
    """The side of the breast is missing or contradictory."""
    VIEW = "E_VIEW"
    """The projection is missing, contradictory or not one that is measured."""
    NOT_PREFERRED = "E_NOT_PREFERRED"
    """Usable, but another image of the same kind was preferred (other presentation intent, special view)."""
    PADDING_ONLY = "E_PADDING_ONLY"
    """Every pixel is padding."""
    PIXELS = "E_PIXELS"
    """The pixel data could not be decoded."""
    NO_BREAST = "E_NO_BREAST"
    """The breast could not be told from the background: what was found is shown, not measured."""
    PHOTOMETRIC = "E_PHOTOMETRIC"
    """A colour image where a grey one is needed."""
    # -- dynamic series ----------------------------------------------------------------------
    PHASE_AMBIGUOUS = "E_PHASE_AMBIGUOUS"
    """No attribute splits the images into phases with identical slice positions."""
    MISSING_SLICE = "E_MISSING_SLICE"
    """Slices are missing in a phase or in the stack."""
    DUPLICATE_POSITION = "E_DUPLICATE_POSITION"
    """Several images lie at one position and time and cannot be told apart."""
    SHEAR = "E_SHEAR"
    """Slices are not stacked along their normal."""
    GEOMETRY = "E_GEOMETRY"
    """Slices differ in orientation, matrix or spacing, or carry none."""
    TIME_UNKNOWN = "E_TIME_UNKNOWN"
    """Phases are ordered but no usable acquisition time tells when they were taken."""
    NO_EARLY_PHASE = "E_NO_EARLY_PHASE"
    """No phase satisfies the early-phase rule."""
    NO_BASELINE_PHASE = "E_NO_PRE_CONTRAST"
    """No phase lies before contrast, so nothing can be subtracted."""
    SCALING = "E_SCALING"
    """Phases are scaled differently and the factors are not known."""
    WRAPPED = "E_WRAPPED"
    """Signal beyond the range of its 16 bits wrapped around: the brightest voxels are dark."""
    # -- measuring and scoring ---------------------------------------------------------------
    NOT_MEASURABLE = "E_NOT_MEASURABLE"
    """A reader or a rule declared the finding not measurable."""
    NO_BASELINE = "E_NO_BASELINE"
    """There is no baseline measurement to compare with."""
    NO_FOLLOWUP = "E_NO_FOLLOWUP"
    """There is no follow-up measurement to compare with."""
    CRITERIA_UNKNOWN = "E_CRITERIA_UNKNOWN"
    """No criteria profile has this name."""
    CRITERIA_INVALID = "E_CRITERIA_INVALID"
    """A criteria profile does not follow its schema."""
    ANNOTATION = "E_ANNOTATION"
    """A saved annotation does not follow its schema."""
    MASK = "E_MASK"
    """The mask saved with a lesion is missing, damaged or not the one that was measured."""
    TABLE = "E_TABLE"
    """A CSV table lacks a needed column or holds an unusable value."""
    MAPPING = "E_MAPPING"
    """No column mapping has this name, or it does not follow its schema."""
    UNIT_SUSPECTED = "E_UNIT"
    """A column of millimetres looks like centimetres: it is left out until somebody confirms its unit."""
    DUPLICATE_ROW = "E_DUPLICATE_ROW"
    """A row repeats another one, or one side of one patient stands in several rows."""
    TWO_BASELINES = "E_TWO_BASELINES"
    """The baseline was measured on two days; nothing tells which one counts."""
    VISIT_DATES = "E_VISIT_DATES"
    """A follow-up is dated before the baseline, or nothing tells when a visit was."""
    CONFLICTING_ROWS = "E_CONFLICTING_ROWS"
    """Two rows give different lengths of one finding; neither is used."""
    VALUE_DISAGREES = "E_VALUE_DISAGREES"
    """A stated length is not what its points and spacing give; what they give was scored."""
    DETECTOR_UNKNOWN = "E_DETECTOR_UNKNOWN"
    """No detector has this name."""
    DETECTION = "E_DETECTION"
    """The detector failed on this image."""
    WORKER_DIED = "E_WORKER_DIED"
    """The process working on this patient died; the others went on."""
    INTERNAL = "E_INTERNAL"
    """A defect: this patient was given up, the others went on."""
    CLUSTER = "E_CLUSTER"
    """The Dask cluster cannot be reached, has no worker, or was lost."""
    CLUSTER_NOT_INSTALLED = "E_CLUSTER_NOT_INSTALLED"
    """Working on a cluster needs the extra ``cluster``."""
    CLUSTER_VERSION = "E_CLUSTER_VERSION"
    """A worker of the cluster has another version of calcmeasure."""
    # -- cohort tables -----------------------------------------------------------------------
    NOT_A_NUMBER = "E_NOT_A_NUMBER"
    """Text in a column of numbers."""
    OUT_OF_RANGE = "E_OUT_OF_RANGE"
    """A number that cannot be: negative, or larger than any real one."""
    UNKNOWN_CATEGORY = "E_UNKNOWN_CATEGORY"
    """A word or number that is none of those the column can hold."""
    EMPTY_CELL = "E_EMPTY_CELL"
    """A patient identifier or a side is missing."""
    FORMULA = "E_FORMULA"
    """A text that a spreadsheet would run as a formula."""
    CONTRADICTION = "E_CONTRADICTION"
    """Cells of one row exclude each other."""
    NO_PATHOLOGY = "E_NO_PATHOLOGY"
    """Pathology says nothing of this side."""
    # -- reading -----------------------------------------------------------------------------
    NO_READER = "E_NO_READER"
    """A signature needs a reader id."""
    UNFINISHED = "E_UNFINISHED"
    """A drawing was begun and not completed."""
    NO_REASON = "E_NO_REASON"
    """A signed value changes only with a reason."""
    # -- storing and writing -----------------------------------------------------------------
    STORE = "E_STORE"
    """The measurement store cannot be opened or written."""
    STORE_BUSY = "E_STORE_BUSY"
    """Another process kept the store locked."""
    STORE_CHANGED = "E_STORE_CHANGED"
    """A row of the store was changed after it was written."""
    STORE_CONFLICT = "E_STORE_CONFLICT"
    """Another window recorded a newer version of a finding since it was read."""
    STORE_NEWER = "E_STORE_NEWER"
    """The store was written by a newer version."""
    DRAFT = "E_DRAFT"
    """A draft of unsigned work is damaged or was taken up by another window."""
    PREFERENCES = "E_PREFERENCES"
    """The file of a reader's preferences is damaged."""
    OUTPUT = "E_OUTPUT"
    """The output folder cannot be written."""
    DISK_FULL = "E_DISK_FULL"
    """The disk is full."""
    NO_SCREEN = "E_NO_SCREEN"
    """A window was asked for where there is no screen."""


LEFT_OUT_BY_DESIGN = frozenset(
    {
        ErrorCode.NOT_DICOM,
        ErrorCode.DICOMDIR,
        ErrorCode.NOT_IMAGE,
        ErrorCode.MODALITY,
        ErrorCode.BODY_PART,
        ErrorCode.SEGMENTATION,
        ErrorCode.DERIVED,
        ErrorCode.SCOUT,
        ErrorCode.STEREO,
        ErrorCode.NOT_DYNAMIC,
        ErrorCode.DUPLICATE,
        ErrorCode.NOT_PREFERRED,
    }
)
"""Codes of things nobody asked to measure: they are listed, and do not make a run a partial success."""


class CalcMeasureError(Exception):
    """Base of every expected error.

    Parameters
    ----------
    message
        One sentence: what was found, what was expected, what to do.
    code
        Stable reason code; defaults to the one of the class.

    Examples
    --------
    >>> SpacingError("no pixel spacing of any kind").code
    <ErrorCode.SPACING_UNKNOWN: 'E_SPACING_UNKNOWN'>
    """

    default_code: ErrorCode = ErrorCode.MALFORMED

    def __init__(self, message: str, *, code: ErrorCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code if code is not None else self.default_code

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.code))


class DicomReadError(CalcMeasureError, OSError):
    """A file cannot be read as the DICOM object it should be."""

    default_code = ErrorCode.MALFORMED


class PixelError(CalcMeasureError, ValueError):
    """Pixel data cannot be decoded into an image."""

    default_code = ErrorCode.PIXELS


class SpacingError(CalcMeasureError, ValueError):
    """Millimetres were asked of an image that has none."""

    default_code = ErrorCode.SPACING_UNKNOWN


class GeometryError(CalcMeasureError, ValueError):
    """Slices do not form a regular volume, or a frame of reference is missing."""

    default_code = ErrorCode.GEOMETRY


class PhaseError(CalcMeasureError, ValueError):
    """A dynamic series cannot be sorted into phases, or no phase fits the rule."""

    default_code = ErrorCode.PHASE_AMBIGUOUS


class CriteriaError(CalcMeasureError, KeyError):
    """A criteria profile is unknown or malformed."""

    default_code = ErrorCode.CRITERIA_UNKNOWN


class AnnotationError(CalcMeasureError, ValueError):
    """A saved annotation does not follow its schema."""

    default_code = ErrorCode.ANNOTATION


class TableError(CalcMeasureError, ValueError):
    """A table lacks a needed column or holds an unusable value."""

    default_code = ErrorCode.TABLE


class DetectorError(CalcMeasureError, KeyError):
    """A detector is unknown or failed."""

    default_code = ErrorCode.DETECTOR_UNKNOWN


class StoreError(CalcMeasureError, OSError):
    """The measurement store cannot be opened or written."""

    default_code = ErrorCode.STORE


class ReadingError(CalcMeasureError, ValueError):
    """A reading cannot be signed, kept or taken up as it is."""

    default_code = ErrorCode.DRAFT


class OutputError(CalcMeasureError, OSError):
    """Results cannot be written."""

    default_code = ErrorCode.OUTPUT


class ClusterError(CalcMeasureError, ConnectionError):
    """The work cannot be given to a Dask cluster."""

    default_code = ErrorCode.CLUSTER


def _rebuild(kind: type[CalcMeasureError], message: str, code: ErrorCode) -> CalcMeasureError:
    """Recreate an error on the other side of a process boundary."""
    return kind(message, code=code)
