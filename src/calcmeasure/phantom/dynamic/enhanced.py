"""Enhanced MR multi-frame image (PS3.3 A.36): one file holds all phases, each frame its own times and position."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from calcmeasure.geometry import ImageGrid
from calcmeasure.phantom.dataset import SeriesInfo, code_item, dicom_date, new_dataset, set_pixels
from calcmeasure.phantom.dynamic.headers import DynamicContext, number_text, orientation_texts
from calcmeasure.phantom.dynamic.plan import Component, PhaseClock, PlannedImage, Trouble, datetime_text, time_text
from calcmeasure.terms import ConceptCode

ENHANCED_MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4.1"

_FRAME_TYPE = ["ORIGINAL", "PRIMARY", "PERFUSION", "NONE"]
_BREAST = ConceptCode("76752008", "SCT", "Breast")
_AGENT_CODE = ConceptCode("418351005", "SCT", "Gadobutrol")
_ROUTE_CODE = ConceptCode("47625008", "SCT", "Intravenous route")
_DIMENSIONS = (
    ("StackID", "FrameContentSequence"),
    ("TemporalPositionIndex", "FrameContentSequence"),
    ("InStackPositionNumber", "FrameContentSequence"),
)


def enhanced_image(
    series: SeriesInfo,
    pixels: NDArray[np.uint16],
    grid: ImageGrid,
    *,
    frames: Sequence[PlannedImage],
    context: DynamicContext,
    sop_uid: str,
) -> Dataset:
    """One multi-frame file.

    Parameters
    ----------
    pixels
        (n, rows, columns).
    frames
        n planned images in frame order.
    """
    dataset = new_dataset(series, sop_class_uid=ENHANCED_MR_IMAGE_STORAGE, sop_uid=sop_uid, instance_number=1)
    dataset.PatientPosition = "HFP"
    dataset.FrameOfReferenceUID = context.frame_of_reference_uid
    dataset.PositionReferenceIndicator = ""
    _put_image_module(dataset, context.clocks)
    _put_pulse_sequence(dataset)
    _put_dimensions(dataset, sop_uid)
    _put_contrast(dataset, context)
    dataset.SharedFunctionalGroupsSequence = [_shared_groups(grid, context)]
    dataset.PerFrameFunctionalGroupsSequence = [_frame_groups(f, grid, context) for f in frames]
    set_pixels(dataset, pixels, bits_stored=12)
    return dataset


def _item(**attributes: object) -> Dataset:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def _put_image_module(dataset: Dataset, clocks: tuple[PhaseClock, ...]) -> None:
    dataset.ImageType = list(_FRAME_TYPE)
    _put_frame_description(dataset)
    dataset.ContentDate, dataset.ContentTime = dicom_date(clocks[0].start.date()), time_text(clocks[0].start)
    dataset.AcquisitionNumber = 1
    dataset.AcquisitionDateTime = datetime_text(clocks[0].start)
    dataset.AcquisitionDuration = (clocks[-1].end - clocks[0].start).total_seconds()
    dataset.ContentQualification = "RESEARCH"
    dataset.ResonantNucleus = "1H"
    dataset.KSpaceFiltering = "NONE"
    dataset.MagneticFieldStrength = 1.5
    dataset.ApplicableSafetyStandardAgency = "IEC"
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.AcquisitionContextSequence = []


def _put_frame_description(dataset: Dataset, component: Component = Component.MAGNITUDE) -> None:
    """MR Image and Spectroscopy Description macros (C.8.13.3.1.1, C.8.16.2.1)."""
    dataset.PixelPresentation = "MONOCHROME"
    dataset.VolumetricProperties = "VOLUME"
    dataset.VolumeBasedCalculationTechnique = "NONE"
    dataset.ComplexImageComponent = component.value
    dataset.AcquisitionContrast = "T1"


def _put_pulse_sequence(dataset: Dataset) -> None:
    """MR Pulse Sequence module (C.8.13.4)."""
    values = {
        "PulseSequenceName": "FFE3D",
        "MRAcquisitionType": "3D",
        "EchoPulseSequence": "GRADIENT",
        "MultiPlanarExcitation": "NO",
        "PhaseContrast": "NO",
        "TimeOfFlightContrast": "NO",
        "SteadyStatePulseSequence": "NONE",
        "EchoPlanarPulseSequence": "NO",
        "SaturationRecovery": "NO",
        "SpectrallySelectedSuppression": "FAT",
        "OversamplingPhase": "NONE",
        "GeometryOfKSpaceTraversal": "RECTILINEAR",
        "RectilinearPhaseEncodeReordering": "LINEAR",
        "SegmentedKSpaceTraversal": "SINGLE",
        "CoverageOfKSpace": "FULL",
        "NumberOfKSpaceTrajectories": 1,
    }
    for keyword, value in values.items():
        setattr(dataset, keyword, value)


def _put_dimensions(dataset: Dataset, sop_uid: str) -> None:
    organization_uid = f"{sop_uid[:-1]}{(int(sop_uid[-1]) + 1) % 10}"
    dataset.DimensionOrganizationSequence = [_item(DimensionOrganizationUID=organization_uid)]
    dataset.DimensionIndexSequence = [
        _item(
            DimensionOrganizationUID=organization_uid,
            DimensionIndexPointer=tag_for_keyword(keyword),
            FunctionalGroupPointer=tag_for_keyword(group),
            DimensionDescriptionLabel=keyword,
        )
        for keyword, group in _DIMENSIONS
    ]


def _put_contrast(dataset: Dataset, context: DynamicContext) -> None:
    """Enhanced Contrast/Bolus module (C.7.6.4b)."""
    agent = code_item(_AGENT_CODE)
    agent.ContrastBolusAgentNumber = 1
    agent.ContrastBolusAdministrationRouteSequence = [code_item(_ROUTE_CODE)]
    agent.ContrastBolusIngredientCodeSequence = [code_item(ConceptCode("105879004", "SCT", "Gadolinium"))]
    agent.ContrastBolusVolume = 7.0
    agent.ContrastBolusIngredientConcentration = 604.72
    profile = _item(ContrastBolusVolume=7.0)
    if context.options.writes_bolus_time(context.vendor):
        profile.ContrastBolusStartTime = time_text(context.injected)
    agent.ContrastAdministrationProfileSequence = [profile]
    dataset.ContrastBolusAgentSequence = [agent]


def _shared_groups(grid: ImageGrid, context: DynamicContext) -> Dataset:
    groups = _geometry_groups(grid)
    for keyword, item in _mr_groups(grid, context).items():
        setattr(groups, keyword, [item])
    return groups


def _geometry_groups(grid: ImageGrid) -> Dataset:
    groups = Dataset()
    measures = _item(
        PixelSpacing=[number_text(v) for v in grid.spacing.rc_mm],
        SliceThickness=number_text(grid.spacing.zrc_mm[0]),
        SpacingBetweenSlices=number_text(grid.spacing.zrc_mm[0]),
    )
    groups.PixelMeasuresSequence = [measures]
    groups.PlaneOrientationSequence = [_item(ImageOrientationPatient=orientation_texts(grid))]
    anatomy = _item(FrameLaterality="B", AnatomicRegionSequence=[code_item(_BREAST)])
    groups.FrameAnatomySequence = [anatomy]
    transform = _item(RescaleIntercept="0", RescaleSlope="1", RescaleType="US")
    groups.PixelValueTransformationSequence = [transform]
    groups.FrameVOILUTSequence = [_item(WindowCenter="450", WindowWidth="900")]
    return groups


def _mr_groups(grid: ImageGrid, context: DynamicContext) -> dict[str, Dataset]:
    """MR functional group macros (C.8.13.5) that do not change between frames."""
    _, rows, columns = grid.shape
    safety = _item(OperatingModeType="GRADIENT", OperatingMode="IEC_NORMAL")
    absorption = _item(SpecificAbsorptionRateDefinition="IEC_WHOLE_BODY", SpecificAbsorptionRateValue=1.0)
    return {
        "MRTimingAndRelatedParametersSequence": _item(
            RepetitionTime=number_text(context.tr_ms),
            FlipAngle=number_text(context.flip_deg),
            EchoTrainLength=1,
            RFEchoTrainLength=0,
            GradientEchoTrainLength=1,
            SpecificAbsorptionRateSequence=[absorption],
            GradientOutputType="DB_DT",
            GradientOutput=10.0,
            OperatingModeSequence=[safety],
        ),
        "MRFOVGeometrySequence": _item(
            InPlanePhaseEncodingDirection="ROW",
            MRAcquisitionFrequencyEncodingSteps=rows,
            MRAcquisitionPhaseEncodingStepsInPlane=columns,
            MRAcquisitionPhaseEncodingStepsOutOfPlane=grid.shape[0],
            PercentSampling="100",
            PercentPhaseFieldOfView="100",
        ),
        "MREchoSequence": _item(EffectiveEchoTime=2.2),
        "MRModifierSequence": _modifier(),
        "MRImagingModifierSequence": _item(
            MagnetizationTransfer="NONE",
            BloodSignalNulling="NO",
            Tagging="NONE",
            TransmitterFrequency=63.87,
            PixelBandwidth="300",
        ),
        "MRReceiveCoilSequence": _receive_coil(),
        "MRTransmitCoilSequence": _item(
            TransmitCoilName="BODY", TransmitCoilManufacturerName="SYNTHETIC", TransmitCoilType="BODY"
        ),
        "MRAveragesSequence": _item(NumberOfAverages="1"),
    }


def _modifier() -> Dataset:
    return _item(
        InversionRecovery="NO",
        FlowCompensation="NONE",
        Spoiling="RF",
        T2Preparation="NO",
        SpectrallySelectedExcitation="NONE",
        SpatialPresaturation="NONE",
        PartialFourier="NO",
        ParallelAcquisition="NO",
    )


def _receive_coil() -> Dataset:
    element = _item(MultiCoilElementName="1", MultiCoilElementUsed="YES")
    return _item(
        ReceiveCoilName="BREAST 7CH",
        ReceiveCoilManufacturerName="SYNTHETIC",
        ReceiveCoilType="MULTICOIL",
        QuadratureReceiveCoil="NO",
        MultiCoilDefinitionSequence=[element],
    )


def _frame_groups(frame: PlannedImage, grid: ImageGrid, context: DynamicContext) -> Dataset:
    groups = Dataset()
    groups.FrameContentSequence = [_frame_content(frame, context)]
    position = [number_text(v) for v in grid.to_lps((frame.slice_index, 0, 0))]
    groups.PlanePositionSequence = [_item(ImagePositionPatient=position)]
    frame_type = _item(FrameType=list(_FRAME_TYPE))
    _put_frame_description(frame_type, frame.component)
    groups.MRImageFrameTypeSequence = [frame_type]
    given = "NO" if context.clocks[frame.phase].start < context.injected else "YES"
    usage = _item(ContrastBolusAgentNumber=1, ContrastBolusAgentAdministered=given, ContrastBolusAgentDetected=given)
    groups.ContrastBolusUsageSequence = [usage]
    offset_s = (_clock(frame, context).start - context.clocks[0].start).total_seconds()
    groups.TemporalPositionSequence = [_item(TemporalPositionTimeOffset=offset_s)]
    return groups


def _frame_content(frame: PlannedImage, context: DynamicContext) -> Dataset:
    clock = _clock(frame, context)
    content = _item(
        FrameAcquisitionNumber=frame.phase + 1,
        FrameReferenceDateTime=datetime_text(clock.centre),
        FrameAcquisitionDateTime=datetime_text(clock.start),
        FrameAcquisitionDuration=1000 * (clock.end - clock.start).total_seconds(),
        StackID="1",
        InStackPositionNumber=frame.slice_index + 1,
        TemporalPositionIndex=frame.phase + 1,
        DimensionIndexValues=[1, frame.phase + 1, frame.slice_index + 1],
    )
    if Trouble.BLANK_TIMES in context.options.troubles:
        del content.FrameReferenceDateTime, content.FrameAcquisitionDateTime, content.FrameAcquisitionDuration
    return content


def _clock(frame: PlannedImage, context: DynamicContext) -> PhaseClock:
    equal = Trouble.EQUAL_TIMES in context.options.troubles
    return context.clocks[0 if equal else frame.phase]
