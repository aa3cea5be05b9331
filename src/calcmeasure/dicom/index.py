"""From any folder to patients, studies, mammograms and dynamic series: headers only, every file accounted for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from calcmeasure.dicom.header import Header
from calcmeasure.dicom.identity import contradicts_person, drop_duplicates, group_patients, name_keys
from calcmeasure.dicom.index_cache import IndexCache, digest_folder, open_cache
from calcmeasure.dicom.mammograms import in_reading_order, make_mammogram, mark_twins
from calcmeasure.dicom.objects import shows_breast
from calcmeasure.dicom.phases import sort_dynamic_series
from calcmeasure.dicom.scan import FoundFile, Scanned, scan_files, walk_sources
from calcmeasure.dicom.timepoints import Placement, StudyDescription, TimepointTable, place_studies, read_date
from calcmeasure.errors import ErrorCode
from calcmeasure.model.imaging import DynamicSeries, FolderIndex, Mammogram, Patient, Skipped, Study
from calcmeasure.terms import Flag


def index_folder(
    sources: Sequence[Path],
    *,
    timepoints: TimepointTable | None = None,
    cache: Path | None = None,
    jobs: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> FolderIndex:
    """Find everything to measure below the sources.

    Parameters
    ----------
    sources
        Folders or files, DICOM or not, with or without extension.
    timepoints
        Time points named by the user; without it they follow from the study dates.
    cache
        SQLite file that remembers headers of unchanged files; none is written unless asked for.
    jobs
        Worker processes for reading headers.
    on_progress
        Called with (files done, files in all).

    Returns
    -------
    FolderIndex
        Every file met is used by a mammogram or dynamic series, or stands in `skipped` once, with its reason. The
        result does not depend on `jobs`, nor on the cache but for the count of files taken from it (``cached``).
    """
    entries = list(walk_sources(sources))
    with open_cache(cache) as memory:
        digest = digest_folder(entries, settings=timepoints) if memory else ""
        n_files = sum(isinstance(e, FoundFile) for e in entries)
        known = memory.find_result(digest, n_files=n_files) if memory else None
        if known is not None:
            return known
        scanned, n_cached = _scan(entries, memory, jobs=jobs, on_progress=on_progress)
        index = assemble(scanned, timepoints=timepoints, n_cached=n_cached)
        if memory:
            memory.keep_result(digest, index)
    return index


def assemble(scanned: Sequence[Scanned], *, timepoints: TimepointTable | None = None, n_cached: int = 0) -> FolderIndex:
    """Group what was read from every file into patients.

    Parameters
    ----------
    scanned
        One entry per file.
    timepoints
        Time points named by the user.
    n_cached
        Files whose header was not read anew.
    """
    skipped = [s for s in scanned if isinstance(s, Skipped)]
    headers, copies = drop_duplicates([h for h in scanned if isinstance(h, Header)])
    skipped += copies
    groups = group_patients(headers)
    keys = name_keys(groups)
    patients: list[Patient] = []
    for identity, members in groups.items():
        patient, left_out = _make_patient(identity[0], members, key=keys[identity], table=timepoints)
        skipped += left_out
        if patient.studies:
            patients.append(patient)
    used = len(scanned) - len(skipped)
    counts = {"seen": len(scanned), "used": used, "skipped": len(skipped), "cached": n_cached}
    return FolderIndex(tuple(sorted(patients, key=lambda p: p.key)), _in_path_order(skipped), counts)


def _scan(
    entries: Sequence[FoundFile | Skipped],
    memory: IndexCache | None,
    *,
    jobs: int,
    on_progress: Callable[[int, int], None] | None,
) -> tuple[list[Scanned], int]:
    """Read what the cache does not know, and tell how many it knew; the order is that of the walk."""
    files = [e for e in entries if isinstance(e, FoundFile)]
    known = memory.find_headers(files) if memory else {}
    new = [f for f in files if f.path not in known]
    read = scan_files(new, jobs=jobs, on_progress=on_progress)
    if memory and new:
        memory.keep_headers(zip(new, read, strict=True))
    n_cached = len(known)
    known |= {file.path: result for file, result in zip(new, read, strict=True)}
    return [known[e.path] if isinstance(e, FoundFile) else e for e in entries], n_cached


@dataclass(slots=True)
class _StudyContents:
    """What one DICOM study turned out to hold."""

    headers: list[Header]
    mammograms: tuple[Mammogram, ...] = ()
    dynamic_series: tuple[DynamicSeries, ...] = ()
    skipped: list[Skipped] = field(default_factory=list)

    def describe(self) -> StudyDescription:
        """Take what places the study in time from its headers."""
        first = self.headers[0]
        modalities = {"MG"} if self.mammograms else set()
        modalities |= {"MR"} if self.dynamic_series else set()
        return StudyDescription(
            first.text("StudyInstanceUID"),
            next((d for d in (read_date(h.text("StudyDate")) for h in self.headers) if d), None),
            frozenset(modalities),
            first.text("ClinicalTrialTimePointID"),
        )


def _make_patient(
    patient_id: str, headers: list[Header], *, key: str, table: TimepointTable | None
) -> tuple[Patient, list[Skipped]]:
    by_study: dict[str, list[Header]] = defaultdict(list)
    for header in headers:
        by_study[header.text("StudyInstanceUID")].append(header)
    contents = {uid: _fill_study(members) for uid, members in sorted(by_study.items())}
    skipped = [s for c in contents.values() for s in c.skipped]
    used = {uid: c for uid, c in contents.items() if c.mammograms or c.dynamic_series}
    placed = place_studies([c.describe() for c in used.values()], patient_id=patient_id, table=table)
    flags = (str(ErrorCode.PATIENT_CONFLICT),) if contradicts_person(headers) else ()
    studies = [_make_study(c, placed, flags=flags) for c in used.values()]
    return Patient(patient_id, key, tuple(sorted(studies, key=_study_order))), skipped


def _fill_study(headers: list[Header]) -> _StudyContents:
    projections = [h for h in headers if h.text("Modality") != "MR"]
    slices = [h for h in headers if h.text("Modality") == "MR"]
    contents = _StudyContents(headers)
    contents.mammograms = in_reading_order(mark_twins([(make_mammogram(h), h) for h in projections]))
    if slices:
        dynamic = sort_dynamic_series(slices)
        elsewhere = {h.text("SeriesInstanceUID") for h in slices if not shows_breast(h)}
        contents.dynamic_series = tuple(_judge_body_part(series, elsewhere) for series in dynamic.series)
        contents.skipped = list(dynamic.skipped)
    return contents


def _judge_body_part(series: DynamicSeries, elsewhere: set[str]) -> DynamicSeries:
    """Keep a dynamic series of another body part for the inventory, but never measure it as a breast."""
    if elsewhere.isdisjoint(series.series_uids):
        return series
    return replace(series, usable=False, flags=(*series.flags, ErrorCode.BODY_PART))


def _make_study(contents: _StudyContents, placed: Mapping[str, Placement], *, flags: tuple[str, ...]) -> Study:
    described = contents.describe()
    placement = placed[described.study_uid]
    undated = () if described.study_date else (str(Flag.NO_STUDY_DATE),)
    return Study(
        study_uid=described.study_uid,
        study_date=described.study_date,
        timepoint=placement.timepoint,
        timepoint_source=placement.source,
        mammograms=contents.mammograms,
        dynamic_series=contents.dynamic_series,
        flags=(*flags, *undated),
    )


def _study_order(study: Study) -> tuple[bool, str, str]:
    return (study.study_date is None, str(study.study_date), study.study_uid)


def _in_path_order(skipped: Iterable[Skipped]) -> tuple[Skipped, ...]:
    return tuple(sorted(skipped, key=lambda s: (str(s.path), s.code)))
