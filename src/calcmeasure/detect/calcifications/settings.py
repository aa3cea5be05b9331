"""Settings of the ``group-likelihood`` calcification detector: frozen values, all lengths in mm."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MembershipSettings:
    """What decides whether a mark belongs to a group.

    Parameters
    ----------
    average_per_mm2
        Density from which on a group speaks for a mark: below that of the images the probabilities were calibrated on
        (0.007), for the second look would rather take one along than cut an extent short.
    scattered_per_mm2
        Density of single benign calcifications that belong to no group.
    benign_density
        Density of typically benign calcifications beside a group, over the group's own, at least.
    densest_per_mm2
        A group's density speaks for a mark at most as much as this one.
    scale_gaps, scale_mm
        The group's density fades over this many typical gaps between its members, within these bounds.
    least_chance
        Probability of membership from which a mark is a member.
    reach_mm
        Marks farther from the box around the seed are not looked at.
    any_strength
        Mean and standard deviation of the logarithm of signal over noise, of calcifications at large.
    alike
        Standard deviation of the same within one group.
    strangers
        The mean within a group is learned as if so many calcifications at large were among its members.
    likeness_bounds
        Logarithm of the factor by which a mark's strength may change its odds, at least and at most.
    """

    average_per_mm2: float = 0.003
    scattered_per_mm2: float = 0.0001
    benign_density: float = 0.8
    densest_per_mm2: float = 0.3
    scale_gaps: float = 1.25
    scale_mm: tuple[float, float] = (0.8, 10.0)
    least_chance: float = 0.5
    reach_mm: float = 10.0
    any_strength: tuple[float, float] = (2.0, 0.6)
    alike: float = 0.35
    strangers: float = 2.0
    likeness_bounds: tuple[float, float] = (-4.0, 1.0)


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """How marks are grouped.

    Parameters
    ----------
    nearest_link_mm, farthest_link_mm
        Marks are linked over the nearest distance always, over the farthest where marks are sparse.
    wider_link_mm
        The farthest distance of the second, wider reading of the extent.
    parting_mm
        A group is parted at a gap from this length on, where its parts are far denser; never in the wider reading.
    founding_odds
        Marks found a group from these odds of being a microcalcification; its confidence then judges the group.
    sparse_odds, sparse_link_mm, sparse_by_chance
        Marks too far apart for a link make a group where, of sets of marks from these odds that steps of at most this
        length hold together, fewer than so many are expected by chance.
    sparse_gap_mm
        Groups of at least this typical gap are looked for again in the same way.
    sparse_chance
        Probability of membership from which a mark is a member of such a group: that it is one is known already.
    fewest_members
        Fewer are no group.
    least_odds
        Weaker marks are not looked at.
    most_marks
        Only this many of the strongest marks are grouped.
    membership
        Of single marks in groups.
    """

    nearest_link_mm: float = 6.0
    farthest_link_mm: float = 10.0
    wider_link_mm: float = 12.5
    parting_mm: float = 5.0
    founding_odds: float = 0.18
    sparse_odds: float = 0.43
    sparse_link_mm: float = 25.0
    sparse_by_chance: float = 0.15
    sparse_gap_mm: float = 4.0
    sparse_chance: float = 0.3
    fewest_members: int = 3
    least_odds: float = 0.005
    most_marks: int = 1500
    membership: MembershipSettings = field(default_factory=MembershipSettings)


@dataclass(frozen=True, slots=True)
class CalcificationSettings:
    """What the detector looks for and how it groups what it finds.

    Parameters
    ----------
    skin_mm, padding_mm
        Bands along the outline of the breast, and along padding and image edges, in which no mark is looked for.
    least_probability
        Less probable marks are not kept.
    most_marks
        Only this many of the most probable marks are kept; the flag ``too_many_marks`` says so.
    coarse_mm
        Bright objects larger than this are coarse, benign calcifications or no calcification at all.
    coarse_snr
        Signal over local noise from which such an object counts.
    many_plaques
        Marks along arteries from which the flag ``calcified_arteries`` warns of more.
    false_marks
        Operating point: false marks per image at which marks found groups.
    groups
        How marks are grouped.
    """

    skin_mm: float = 1.7
    padding_mm: float = 0.8
    least_probability: float = 0.002
    most_marks: int = 5000
    coarse_mm: float = 1.1
    coarse_snr: float = 10.0
    many_plaques: int = 20
    false_marks: float = 0.3
    groups: GroupSettings = field(default_factory=GroupSettings)
