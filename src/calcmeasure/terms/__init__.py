"""The field's vocabulary as enums, with the DICOM codes where they exist.

Codes are from the DICOM content mapping resource (PS3.16): CID 4014/4015 views and modifiers, CID 244 laterality,
CID 6010/6012 calcification morphology and distribution. Words about lesions are in `terms.lesions`, advisory codes in
`terms.flags`, and both here as well.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from calcmeasure.terms.flags import FINDING_FLAGS as FINDING_FLAGS
from calcmeasure.terms.flags import Flag as Flag
from calcmeasure.terms.flags import merge_flags as merge_flags
from calcmeasure.terms.lesions import ImmuneResponse as ImmuneResponse
from calcmeasure.terms.lesions import LesionRelation as LesionRelation
from calcmeasure.terms.lesions import LesionRole as LesionRole
from calcmeasure.terms.lesions import LesionSite as LesionSite
from calcmeasure.terms.lesions import LesionType as LesionType
from calcmeasure.terms.lesions import NonTargetStatus as NonTargetStatus
from calcmeasure.terms.lesions import Response as Response


class ConceptCode(NamedTuple):
    """A coded concept: value, scheme designator, meaning."""

    value: str
    scheme: str
    meaning: str


class Modality(StrEnum):
    """Kind of image a measurement was taken on."""

    MG = "MG"
    """Mammography."""
    MR = "MR"
    """Magnetic resonance imaging."""


class Laterality(StrEnum):
    """Side of the body."""

    RIGHT = "R"
    LEFT = "L"
    BOTH = "B"
    """Both breasts in one image or one result."""


class View(StrEnum):
    """Mammographic projection (CID 4014)."""

    CC = "CC"
    MLO = "MLO"
    ML = "ML"
    LM = "LM"
    LMO = "LMO"
    XCCL = "XCCL"
    XCCM = "XCCM"

    @property
    def code(self) -> ConceptCode:
        """SNOMED CT code of the projection."""
        return _VIEW_CODES[self]

    @property
    def is_standard(self) -> bool:
        """Whether the study's measurement is taken on this projection (CC and MLO)."""
        return self in (View.CC, View.MLO)


_VIEW_CODES = {
    View.CC: ConceptCode("399162004", "SCT", "cranio-caudal"),
    View.MLO: ConceptCode("399368009", "SCT", "medio-lateral oblique"),
    View.ML: ConceptCode("399260004", "SCT", "medio-lateral"),
    View.LM: ConceptCode("399352003", "SCT", "latero-medial"),
    View.LMO: ConceptCode("399099002", "SCT", "latero-medial oblique"),
    View.XCCL: ConceptCode("399192008", "SCT", "cranio-caudal exaggerated laterally"),
    View.XCCM: ConceptCode("399101009", "SCT", "cranio-caudal exaggerated medially"),
}


class ViewModifier(StrEnum):
    """How a projection differs from the plain one (CID 4015)."""

    MAGNIFICATION = "magnification"
    SPOT_COMPRESSION = "spot-compression"
    IMPLANT_DISPLACED = "implant-displaced"

    @property
    def code(self) -> ConceptCode:
        """SNOMED CT code of the modifier."""
        return _MODIFIER_CODES[self]


_MODIFIER_CODES = {
    ViewModifier.MAGNIFICATION: ConceptCode("399163009", "SCT", "magnification"),
    ViewModifier.SPOT_COMPRESSION: ConceptCode("399055006", "SCT", "spot compression"),
    ViewModifier.IMPLANT_DISPLACED: ConceptCode("399209000", "SCT", "implant displaced"),
}


class PresentationIntent(StrEnum):
    """DICOM Presentation Intent Type (0008,0068)."""

    FOR_PRESENTATION = "FOR PRESENTATION"
    """Processed by the vendor for viewing; preferred for reading."""
    FOR_PROCESSING = "FOR PROCESSING"
    """Close to the detector's signal; preferred for detection."""


class Quantity(StrEnum):
    """What is measured."""

    CALCIFICATION_EXTENT = "calcification_extent"
    """Greatest span of the calcified area on one mammographic view."""
    LESION_DIAMETER = "lesion_diameter"
    """Greatest in-plane diameter of an enhancing lesion at the early phase."""

    @property
    def modality(self) -> Modality:
        """The modality the quantity is defined on."""
        return Modality.MG if self is Quantity.CALCIFICATION_EXTENT else Modality.MR


class Method(StrEnum):
    """How a measurement came about."""

    AUTO = "auto"
    MANUAL = "manual"
    EDITED = "edited"
    """Found automatically, corrected by a reader."""


class GeometryKind(StrEnum):
    """Shape of a saved annotation."""

    CALIPER = "caliper"
    """Two end points."""
    OUTLINE = "outline"
    """A closed polygon."""
    MARKS = "marks"
    """A set of points, one per calcification."""
    MASK_REFERENCE = "mask-reference"
    """A mask stored elsewhere."""


class ExtentChange(StrEnum):
    """Class of the change of a calcification extent."""

    INCREASE = "increase"
    DECREASE = "decrease"
    UNCHANGED = "unchanged"
    NOT_COMPARABLE = "not_comparable"


class Morphology(StrEnum):
    """BI-RADS calcification morphology, suspicious kinds and the common benign ones (CID 6010)."""

    AMORPHOUS = "amorphous"
    COARSE_HETEROGENEOUS = "coarse-heterogeneous"
    FINE_PLEOMORPHIC = "fine-pleomorphic"
    FINE_LINEAR = "fine-linear"
    ROUND = "round"
    VASCULAR = "vascular"
    COARSE = "coarse"

    @property
    def code(self) -> ConceptCode:
        """Code of the descriptor."""
        return _MORPHOLOGY_CODES[self]


_MORPHOLOGY_CODES = {
    Morphology.AMORPHOUS: ConceptCode("129760005", "SCT", "amorphous"),
    Morphology.COARSE_HETEROGENEOUS: ConceptCode("129763007", "SCT", "coarse heterogeneous"),
    Morphology.FINE_PLEOMORPHIC: ConceptCode("111344", "DCM", "fine pleomorphic"),
    Morphology.FINE_LINEAR: ConceptCode("129761009", "SCT", "fine linear"),
    Morphology.ROUND: ConceptCode("129756007", "SCT", "round"),
    Morphology.VASCULAR: ConceptCode("129759000", "SCT", "vascular"),
    Morphology.COARSE: ConceptCode("129749001", "SCT", "coarse"),
}


class MarkLabel(StrEnum):
    """What a bright speck on a mammogram is taken for; only suspicious ones are measured."""

    SUSPICIOUS = "suspicious"
    """A calcification that may belong to a group."""
    VASCULAR = "vascular"
    """In the wall of an artery."""
    SKIN = "skin"
    """In or on the skin."""
    COARSE = "coarse"
    """Coarse, rod-like or lucent-centred: typically benign (BI-RADS)."""
    SCATTERED = "scattered"
    """Single and punctate, in no group."""
    FOREIGN = "foreign"
    """Clip, wire, lead marker, suture or anything else that is no tissue."""
    ARTEFACT = "artefact"
    """Dust, scratch, scanner line, burnt-in mark: in the picture, not in the breast."""


class Distribution(StrEnum):
    """BI-RADS calcification distribution (CID 6012). Derived by size alone it is a hint for the reader."""

    DIFFUSE = "diffuse"
    REGIONAL = "regional"
    GROUPED = "grouped"
    LINEAR = "linear"
    SEGMENTAL = "segmental"

    @property
    def code(self) -> ConceptCode:
        """SNOMED CT code of the descriptor."""
        return _DISTRIBUTION_CODES[self]


_DISTRIBUTION_CODES = {
    Distribution.DIFFUSE: ConceptCode("129764001", "SCT", "diffuse"),
    Distribution.REGIONAL: ConceptCode("129767008", "SCT", "regional"),
    Distribution.GROUPED: ConceptCode("129766004", "SCT", "grouped"),
    Distribution.LINEAR: ConceptCode("129765000", "SCT", "linear"),
    Distribution.SEGMENTAL: ConceptCode("129768003", "SCT", "segmental"),
}
