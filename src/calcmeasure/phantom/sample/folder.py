"""The synthetic cohort: four patients before and after treatment, their truth, and the clutter of a real export."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calcmeasure.phantom.dataset import SeriesInfo, StudyInfo, Syntax, UidFactory
from calcmeasure.phantom.dynamic.examination import synthesize_dce
from calcmeasure.phantom.dynamic.plan import MrWriteOptions, Vendor
from calcmeasure.phantom.dynamic.writer import write_dce_study
from calcmeasure.phantom.mammogram.exposure import MammogramPhantom, MammogramSpec, synthesize_mammogram
from calcmeasure.phantom.mammogram.writer import MammogramFile, write_mammogram
from calcmeasure.phantom.sample.clutter import NOTE, write_projection, write_scout, write_subtraction
from calcmeasure.phantom.sample.plan import PatientPlan, VisitPlan, plan_cohort
from calcmeasure.phantom.sample.truth import TrueChange, TrueMeasurement, change_of, response_of, write_truth
from calcmeasure.terms import Laterality, Modality, PresentationIntent, Quantity, View

DEFAULT_SEED = 2023
"""Seed of the sample that ships with the project."""

_MAMMOGRAM_SYNTAX = {1: Syntax.JPEG_LS, 2: Syntax.JPEG_2000, 3: Syntax.RLE, 4: Syntax.JPEG_LS}
_MR_SYNTAX = {Vendor.GE: Syntax.JPEG_LS, Vendor.SIEMENS: Syntax.JPEG_2000}
_EXTRA_SERIES: dict[Vendor, tuple[Callable[..., tuple[Path, ...]], ...]] = {
    Vendor.GE: (write_scout, write_subtraction),
    Vendor.SIEMENS: (write_scout, write_projection),
    Vendor.PHILIPS: (write_scout,),
    Vendor.ENHANCED: (),
}


@dataclass(frozen=True, slots=True)
class PhantomCohort:
    """What was written.

    Parameters
    ----------
    changes
        Rows of ``truth.csv``.
    measurements
        Rows of ``truth_measurements.csv``.
    """

    folder: Path
    changes: tuple[TrueChange, ...]
    measurements: tuple[TrueMeasurement, ...]


def write_phantom_cohort(
    out: Path, *, seed: int = DEFAULT_SEED, on_patient: Callable[[str], None] | None = None
) -> PhantomCohort:
    """Write four synthetic patients with truth tables and a README.

    Parameters
    ----------
    out
        Folder; made when missing. Files of an earlier cohort with the same seed are replaced by equal ones.
    seed
        Varies tissue, noise, positions and sizes. Categories never change: all true changes stay far from the
        cut-offs of every profile.
    on_patient
        Called with each patient's identifier when it is done.

    Returns
    -------
    PhantomCohort
    """
    out.mkdir(parents=True, exist_ok=True)
    plans = plan_cohort(seed)
    changes: list[TrueChange] = []
    measurements: list[TrueMeasurement] = []
    for plan in plans:
        rows = write_patient(plan, out, seed=seed)
        measurements.extend(rows)
        changes.extend(_changes(plan, rows))
        if on_patient is not None:
            on_patient(plan.person.patient_id)
    (out / "export notes.txt").write_text(NOTE, encoding="utf-8")
    write_truth(out, changes=changes, measurements=measurements)
    (out / "README.md").write_text(_readme(plans, seed), encoding="utf-8")
    return PhantomCohort(out, tuple(changes), tuple(measurements))


def write_patient(plan: PatientPlan, out: Path, *, seed: int) -> tuple[TrueMeasurement, ...]:
    """Write both visits of one patient into a folder of its own and return the truth of every image."""
    rows: list[TrueMeasurement] = []
    for visit in plan.visits:
        folder = out / plan.person.patient_id / visit.day.isoformat()
        rows.extend(_write_mammograms(plan, visit, folder / "MG", seed=seed))
        rows.append(_write_dynamic(plan, visit, folder / "MR", seed=seed))
    return tuple(rows)


def mammogram_specs(plan: PatientPlan, visit: VisitPlan) -> Iterator[MammogramSpec]:
    """Exposures of one visit: CC and MLO of the affected side, then of the other where it is imaged."""
    sides = [(plan.laterality, plan.breasts[0], visit.affected)]
    if plan.images_other_side:
        sides.append((plan.other_laterality, plan.breasts[1], visit.other))
    for laterality, breast, marks in sides:
        for view in (View.CC, View.MLO):
            yield MammogramSpec(
                laterality,
                view,
                breast,
                marks,
                imager_mm=visit.imager_mm,
                magnification=visit.magnification,
                shift_mm=2.0 if visit is plan.visits[1] else 0.0,
            )


def noise_seed(seed: int, plan: PatientPlan, *labels: object) -> np.random.Generator:
    """Independent noise for every image, the same on every run."""
    words = "/".join(str(label) for label in (plan.person.patient_id, *labels))
    return np.random.default_rng([seed, *words.encode()])


def _write_mammograms(plan: PatientPlan, visit: VisitPlan, folder: Path, *, seed: int) -> list[TrueMeasurement]:
    rows: list[TrueMeasurement] = []
    for spec in mammogram_specs(plan, visit):
        rng = noise_seed(seed, plan, visit.timepoint, spec.laterality, spec.view)
        phantom = synthesize_mammogram(spec, rng=rng)
        for intent in _intents(plan, spec.laterality):
            file = _mammogram_file(plan, visit, spec, intent=intent, uids=UidFactory(seed))
            path = folder / _file_name(plan, spec, intent)
            write_mammogram(phantom, path, series=_mammogram_series(plan, visit, intent, seed), file=file)
            rows.append(_true_extent(plan, visit, phantom, file))
    return rows


def _intents(plan: PatientPlan, laterality: Laterality) -> tuple[PresentationIntent, ...]:
    """One maker's export holds the For Processing twin of the affected side."""
    if plan.mr_vendor is Vendor.GE and laterality is plan.laterality:
        return (PresentationIntent.FOR_PRESENTATION, PresentationIntent.FOR_PROCESSING)
    return (PresentationIntent.FOR_PRESENTATION,)


def _mammogram_file(
    plan: PatientPlan, visit: VisitPlan, spec: MammogramSpec, *, intent: PresentationIntent, uids: UidFactory
) -> MammogramFile:
    number = _number(plan)
    return MammogramFile(
        sop_uid=uids(plan.person.patient_id, visit.timepoint, spec.laterality, spec.view, intent),
        intent=intent,
        calibration=plan.calibration,
        instance_number=1 + 2 * (spec.laterality is not plan.laterality) + (spec.view is View.MLO),
        inverted=plan.mr_vendor is Vendor.ENHANCED and spec.view is View.MLO,
        syntax=_MAMMOGRAM_SYNTAX[number],
        vendor=plan.mammography,
    )


def _mammogram_series(plan: PatientPlan, visit: VisitPlan, intent: PresentationIntent, seed: int) -> SeriesInfo:
    processing = intent is PresentationIntent.FOR_PROCESSING
    study = _study(plan, visit, Modality.MG, seed)
    return SeriesInfo(
        study,
        UidFactory(seed)(study.study_uid, intent),
        2 if processing else 1,
        Modality.MG,
        plan.mammography.equipment,
        description="Mammography raw" if processing else "Mammography",
    )


def _study(plan: PatientPlan, visit: VisitPlan, modality: Modality, seed: int) -> StudyInfo:
    return StudyInfo(
        plan.person,
        UidFactory(seed)(plan.person.patient_id, visit.timepoint, modality),
        visit.day,
        "081500" if modality is Modality.MG else "091500",
        accession=f"{plan.person.patient_id}{modality}{visit.day:%y%m%d}"[-16:],
        description="Mammography" if modality is Modality.MG else "MR breast dynamic",
    )


def _file_name(plan: PatientPlan, spec: MammogramSpec, intent: PresentationIntent) -> str:
    raw = "-raw" if intent is PresentationIntent.FOR_PROCESSING else ""
    name = f"{spec.laterality}{spec.view}{raw}"
    # One archive exports files without any extension.
    return name if plan.mr_vendor is Vendor.SIEMENS else f"{name}.dcm"


def _true_extent(
    plan: PatientPlan, visit: VisitPlan, phantom: MammogramPhantom, file: MammogramFile
) -> TrueMeasurement:
    return TrueMeasurement(
        plan.person.patient_id,
        visit.timepoint,
        Modality.MG,
        str(phantom.spec.laterality),
        str(phantom.spec.view),
        str(file.intent),
        Quantity.CALCIFICATION_EXTENT,
        "",
        phantom.extent_mm,
        None,
        int((phantom.clusters >= 0).sum()),
        str(file.calibration),
        file.sop_uid,
    )


def _write_dynamic(plan: PatientPlan, visit: VisitPlan, folder: Path, *, seed: int) -> TrueMeasurement:
    phantom = synthesize_dce(visit.dce, rng=noise_seed(seed, plan, visit.timepoint, "MR"))
    study, uids = _study(plan, visit, Modality.MR, seed), UidFactory(seed)
    options = MrWriteOptions(syntax=_MR_SYNTAX.get(plan.mr_vendor, Syntax.JPEG_LS))
    written = write_dce_study(phantom, folder, study=study, uids=uids, vendor=plan.mr_vendor, options=options)
    for write_extra in _EXTRA_SERIES[plan.mr_vendor]:
        write_extra(phantom, folder / "other", study=study, uids=uids, vendor=plan.mr_vendor)
    lesion = phantom.lesions[0]
    return TrueMeasurement(
        plan.person.patient_id,
        visit.timepoint,
        Modality.MR,
        str(lesion.laterality),
        "",
        "",
        Quantity.LESION_DIAMETER,
        lesion.lesion_id,
        float(lesion.diameter_mm),
        float(lesion.short_axis_mm),
        None,
        "patient",
        written.series_uids[min(phantom.still_phase, len(written.series_uids) - 1)],
    )


def _changes(plan: PatientPlan, rows: tuple[TrueMeasurement, ...]) -> Iterator[TrueChange]:
    sides = [plan.laterality, *([plan.other_laterality] if plan.images_other_side else [])]
    for side in sorted(sides):
        yield change_of(rows, plan, laterality=str(side))
    yield response_of(rows, plan)


def _number(plan: PatientPlan) -> int:
    return int(plan.person.patient_id[-4:])


def _readme(plans: tuple[PatientPlan, ...], seed: int) -> str:
    patients = "\n".join(
        f"| {plan.person.patient_id} | {plan.laterality} | {plan.summary} | {plan.extent_class} | {plan.response} "
        f"| {plan.mammography.equipment.manufacturer}, `{plan.calibration}` | {plan.mr_vendor} |"
        for plan in plans
    )
    return _README.format(seed=seed, patients=patients)


_README = """# Synthetic patients

Nobody was imaged: every pixel was computed by `calcmeasure.phantom`. Research and teaching use; licence BSD-3-Clause,
as the rest of the project. Losslessly compressed in mixed transfer syntaxes.

Made by `calcmeasure phantom --out DIR --seed {seed}`; the same seed gives the same files. Another seed
gives other anatomy, noise and sizes, but the same categories.

| patient | side | what it shows | extent | lesion | mammograms (spacing by) | dynamic MR |
|---|---|---|---|---|---|---|
{patients}

Each patient has a baseline and a follow-up visit, five months apart, each with mammograms (CC and MLO) and one dynamic
MR examination. Some also show the other, normal breast, with benign calcifications that are no finding.
As in a real export there are things to leave out: localizers, the scanner's own subtraction and maximum intensity
projection, For Processing twins of some views, files without an extension, a text file.

`truth.csv`: sizes at both visits and the category by each criteria profile (empty where a profile does not apply).
The extent of a side is the larger of its CC and MLO views. `truth_measurements.csv`: the truth of every image.

Conventions: an extent is the greatest distance between the centres of two calcifications of the group on one view, in
mm in the breast (detector distance divided by the magnification); benign single marks do not count. A lesion's diameter
is the greatest in-plane distance within its boundary over the acquired slices, at the early phase. Where the header
holds no magnification at all (`detector`), the magnification is 1.

`study/`, in the sample that ships with the project, is another kind of sample: a cohort table of 127 synthetic
patients without images, made by `calcmeasure phantom --study --out DIR/study --seed 2023`. Its own README describes it.
"""
