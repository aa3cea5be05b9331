"""What a run was asked to do; its hash goes into every finished patient."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from calcmeasure import __version__
from calcmeasure.detect.calcifications.operating_points import DEFAULT_FALSE_MARKS
from calcmeasure.model.imaging import FrameReference, Patient

SOFTWARE = f"calcmeasure {__version__}"
"""Written into every annotation and row."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Choices that change a measurement.

    Parameters
    ----------
    calcification_detector, lesion_detector
        Names in the ``calcmeasure.detectors`` entry points, without their kind.
    early_phase_rule
        Name of the rule that chooses the early post-contrast phase.
    false_marks_per_image
        Operating point of the calcification detector; its own where the detector has no other.
    """

    calcification_detector: str = "group-likelihood"
    lesion_detector: str = "largest-lesion"
    early_phase_rule: str = "k-space-centre-90s"
    false_marks_per_image: float = DEFAULT_FALSE_MARKS


def fingerprint(patient: Patient, settings: RunSettings) -> str:
    """Hash of everything that decides a patient's measurements.

    Notes
    -----
    Covers the images (UID, size, time of change), their time points and spacing, the settings and the version of
    the program, so that a second run over unchanged data is recognised and a recalibrated image is not.
    """
    studies = [(s.study_uid, s.timepoint, [str(m.spacing) for m in s.mammograms]) for s in patient.studies]
    images = sorted({_image_state(frame) for frame in _frames(patient)})
    content = json.dumps([SOFTWARE, asdict(settings), studies, images])
    return hashlib.sha256(content.encode()).hexdigest()


def _frames(patient: Patient) -> Iterator[FrameReference]:
    for study in patient.studies:
        yield from (mammogram.image for mammogram in study.mammograms)
        for series in study.dynamic_series:
            for phase in series.phases:
                yield from phase.frames


def _image_state(frame: FrameReference) -> tuple[str, int, int]:
    return (frame.sop_uid, *_file_state(frame.path))


def _file_state(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (-1, -1)
    return (status.st_size, status.st_mtime_ns)
