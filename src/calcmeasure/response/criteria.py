"""Response criteria as data: frozen profiles read from TOML, with a name and a hash."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from calcmeasure.errors import CriteriaError, ErrorCode

PROFILES = ("paper-2023", "extent-10", "recist-1.1")
"""Names of the profiles that come with the package."""

_FORMAT = "calcmeasure-criteria"
_MAX_BYTES = 100_000


class LesionValue(StrEnum):
    """Which number stands for all lesions of a patient."""

    LARGEST = "largest"
    """Diameter of the largest lesion."""
    SUM_OF_TARGETS = "sum-of-targets"
    """Sum of the longest diameters of the target lesions (RECIST 1.1)."""


class ProgressionReference(StrEnum):
    """What growth is counted from."""

    BASELINE = "baseline"
    NADIR = "nadir"
    """The smallest value on study, baseline included."""


@dataclass(frozen=True, slots=True)
class ExtentRule:
    """When an extent counts as changed.

    Parameters
    ----------
    increase_percent, decrease_percent
        Cut-offs against baseline, exact decimals.
    inclusive
        Whether a change of exactly the cut-off counts.
    """

    increase_percent: Decimal
    decrease_percent: Decimal
    inclusive: bool


@dataclass(frozen=True, slots=True)
class LesionRule:
    """When lesions respond or progress.

    Parameters
    ----------
    value
        Largest lesion, or the sum of the targets.
    reference
        What progression is counted from; a response is always counted from baseline.
    response_percent, response_inclusive
        Decrease for PR, and whether exactly this much is enough.
    progression_percent, progression_inclusive
        Increase for PD, and whether exactly this much is enough.
    progression_min_mm
        Absolute growth PD needs as well (at least).
    target_min_mm
        Smallest diameter of a target at baseline.
    new_lesion_is_progression
        Whether a new lesion, confirmed by a reader, is PD by itself.
    max_targets, max_targets_per_organ
        The largest lesions are taken first; both breasts are one organ.
    too_small_mm
        What a lesion that is present but too small to measure counts as.
    """

    value: LesionValue
    reference: ProgressionReference
    response_percent: Decimal
    response_inclusive: bool
    progression_percent: Decimal
    progression_inclusive: bool
    progression_min_mm: Decimal
    target_min_mm: Decimal
    new_lesion_is_progression: bool
    max_targets: int = 5
    max_targets_per_organ: int = 2
    too_small_mm: Decimal = Decimal(5)


_Rule = TypeVar("_Rule", ExtentRule, LesionRule)


@dataclass(frozen=True, slots=True)
class CriteriaProfile:
    """A named set of response criteria.

    Parameters
    ----------
    name
        Written into every response row.
    description, source
        What it does and where the rule comes from.
    extent, lesion
        None when the profile does not judge that quantity.
    """

    name: str
    description: str
    source: str
    extent: ExtentRule | None = None
    lesion: LesionRule | None = None

    @property
    def sha256(self) -> str:
        """Hash of the rules and the name, whatever the layout of the file they came from."""
        content = {"name": self.name, "extent": _plain(self.extent), "lesion": _plain(self.lesion)}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def profile_names() -> tuple[str, ...]:
    """Names of the profiles that come with the package."""
    return PROFILES


def profile_toml(name: str) -> str:
    """Text of a built-in profile, to print or to start an own one from.

    Raises
    ------
    CriteriaError
        If no built-in profile has this name.
    """
    if name not in PROFILES:
        raise CriteriaError(
            f"no criteria profile is called {name!r}; there are {', '.join(PROFILES)}, or give a .toml file"
        )
    return (resources.files("calcmeasure.response") / "profiles" / f"{name}.toml").read_text(encoding="utf-8")


def load_profile(name_or_path: str | Path) -> CriteriaProfile:
    """Load a built-in profile by name, or an own one from a ``.toml`` file.

    Raises
    ------
    CriteriaError
        With `ErrorCode.CRITERIA_UNKNOWN` if there is no such profile or file, `ErrorCode.CRITERIA_INVALID` and the
        field's name if it does not follow the schema.

    Examples
    --------
    >>> load_profile("extent-10").extent.increase_percent
    Decimal('10')
    """
    if str(name_or_path).endswith(".toml"):
        return parse_profile(_read(Path(name_or_path)))
    return parse_profile(profile_toml(str(name_or_path)))


def parse_profile(text: str) -> CriteriaProfile:
    """Turn TOML text into a profile; numbers are read as exact decimals.

    Raises
    ------
    CriteriaError
        Naming the field that is missing, unknown or of the wrong kind.
    """
    try:
        content = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _invalid("the file", f"valid TOML ({error})") from error
    _check_format(content)
    rules = [content.get(section) for section in ("extent", "lesion")]
    if rules == [None, None]:
        raise _invalid("extent", "present, or a [lesion] section")
    return CriteriaProfile(
        name=_text(content, "name"),
        description=_text(content, "description"),
        source=_text(content, "source"),
        extent=None if rules[0] is None else _rule(ExtentRule, rules[0], section="extent"),
        lesion=None if rules[1] is None else _rule(LesionRule, rules[1], section="lesion"),
    )


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise _invalid("the file", f"at most {_MAX_BYTES} bytes")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CriteriaError(f"the criteria file cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise _invalid("the file", "UTF-8 text") from error


def _check_format(content: Mapping[str, Any]) -> None:
    if content.get("format") != _FORMAT:
        raise _invalid("format", repr(_FORMAT))
    if content.get("format_version") != 1:
        raise _invalid("format_version", "1")
    known = {"format", "format_version", "name", "description", "source", "extent", "lesion"}
    for field in content:
        if field not in known:
            raise _invalid(field, f"one of {', '.join(sorted(known))}")


def _rule(kind: type[_Rule], content: object, *, section: str) -> _Rule:
    """Build a rule after checking every field by the type it is declared with."""
    if not isinstance(content, dict):
        raise _invalid(section, "a table")
    declared = {field.name: str(field.type) for field in fields(kind)}
    optional = {"max_targets", "max_targets_per_organ", "too_small_mm"}
    for name in content:
        if name not in declared:
            raise _invalid(f"{section}.{name}", f"one of {', '.join(declared)}")
    for name in declared:
        if name not in content and name not in optional:
            raise _invalid(f"{section}.{name}", "present")
    values: dict[str, Any] = {
        name: _value(value, declared[name], field=f"{section}.{name}") for name, value in content.items()
    }
    return kind(**values)


def _value(value: object, kind: str, *, field: str) -> object:
    readers = {"Decimal": _decimal, "bool": _boolean, "int": _count}
    if kind in readers:
        return readers[kind](value, field)
    choices = {"LesionValue": LesionValue, "ProgressionReference": ProgressionReference}[kind]
    if value not in [choice.value for choice in choices]:
        raise _invalid(field, " or ".join(repr(choice.value) for choice in choices))
    return choices(value)


def _decimal(value: object, field: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _invalid(field, "a number")
    number = Decimal(value)
    if not (number.is_finite() and 0 <= number <= 1000):
        raise _invalid(field, "a number between 0 and 1000")
    return number


def _boolean(value: object, field: str) -> bool:
    if not isinstance(value, bool):
        raise _invalid(field, "true or false")
    return value


def _count(value: object, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100:
        raise _invalid(field, "a whole number between 1 and 100")
    return value


def _text(content: Mapping[str, Any], field: str) -> str:
    value = content.get(field)
    if not isinstance(value, str) or not value.strip():
        raise _invalid(field, "a text")
    return value


def _plain(rule: ExtentRule | LesionRule | None) -> dict[str, str] | None:
    """Fields as canonical text: 10 and 10.0 are the same rule."""
    if rule is None:
        return None
    values = {field.name: getattr(rule, field.name) for field in fields(rule)}
    return {k: f"{v.normalize():f}" if isinstance(v, Decimal) else str(v) for k, v in values.items()}


def _invalid(field: str, expected: str) -> CriteriaError:
    return CriteriaError(f"criteria profile: {field} must be {expected}", code=ErrorCode.CRITERIA_INVALID)
