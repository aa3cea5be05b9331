"""The synthetic cohort as files: ``cohort.csv`` and a page that says what it is."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from calcmeasure.model.pathology import Subtype
from calcmeasure.phantom.study.cohort import DEFAULT_SEED, EXCLUDED, study_cohort
from calcmeasure.phantom.study.sizes import agreement
from calcmeasure.phantom.study.targets import N_PATIENTS

_SIZES = ("extent_followup_mm", "diameter_followup_mm", "pathology_size_mm")
_ER_AND_HER2 = {
    Subtype.HER2_ENRICHED: ("0", "1"),
    Subtype.LUMINAL_HER2: ("1", "1"),
    Subtype.LUMINAL: ("1", "0"),
    Subtype.TRIPLE_NEGATIVE: ("0", "0"),
}
"""Every tumour here that has PR has ER as well."""


def write_study_cohort(out: Path, *, seed: int = DEFAULT_SEED) -> Path:
    """Write the cohort table and its README.

    Parameters
    ----------
    out
        Folder; made when missing.
    seed
        The same one gives the same files.

    Returns
    -------
    Path
        Of the table.
    """
    rows = study_cohort(seed=seed)
    out.mkdir(parents=True, exist_ok=True)
    table = out / "cohort.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (out / "README.md").write_text(_readme(rows, seed), encoding="utf-8")
    return table


def _readme(rows: Sequence[Mapping[str, str]], seed: int) -> str:
    return _README.format(
        seed=seed,
        n=N_PATIENTS,
        n_excluded=sum(EXCLUDED.values()),
        excluded="\n".join(f"| `{code}` | {count} |" for code, count in EXCLUDED.items()),
        agreement="\n".join(_agreement_line(name, group) for name, group in _groups(rows).items()),
    )


def _groups(rows: Sequence[Mapping[str, str]]) -> dict[str, list[Mapping[str, str]]]:
    included = [row for row in rows if not row["excluded"]]
    by_subtype = {
        str(subtype): [row for row in included if (row["er"], row["her2"]) == receptors]
        for subtype, receptors in _ER_AND_HER2.items()
    }
    return {"all": included, **by_subtype}


def _agreement_line(name: str, rows: Sequence[Mapping[str, str]]) -> str:
    sizes = np.array([[float(row[column]) for column in _SIZES] for row in rows])
    return f"| {name} | {len(rows)} | " + " | ".join(f"{value:.5f}" for value in agreement(sizes)) + " |"


_README = """# A synthetic study

Nobody was treated and nothing was measured: `cohort.csv` was computed by `calcmeasure.phantom`. Research and teaching
use; licence BSD-3-Clause, as the rest of the project.

Made by `calcmeasure phantom --study --out DIR --seed {seed}`; the same seed gives the same file, another seed other
patients with the same table. Its {n} patients have the table of

> Zhu et al., Value of mammographic microcalcifications and MRI-enhanced lesions in the evaluation of residual disease
> after neoadjuvant therapy for breast cancer. Quant Imaging Med Surg 2023;13(9):5593-5604, doi 10.21037/qims-22-1170

so that `calcmeasure study cohort.csv --out DIR` shows what that study showed. They are not its patients, and nothing
can be learnt from them that is not in the paper.

## The same as printed

To the last printed digit, quartiles at rank p (n + 1) as SPSS has them:

- Table 1: age, regimen, histology, subtype, complete response, grade, and surgery (24 conserving, 12 of them after a
  complete response).
- Table 2: complete response by subtype.
- Table 3: kinds, shapes and distributions, the three that changed, sizes before and after treatment.
- Table 4: change of extent by response on MRI, Miller-Payne grade, complete response and residual tumour.
- Table 5: medians and quartiles by subtype, every intraclass correlation, and 14 of the 15 intervals.
- MRI finds residual tumour in 69, misses it in 6, finds too much in 16 and rightly nothing in 36; all of the 6 are
  HR+/HER2-.

## Not the same

- Table 5, extent and pathology in HR+/HER2-: the interval is -0.115 to 0.438, printed is -0.118 to 0.441. That is the
  interval of 46 patients, not of 47. One missing size does not explain it: it would be missing from a second interval
  of these 47 as well, and those fit 47 only.

| ICC(C,1) | n | extent, pathology | diameter, pathology | extent, diameter |
|---|---|---|---|---|
{agreement}

## Printed nowhere, and invented

Everything that the tables leave open: who has which values together, sides, PR, how many lesions where there are
several, sizes before treatment by subtype, how regimens divide among subtypes (only HER2+ tumours get targeted
therapy), and the {n_excluded} patients who were left out:

| code | patients |
|---|---|
{excluded}
"""
