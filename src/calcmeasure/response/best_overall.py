"""Best overall response up to each time point (Eisenhauer 2009, tables 1-3; Seymour 2017, table 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from calcmeasure.response.rules import BestResponseRule
from calcmeasure.terms import ImmuneResponse, NonTargetStatus, Response

_BEST_FIRST: tuple[tuple[str, ...], ...] = (
    (Response.CR, ImmuneResponse.ICR),
    (Response.PR, ImmuneResponse.IPR),
    (Response.SD, ImmuneResponse.ISD, NonTargetStatus.NON_CR_NON_PD, ImmuneResponse.NON_ICR_NON_IUPD),
    (Response.PD, ImmuneResponse.ICPD),
    (ImmuneResponse.IUPD,),
    (Response.NE,),
)
_RANKS: Mapping[str, int] = {name: rank for rank, names in enumerate(_BEST_FIRST) for name in names}
_PARTIAL, _STABLE, _PROGRESSIVE = 1, 2, 3
_UNCONFIRMED_RESPONSE: Mapping[str, str] = {
    Response.CR: Response.SD,
    Response.PR: Response.SD,
    ImmuneResponse.ICR: ImmuneResponse.ISD,
    ImmuneResponse.IPR: ImmuneResponse.ISD,
}


_AT_ONCE = BestResponseRule()


class DatedResponse(NamedTuple):
    """Category of one time point, and the days from baseline to it; None when a date is not known."""

    category: str
    days: int | None


def best_responses(timeline: Sequence[DatedResponse], rule: BestResponseRule | None = None) -> Iterator[str]:
    """Give the best overall response up to each time point; what comes after progression never counts.

    Parameters
    ----------
    timeline
        In time order.
    rule
        What is asked for; None asks for nothing. A response that is not confirmed counts as stable disease, and stable
        disease before its least duration not at all, as does any of which the dates are not known.

    Examples
    --------
    >>> [str(best) for best in best_responses([DatedResponse("SD", 40), DatedResponse("PR", 80)])]
    ['SD', 'PR']
    """
    rule = rule or _AT_ONCE
    is_waited_for = bool(rule.confirmation_days or rule.stable_min_days)
    until_progression: list[DatedResponse] = []
    is_over, best = False, ""
    for response in timeline:
        if not is_over:
            until_progression.append(response)
            # What comes later changes what a response counts as only where something is waited for.
            asked = until_progression if is_waited_for else until_progression[-1:]
            earlier = [best] if best and not is_waited_for else []
            best = min([*earlier, *(_counted_as(r, until_progression, rule) for r in asked)], key=_rank)
        is_over = is_over or _rank(response.category) == _PROGRESSIVE
        yield best


def awaits_confirmation(timeline: Sequence[DatedResponse], rule: BestResponseRule | None) -> bool:
    """Whether the last response must be seen again before it, or a better one, counts; after PD nothing does."""
    if rule is None or not rule.confirmation_days:
        return False
    last = _rank(timeline[-1].category)
    is_over = any(_rank(earlier.category) == _PROGRESSIVE for earlier in timeline[:-1])
    if last > _PARTIAL or is_over:
        return False
    *_, best = best_responses(timeline, rule)
    return last < _rank(best)


def _counted_as(response: DatedResponse, timeline: Sequence[DatedResponse], rule: BestResponseRule) -> str:
    rank = _rank(response.category)
    if rank <= _PARTIAL and _is_confirmed(response, timeline, rule):
        return response.category
    if rank > _STABLE:
        return response.category
    is_long = not rule.stable_min_days or (response.days is not None and response.days >= rule.stable_min_days)
    return _UNCONFIRMED_RESPONSE.get(response.category, response.category) if is_long else Response.NE


def _is_confirmed(response: DatedResponse, timeline: Sequence[DatedResponse], rule: BestResponseRule) -> bool:
    """Whether at least the same response was seen again, late enough."""
    if not rule.confirmation_days:
        return True
    later = timeline[timeline.index(response) + 1 :]
    return any(
        _rank(again.category) <= _rank(response.category)
        and response.days is not None
        and again.days is not None
        and again.days - response.days >= rule.confirmation_days
        for again in later
    )


def _rank(category: str) -> int:
    return _RANKS[category]
