"""Which phase of a dynamic series is the early post-contrast one: named rules, kept as data.

Times are those of the centre of k-space. Where second 0 is not the injection, rules that count from the injection aim
`ASSUMED_DELAY_S` earlier after the start of the first post-contrast phase, and the result is flagged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from calcmeasure.errors import ErrorCode, PhaseError
from calcmeasure.model.imaging import DynamicSeries, Phase
from calcmeasure.terms import Flag

DEFAULT_EARLY_PHASE_RULE = "k-space-centre-90s"
READER_RULE = "reader"
"""Stands where the name of a rule stands when a reader chose the phase."""
ASSUMED_DELAY_S = 25.0
"""From injection to the start of the first post-contrast phase, where no injection time is known: the delay of the
study's own protocols. It moves the aim of a rule, never a recorded time."""
TIE_S = 1e-6
"""Distances to the aim that differ by less are a tie; the earlier phase wins."""


@dataclass(frozen=True, slots=True)
class EarlyPhaseRule:
    """How an early phase is chosen among the post-contrast phases.

    Parameters
    ----------
    name
        Goes into every row.
    summary
        One sentence for people.
    origin
        What the times count from: ``injection`` or ``first_post_contrast_start``.
    aim_s
        The phase whose k-space centre is nearest wins; ties go to the earlier. None: see `latest`.
    window_s
        The centre must lie within, ends included; None for no limit.
    latest
        Take the latest phase inside the window instead of the nearest to an aim.
    """

    name: str
    summary: str
    origin: str
    aim_s: float | None = None
    window_s: tuple[float, float] | None = None
    latest: bool = False

    @property
    def needs_times(self) -> bool:
        """Whether the rule looks at times at all."""
        return self.aim_s is not None or self.latest


EARLY_PHASE_RULES: Mapping[str, EarlyPhaseRule] = MappingProxyType(
    {
        rule.name: rule
        for rule in (
            EarlyPhaseRule(
                DEFAULT_EARLY_PHASE_RULE,
                "k-space centre nearest 90 s after injection, within 60-120 s",
                "injection",
                aim_s=90.0,
                window_s=(60.0, 120.0),
            ),
            EarlyPhaseRule("first-post-contrast", "the first phase after contrast, whatever its time", "injection"),
            EarlyPhaseRule(
                "within-2-min",
                "the latest phase whose k-space centre is at most 120 s after injection",
                "injection",
                window_s=(0.0, 120.0),
                latest=True,
            ),
            EarlyPhaseRule(
                "150s-after-first-post",
                "k-space centre nearest 150 s after the start of the first post-contrast phase",
                "first_post_contrast_start",
                aim_s=150.0,
            ),
        )
    }
)
"""By name. 60-120 s: kinetics of the BI-RADS initial phase; 2 min: BI-RADS 5th edition; 150 s: the timing of the
functional tumour volume tool of UCSF."""

_READER = EarlyPhaseRule(READER_RULE, "the phase a reader chose", "injection")


@dataclass(frozen=True, slots=True)
class EarlyPhase:
    """The phase that is measured, and why.

    Parameters
    ----------
    index
        0-based phase of the series.
    time_s
        Of its k-space centre after the series' time zero; None when unknown.
    rule
        Name of the rule.
    reason
        One sentence: phase, time, what it was compared with, what was assumed.
    flags
        Advisory codes.
    alternatives
        Post-contrast phases next to it, for a check of how much the choice matters.
    """

    index: int
    time_s: float | None
    rule: str
    reason: str
    flags: tuple[str, ...] = ()
    alternatives: tuple[int, ...] = ()


def choose_early_phase(series: DynamicSeries, *, rule: str = DEFAULT_EARLY_PHASE_RULE) -> EarlyPhase:
    """Choose the early post-contrast phase by a named rule.

    Parameters
    ----------
    series
        Sorted and usable.
    rule
        Key of `EARLY_PHASE_RULES`.

    Raises
    ------
    PhaseError
        ``E_NO_EARLY_PHASE`` when the rule is unknown, when no phase fits it or when nothing tells which phases are
        after contrast; ``E_NO_PRE_CONTRAST`` without a phase before contrast; the series' own code when it is not
        usable.
    """
    chosen_rule = EARLY_PHASE_RULES.get(rule)
    if chosen_rule is None:
        known = ", ".join(EARLY_PHASE_RULES)
        raise PhaseError(f"unknown early-phase rule {rule!r}; known are {known}", code=ErrorCode.NO_EARLY_PHASE)
    candidates = _post_contrast(series)
    if not chosen_rule.needs_times:
        return _result(series, rule=chosen_rule, phase=candidates[0], how="is the first after contrast")
    if any(phase.time_s is None or phase.start_s is None for phase in candidates):
        raise PhaseError("the times of the phases are unknown", code=ErrorCode.TIME_UNKNOWN)
    clock = _rule_clock(series, chosen_rule)
    return (_latest if chosen_rule.latest else _nearest)(series, rule=chosen_rule, candidates=candidates, clock=clock)


def early_phase_of_reader(
    series: DynamicSeries, *, index: int, instead_of: str = DEFAULT_EARLY_PHASE_RULE
) -> EarlyPhase:
    """Take the phase a reader chose, and say what the rule would have taken.

    Parameters
    ----------
    index
        0-based phase of the series, after contrast.
    instead_of
        Key of `EARLY_PHASE_RULES`: the rule that was overridden.

    Raises
    ------
    PhaseError
        ``E_NO_EARLY_PHASE`` when the series has no such phase after contrast; otherwise as `choose_early_phase` where
        nothing can be chosen at all.
    """
    allowed = {phase.index: phase for phase in _post_contrast(series)}
    if index not in allowed:
        known = f"{min(allowed)}-{max(allowed)}"
        raise PhaseError(f"phase {index} is none after contrast; choose one of {known}", code=ErrorCode.NO_EARLY_PHASE)
    try:
        by_rule = f"takes phase {choose_early_phase(series, rule=instead_of).index}"
    except PhaseError as error:
        by_rule = f"takes none ({error.code}: {error.message})"
    how = f"was chosen by the reader; rule {instead_of} {by_rule}"
    return _result(series, rule=_READER, phase=allowed[index], how=how)


@dataclass(frozen=True, slots=True)
class _RuleClock:
    """Times as the rule counts them."""

    seconds: Callable[[Phase], float]
    assumed: bool
    words: str


def _post_contrast(series: DynamicSeries) -> tuple[Phase, ...]:
    if not series.usable:
        code = next((ErrorCode(flag) for flag in series.flags if flag in set(ErrorCode)), ErrorCode.PHASE_AMBIGUOUS)
        raise PhaseError("the dynamic series is not usable", code=code)
    first = series.first_post_contrast
    if first is None:
        raise PhaseError("nothing tells which phase is the first after contrast", code=ErrorCode.NO_EARLY_PHASE)
    if first == 0:
        raise PhaseError("no phase lies before contrast", code=ErrorCode.NO_BASELINE_PHASE)
    if first >= len(series.phases):
        raise PhaseError("no phase lies after contrast", code=ErrorCode.NO_EARLY_PHASE)
    return series.phases[first:]


def _rule_clock(series: DynamicSeries, rule: EarlyPhaseRule) -> _RuleClock:
    first = series.phases[series.first_post_contrast or 0]
    # Second 0 stays where it was when the first post-contrast phase itself had to be left out.
    starts_at_zero = series.time_zero == "first_post_contrast_start"
    first_start_s = 0.0 if starts_at_zero else first.start_s or 0.0
    if rule.origin == "first_post_contrast_start":
        return _RuleClock(
            lambda phase: (phase.time_s or 0.0) - first_start_s, assumed=False, words="after first post start"
        )
    if series.time_zero == "injection":
        return _RuleClock(lambda phase: phase.time_s or 0.0, assumed=False, words="after injection")
    words = f"after injection, if that was {ASSUMED_DELAY_S:g} s before the first post-contrast phase"
    return _RuleClock(lambda phase: (phase.time_s or 0.0) - first_start_s + ASSUMED_DELAY_S, assumed=True, words=words)


def _nearest(
    series: DynamicSeries, *, rule: EarlyPhaseRule, candidates: Sequence[Phase], clock: _RuleClock
) -> EarlyPhase:
    aim_s = rule.aim_s or 0.0
    best = candidates[0]
    for phase in candidates[1:]:
        if abs(clock.seconds(phase) - aim_s) < abs(clock.seconds(best) - aim_s) - TIE_S:
            best = phase
    how = f"has its k-space centre {clock.seconds(best):.1f} s {clock.words}, nearest to {aim_s:g} s"
    if _inside(clock.seconds(best), rule):
        return _result(series, rule=rule, phase=best, how=how)
    if not clock.assumed:
        raise _outside(rule, best, clock)
    how += f"; outside the window of {_window_words(rule)}, which an assumed time zero cannot settle"
    return _result(series, rule=rule, phase=best, how=how, flags=(Flag.EARLY_PHASE_OUTSIDE_WINDOW.value,))


def _latest(
    series: DynamicSeries, *, rule: EarlyPhaseRule, candidates: Sequence[Phase], clock: _RuleClock
) -> EarlyPhase:
    inside = [phase for phase in candidates if _inside(clock.seconds(phase), rule)]
    if not inside:
        raise _outside(rule, candidates[0], clock)
    best = inside[-1]
    how = f"is the latest in {_window_words(rule)}: its k-space centre lies {clock.seconds(best):.1f} s {clock.words}"
    return _result(series, rule=rule, phase=best, how=how)


def _inside(seconds: float, rule: EarlyPhaseRule) -> bool:
    return rule.window_s is None or rule.window_s[0] - TIE_S <= seconds <= rule.window_s[1] + TIE_S


def _outside(rule: EarlyPhaseRule, phase: Phase, clock: _RuleClock) -> PhaseError:
    return PhaseError(
        f"no phase has its k-space centre within {_window_words(rule)}: the nearest, phase {phase.index}, lies "
        f"{clock.seconds(phase):.1f} s {clock.words}; choose another rule, such as first-post-contrast",
        code=ErrorCode.NO_EARLY_PHASE,
    )


def _window_words(rule: EarlyPhaseRule) -> str:
    return "any time" if rule.window_s is None else f"{rule.window_s[0]:g}-{rule.window_s[1]:g} s"


def _result(
    series: DynamicSeries, *, rule: EarlyPhaseRule, phase: Phase, how: str, flags: tuple[str, ...] = ()
) -> EarlyPhase:
    kept = tuple(flag for flag in (Flag.TIME_ZERO_ASSUMED, Flag.FIRST_POST_ASSUMED) if flag in series.flags)
    first = series.first_post_contrast or 0
    neighbours = tuple(i for i in (phase.index - 1, phase.index + 1) if first <= i < len(series.phases))
    reason = f"phase {phase.index} {how}"
    all_flags = (*(flag.value for flag in kept), *flags)
    return EarlyPhase(phase.index, phase.time_s, rule.name, reason, all_flags, neighbours)
