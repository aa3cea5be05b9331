"""A whole patient of full clinical size: time and memory stage by stage, and patients per hour with one and two jobs.

The peer is a plain script for the same files: SimpleITK reads, scikit-image finds blobs on the breast and labels what
enhances by 70 % or more. It is what one would write in an afternoon: no calibrated spacing, no phase sorting by header,
no motion correction, no outlines, no report.

Run: ``python benchmarks/bench_patient.py [--patients N]``. The first run synthesises the files (minutes).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import SimpleITK as sitk
from skimage.feature import blob_dog
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops

import calcmeasure.detect.calcifications.detector
import calcmeasure.detect.lesions.detector
import calcmeasure.detect.lesions.scene
import calcmeasure.pipeline.dynamic
import calcmeasure.pipeline.mammography
import calcmeasure.pipeline.patient
from calcmeasure.dicom.index import index_folder
from calcmeasure.pipeline.patient import analyse_patient
from calcmeasure.pipeline.pictures import write_pictures
from calcmeasure.pipeline.settings import RunSettings
from full_size_patients import DESCRIPTION, full_size_patients
from timing import print_machine, print_table

STAGES = (
    (calcmeasure.pipeline.patient, "read_dynamic", "dynamic MR, all stages (2 series)"),
    (calcmeasure.pipeline.dynamic, "load_phases", "-- load 6 phases"),
    (calcmeasure.detect.lesions.scene, "find_breasts", "-- breasts and chest wall"),
    (calcmeasure.detect.lesions.scene, "align_phases", "-- motion correction"),
    (calcmeasure.detect.lesions.scene, "map_enhancement", "-- enhancement maps"),
    (calcmeasure.detect.lesions.detector, "judge", "-- candidates and outlines"),
    (calcmeasure.detect.lesions.detector, "describe", "-- lesions at other phases"),
    (calcmeasure.pipeline.dynamic, "lesion_curve", "-- kinetic curves"),
    (calcmeasure.pipeline.mammography, "load_mammogram", "mammograms, pixels (4 images)"),
    (calcmeasure.detect.calcifications.detector, "detect_calcifications", "mammograms, calcifications (4 images)"),
)
"""What is timed inside `analyse_patient`; inner stages are part of the outer one."""


class Stages:
    """Time and highest resident memory by stage; the kernel's high-water mark is reset at every border."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.processor_s: dict[str, float] = defaultdict(float)
        self.peak_mib: dict[str, float] = defaultdict(float)
        self._open: list[str] = []

    def run(self, name: str, work: Callable[[], object]) -> object:
        self._mark()
        self._open.append(name)
        start, start_cpu = time.perf_counter(), time.process_time()
        try:
            return work()
        finally:
            self.seconds[name] += time.perf_counter() - start
            self.processor_s[name] += time.process_time() - start_cpu
            self._mark()
            self._open.remove(name)

    def watch(self, module: ModuleType, function: str, name: str) -> None:
        inner = getattr(module, function)
        setattr(module, function, lambda *args, **options: self.run(name, lambda: inner(*args, **options)))

    def _mark(self) -> None:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        peak_mib = int(status.split("VmHWM:")[1].split()[0]) / 1024
        for name in self._open:
            self.peak_mib[name] = max(self.peak_mib[name], peak_mib)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def stages_of(folder: Path) -> Stages:
    stages = Stages()
    for module, function, name in STAGES:
        stages.watch(module, function, name)
    index = stages.run("index (1,924 files)", lambda: index_folder([folder]))
    (patient,) = index.patients
    analysis = stages.run("whole analysis", lambda: analyse_patient(patient, RunSettings()))
    with tempfile.TemporaryDirectory() as out:
        stages.run("pictures", lambda: write_pictures(Path(out), analysis.panels, fingerprint=""))
    values = [f"{m.quantity} {m.timepoint} {m.value_mm}" for m in analysis.measurements]
    print("found:", "; ".join(values))
    return stages


def whole_run(folders: list[Path], *, jobs: int) -> dict:
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "calcmeasure", "run", *map(str, folders), "--out", out, "--quiet"]
        start = time.perf_counter()
        done = subprocess.run([*command, "--jobs", str(jobs)], check=False)
        wall_s = time.perf_counter() - start
        info = json.loads((Path(out) / "run.json").read_text(encoding="utf-8"))
    return {"jobs": jobs, "wall_s": wall_s, "exit": done.returncode, **info}


def run_row(run: dict) -> tuple[object, ...]:
    n_patients, stages = len(run["patients"]), run["timings_s"]
    return (
        run["jobs"],
        n_patients,
        f"{run['wall_s']:.1f}",
        f"{stages['index']:.1f}",
        f"{stages['patients']:.1f}",
        f"{run['wall_s'] - stages['index'] - stages['patients']:.1f}",
        f"{run['peak_mib']:.0f}",
        f"{3600 * n_patients / run['wall_s']:.0f}",
        run["exit"],
    )


def plain_script(folder: Path) -> tuple[float, float]:
    """Processor seconds a plain SimpleITK + scikit-image script takes for mammograms and dynamic MR."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    start = time.process_time()
    for path in sorted(folder.glob("*/MG/*.dcm")):
        image = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))[0].astype(np.float32)
        breast = image > threshold_otsu(image[::4, ::4])
        rows, columns = (np.flatnonzero(breast.any(axis=axis)) for axis in (1, 0))
        crop = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        blob_dog(crop / crop.max(), min_sigma=0.8, max_sigma=4.5, sigma_ratio=1.414, threshold=0.02)
    between = time.process_time()
    for visit in sorted(folder.glob("*/MR")):
        phases = [_series(part) for part in _split(visit)]
        pre, early = phases[0], phases[1]
        enhancement = (early - pre) / np.maximum(pre, 0.25 * np.percentile(pre, 95))
        labels = label((enhancement >= 0.7) & (pre > threshold_otsu(pre[::4, ::4, ::4])))
        regions = [region for region in regionprops(labels) if region.area > 65]
        max((region.axis_major_length for region in regions), default=0.0)
    return between - start, time.process_time() - between


def _split(folder: Path) -> list[list[str]]:
    """Six phases of one series, by instance number in the file's header."""
    reader = sitk.ImageFileReader()
    numbered = []
    for path in folder.rglob("*"):
        if path.is_file():
            reader.SetFileName(str(path))
            reader.ReadImageInformation()
            numbered.append((int(reader.GetMetaData("0020|0013")), str(path)))
    paths = [path for _, path in sorted(numbered)]
    size = len(paths) // 6
    return [paths[i * size : (i + 1) * size] for i in range(6)]


def _series(paths: list[str]) -> np.ndarray:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(paths)
    return sitk.GetArrayFromImage(reader.Execute()).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=2, help="patients for one and two jobs")
    parser.add_argument("--only-runs", action="store_true", help="leave out the stages and the peer")
    options = parser.parse_args()
    folders = full_size_patients(options.patients)
    os.sync()
    print_machine("SimpleITK", "scikit-image", "opencv-python-headless")
    print(f"patient: {DESCRIPTION}")
    if not options.only_runs:
        show_stages(folders[0])
    columns = (
        *("jobs", "patients", "clock s", "index s", "patients s", "start and outputs s", "peak MiB"),
        *("patients/h", "exit"),
    )
    runs = [whole_run(folders, jobs=jobs) for jobs in (1, 2)]
    print_table(columns, map(run_row, runs))
    print(f"two jobs: {runs[0]['wall_s'] / runs[1]['wall_s']:.2f} times the patients per hour")


def show_stages(folder: Path) -> None:
    stages = stages_of(folder)
    print_table(
        ("stage, one process, first use", "clock s", "processor s", "peak resident MiB"),
        (
            (name, f"{s:.2f}", f"{stages.processor_s[name]:.2f}", f"{stages.peak_mib[name]:.0f}")
            for name, s in stages.seconds.items()
        ),
    )
    mammograms_s, dynamic_s = plain_script(folder)
    own_s = stages.processor_s["whole analysis"]
    print_table(
        ("plain SimpleITK + scikit-image script", "processor s", "/ whole analysis"),
        (
            ("mammograms: read, blob_dog on the breast's box", f"{mammograms_s:.1f}", f"{mammograms_s / own_s:.2f}"),
            ("dynamic MR: read 6 phases, 70 % enhancement, label", f"{dynamic_s:.1f}", f"{dynamic_s / own_s:.2f}"),
        ),
    )


if __name__ == "__main__":
    main()
