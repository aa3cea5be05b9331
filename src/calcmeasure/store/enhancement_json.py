"""What a dynamic series says about a lesion, to and from JSON; what is not known is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from calcmeasure.model.enhancement import (
    BackgroundEnhancement,
    FunctionalVolume,
    LesionEnhancement,
    LesionUptake,
    PhaseDiameter,
    PhaseMotion,
)
from calcmeasure.terms.enhancement import BackgroundLevel, DelayedCourse, InitialRise

ENHANCEMENT_FIELDS = tuple(one.name for one in fields(LesionEnhancement))
"""Known fields of the JSON object; others are kept."""
_ENUMS: Mapping[str, Any] = {"initial": InitialRise, "delayed": DelayedCourse}


def enhancement_to_json(enhancement: LesionEnhancement) -> dict[str, Any]:
    """Turn it into JSON values."""
    content: dict[str, Any] = {
        "detector": enhancement.detector,
        "background_level": _text(enhancement.background_level),
        "background_rule": enhancement.background_rule,
        "volume_change": enhancement.volume_change,
        "parameters": dict(enhancement.parameters),
        "mask_sha256": enhancement.mask_sha256,
        "at_phases": [_known(one) for one in enhancement.at_phases],
        "motion": [_known(one) for one in enhancement.motion],
    }
    for name in ("uptake", "functional", "background"):
        value = getattr(enhancement, name)
        content[name] = None if value is None else _known(value)
    return {name: content[name] for name in ENHANCEMENT_FIELDS if content[name] not in (None, "", [], {})}


def enhancement_from_json(content: Mapping[str, Any] | None) -> LesionEnhancement | None:
    """Build it from values that passed the schema; None stays None."""
    if content is None:
        return None
    level = content.get("background_level")
    return LesionEnhancement(
        detector=content.get("detector", ""),
        uptake=_made(LesionUptake, content.get("uptake")),
        functional=_made(FunctionalVolume, content.get("functional")),
        background=_made(BackgroundEnhancement, content.get("background")),
        background_level=None if level is None else BackgroundLevel(level),
        background_rule=content.get("background_rule", ""),
        at_phases=tuple(_made(PhaseDiameter, one) for one in content.get("at_phases") or ()),
        motion=tuple(_made(PhaseMotion, one) for one in content.get("motion") or ()),
        volume_change=content.get("volume_change"),
        parameters=dict(content.get("parameters") or {}),
        mask_sha256=content.get("mask_sha256", ""),
    )


def _known(value: object) -> dict[str, Any]:
    """Fields of a value; what is None is written where it has no default to fall back on."""
    content = {one.name: getattr(value, one.name) for one in fields(value)}  # type: ignore[arg-type]
    content = {name: dict(v) if isinstance(v, Mapping) else _text(v) for name, v in content.items()}
    optional = {one.name for one in fields(LesionUptake)} if isinstance(value, LesionUptake) else set()
    return {name: v for name, v in content.items() if v is not None or name not in optional}


def _made(kind: Any, content: Mapping[str, Any] | None) -> Any:  # noqa: ANN401
    if content is None:
        return None
    known = {one.name for one in fields(kind)}
    values = {name: value for name, value in content.items() if name in known}
    return kind(**{n: _ENUMS[n](v) if n in _ENUMS and v is not None else v for n, v in values.items()})


def _text(value: Any) -> Any:  # noqa: ANN401
    return str(value) if isinstance(value, str) else value
