"""What a study found, as numbers: counts, tests and agreement of one cohort, each with its own n. Lengths are in mm."""

from __future__ import annotations

from dataclasses import dataclass

from calcmeasure.model.pathology import CompleteResponse
from calcmeasure.stats.agreement import Icc
from calcmeasure.stats.association import AssociationTest
from calcmeasure.stats.bland_altman import BlandAltman
from calcmeasure.stats.diagnostic import DiagnosticAccuracy
from calcmeasure.stats.paired import SignedRank
from calcmeasure.stats.roc import Roc
from calcmeasure.stats.summary import Mean, Median, QuantileMethod, Shares
from calcmeasure.study.variables import POSITIVE, Comparison, Pair, Variable


@dataclass(frozen=True, slots=True)
class StudySettings:
    """How the study was analysed.

    Parameters
    ----------
    criteria, criteria_sha256
        Profile behind the categories of change, and its hash.
    complete_response
        What counts as a pathological complete response.
    level
        Level of every confidence interval.
    quartiles
        How quartiles are interpolated.
    positive
        The class that sensitivity speaks of.
    """

    criteria: str
    criteria_sha256: str
    complete_response: CompleteResponse
    level: float
    quartiles: QuantileMethod
    positive: str = POSITIVE


@dataclass(frozen=True, slots=True)
class Flow:
    """Who was looked at, who was left out and why, who counts. A case is one side of one patient.

    Parameters
    ----------
    assessed, included
        Cases.
    exclusions
        (reason code, cases), most frequent first.
    patients_assessed, patients
        Patients behind the assessed and behind the included cases.
    bilateral
        Patients included with both sides.
    """

    assessed: int
    included: int
    exclusions: tuple[tuple[str, int], ...]
    patients_assessed: int
    patients: int
    bilateral: int


@dataclass(frozen=True, slots=True)
class Description:
    """One variable of the included cases.

    Parameters
    ----------
    variable
        Which.
    summary
        n (%) per category, median (IQR) or mean (SD); each knows its n and how many were missing.
    """

    variable: Variable
    summary: Shares | Median | Mean


@dataclass(frozen=True, slots=True)
class ResidualSizes:
    """Sizes of what is left after treatment in one subgroup: mammography, MRI, specimen."""

    subgroup: str
    cases: int
    extent: Median
    diameter: Median
    pathology: Median


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two sizes of what is left, in one subgroup.

    Parameters
    ----------
    pair, subgroup
        Of what, in whom.
    consistency
        ICC(C,1): a constant offset is forgiven.
    absolute
        ICC(A,1): a constant offset counts as disagreement.
    limits
        Bias and limits of agreement in mm, first minus second.
    """

    pair: Pair
    subgroup: str
    consistency: Icc
    absolute: Icc
    limits: BlandAltman

    @property
    def n(self) -> int:
        """Cases with both sizes."""
        return self.consistency.n


@dataclass(frozen=True, slots=True)
class Association:
    """A table of counts and its three tests.

    Parameters
    ----------
    rows, columns
        The two variables.
    row_categories, column_categories
        In the order of `counts`; categories without a case keep their row and column.
    counts
        Cases per cell.
    left_out
        Included cases that lack one of the two.
    asymptotic, exact, freeman_halton
        Pearson's chi-square, the exact Pearson test, and Fisher–Freeman–Halton's (Fisher's for a 2 × 2 table).
    """

    rows: Variable
    columns: Variable
    row_categories: tuple[str, ...]
    column_categories: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    left_out: int
    asymptotic: AssociationTest
    exact: AssociationTest
    freeman_halton: AssociationTest

    @property
    def tests(self) -> tuple[AssociationTest, AssociationTest, AssociationTest]:
        """All three, in that order."""
        return self.asymptotic, self.exact, self.freeman_halton

    @property
    def row_totals(self) -> tuple[int, ...]:
        """Cases per row."""
        return tuple(map(sum, self.counts))

    @property
    def column_totals(self) -> tuple[int, ...]:
        """Cases per column."""
        return tuple(map(sum, zip(*self.counts, strict=True)))

    @property
    def n(self) -> int:
        """Cases counted."""
        return sum(self.row_totals)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """How well "an enhancement is left" tells residual disease, in one subgroup."""

    subgroup: str
    accuracy: DiagnosticAccuracy


@dataclass(frozen=True, slots=True)
class PairedTest:
    """Whether two sizes of the same side differ.

    Parameters
    ----------
    comparison
        Which two.
    asymptotic
        Wilcoxon's test as SPSS prints it.
    exact
        The same from every pattern of signs; None when there are too many differences for it to matter.
    """

    comparison: Comparison
    asymptotic: SignedRank
    exact: SignedRank | None


@dataclass(frozen=True, slots=True)
class ScoreCurve:
    """ROC curve of one size after treatment against residual disease, all cases."""

    score: Variable
    roc: Roc


@dataclass(frozen=True, slots=True)
class StudyResults:
    """Everything one cohort says.

    Parameters
    ----------
    settings
        How it was analysed.
    flow
        Who counts.
    missing
        (variable, included cases without it), only those with any.
    patients, findings
        Descriptions in the order of Tables 1 and 3.
    associations
        Subtype against complete response (Table 2), then RECIST, Miller–Payne, complete response and type of residual
        tumour against the change in extent (Table 4), then the pooled Miller–Payne grades.
    sizes, agreement
        Table 5: every subgroup, in its order; within one, every pair.
    paired, diagnostic, curves
        Tests before and after, accuracy of MRI per subgroup, ROC curves.
    warnings
        Sentences a reader must see before any number.
    """

    settings: StudySettings
    flow: Flow
    missing: tuple[tuple[Variable, int], ...]
    patients: tuple[Description, ...]
    findings: tuple[Description, ...]
    associations: tuple[Association, ...]
    sizes: tuple[ResidualSizes, ...]
    agreement: tuple[Agreement, ...]
    paired: tuple[PairedTest, ...]
    diagnostic: tuple[Diagnostic, ...]
    curves: tuple[ScoreCurve, ...]
    warnings: tuple[str, ...]

    @property
    def n(self) -> int:
        """Included cases."""
        return self.flow.included

    def association(self, rows: Variable) -> Association:
        """Find the table of counts whose rows are this variable.

        Raises
        ------
        KeyError
            If there is none.
        """
        return {table.rows: table for table in self.associations}[rows]
