"""Response criteria as data: frozen profiles read from TOML, with a name and a hash."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from decimal import Decimal
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from calcmeasure.errors import CriteriaError, ErrorCode
from calcmeasure.response.exact import MM
from calcmeasure.response.rules import (
    BestResponseRule,
    CourseRule,
    CriteriaProfile,
    ExtentRule,
    ImmuneRule,
    LesionRule,
    LesionValue,
    NodeRule,
    ProgressionReference,
    ThickSliceRule,
)

__all__ = [
    "PROFILES",
    "CriteriaProfile",
    "ExtentRule",
    "LesionRule",
    "LesionValue",
    "ProgressionReference",
    "load_profile",
    "parse_profile",
    "profile_names",
    "profile_toml",
    "shipped_names",
]

PROFILES = ("paper-2023", "extent-10", "recist-1.1")
"""Profiles of every day: applied unless others are asked for."""

FURTHER_PROFILES = ("irecist", "who", "ftv")
"""Profiles that come with the package and have to be asked for."""

_FORMAT = "calcmeasure-criteria"
_MAX_BYTES = 100_000
_NESTED: Mapping[str, type[Any]] = {
    "nodes": NodeRule,
    "thick_slices": ThickSliceRule,
    "course": CourseRule,
    "best_response": BestResponseRule,
    "immune": ImmuneRule,
}

_Rule = TypeVar("_Rule")


def profile_names() -> tuple[str, ...]:
    """Names of the profiles that are applied unless others are asked for."""
    return PROFILES


def shipped_names() -> tuple[str, ...]:
    """Names of all profiles that come with the package."""
    return (*PROFILES, *FURTHER_PROFILES)


def profile_toml(name: str) -> str:
    """Text of a built-in profile, to print or to start an own one from.

    Raises
    ------
    CriteriaError
        If no built-in profile has this name.
    """
    if name not in shipped_names():
        raise CriteriaError(
            f"no criteria profile is called {name!r}; there are {', '.join(shipped_names())}, or give a .toml file"
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
    profile = CriteriaProfile(
        name=_text(content, "name"),
        description=_text(content, "description"),
        source=_text(content, "source"),
        extent=None if rules[0] is None else _rule(ExtentRule, rules[0], section="extent"),
        lesion=None if rules[1] is None else _rule(LesionRule, rules[1], section="lesion"),
    )
    if profile.lesion is not None:
        _check_lesion_rule(profile.lesion)
    return profile


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


def _check_lesion_rule(rule: LesionRule) -> None:
    """Refuse rules that say nothing together."""
    if rule.progression_min_mm and rule.value.scale is not MM:
        raise _invalid("lesion.progression_min_mm", f"0, because {rule.value} is no length")
    if rule.reference is ProgressionReference.LESION_NADIR and not rule.value.has_targets:
        raise _invalid("lesion.reference", f"'baseline' or 'nadir', because {rule.value} follows no single lesion")
    if rule.immune and rule.value is not LesionValue.SUM_OF_TARGETS:
        raise _invalid("lesion.immune", "left out, unless lesion.value is 'sum-of-targets'")
    if rule.immune and rule.immune.confirmation_min_days > rule.immune.confirmation_max_days:
        raise _invalid("lesion.immune.confirmation_max_days", "at least confirmation_min_days")


def _rule(kind: type[_Rule], content: object, *, section: str) -> _Rule:
    """Build a rule after checking every field by the type it is declared with."""
    if not isinstance(content, dict):
        raise _invalid(section, "a table")
    declared = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for name in content:
        if name not in declared:
            raise _invalid(f"{section}.{name}", f"one of {', '.join(declared)}")
    for name, field in declared.items():
        if name not in content and field.default is MISSING:
            raise _invalid(f"{section}.{name}", "present")
    values = {
        name: _rule(_NESTED[name], value, section=f"{section}.{name}")
        if name in _NESTED
        else _value(value, str(declared[name].type), field=f"{section}.{name}")
        for name, value in content.items()
    }
    return kind(**values)


def _value(value: object, kind: str, *, field: str) -> object:
    readers: Mapping[str, Callable[[object, str], object]] = {"Decimal": _decimal, "bool": _boolean, "int": _count}
    if kind in readers:
        return readers[kind](value, field)
    choices: type[StrEnum] = {"LesionValue": LesionValue, "ProgressionReference": ProgressionReference}[kind]
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
    """Whole number: of lesions at least one, of days 0 says that none are asked for."""
    least, most = (0, 1000) if field.endswith("_days") else (1, 100)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _invalid(field, f"a whole number between {least} and {most}")
    return value


def _text(content: Mapping[str, Any], field: str) -> str:
    value = content.get(field)
    if not isinstance(value, str) or not value.strip():
        raise _invalid(field, "a text")
    return value


def _invalid(field: str, expected: str) -> CriteriaError:
    return CriteriaError(f"criteria profile: {field} must be {expected}", code=ErrorCode.CRITERIA_INVALID)
