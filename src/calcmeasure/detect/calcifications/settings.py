"""Settings of the ``band-snr`` calcification detector: one frozen value, all lengths in mm."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CalcificationSettings:
    """What the detector looks for and how it groups what it finds.

    Parameters
    ----------
    sigmas_mm
        Inner widths of the bands; 0.056 mm is 0.8 pixels of a 70 µm detector.
    noise_sigma_mm
        Window of the local noise.
    skin_mm, padding_mm
        Bands along the outline of the breast, and along padding and image edges, in which no mark is looked for.
    candidate_snr
        Signal over local noise from which a local maximum becomes a candidate.
    member_probability, strong_probability, rim_probability
        Probability from which a mark may belong to a cluster, counts as strong, and may join an existing cluster at
        its rim.
    largest_mm
        Marks larger than this are coarse, benign calcifications or no calcification at all.
    coarse_snr
        Signal over local noise in the coarsest band from which a large object counts as coarse.
    nearest_link_mm, farthest_link_mm
        Marks are linked over the nearest distance always, over the farthest where marks are sparse.
    rim_mm
        Distance to a member over which weaker marks may join a cluster.
    fewest_members, fewest_strong
        Least size of a cluster; a smaller one needs stronger marks (`few_members_probability`), and one whose
        typical gap exceeds `dense_gap_mm` needs one mark more for every further millimetre.
    """

    sigmas_mm: tuple[float, ...] = (0.056, 0.079, 0.112, 0.158, 0.224, 0.316)
    noise_sigma_mm: float = 2.8
    skin_mm: float = 1.7
    padding_mm: float = 0.8
    candidate_snr: float = 4.0
    member_probability: float = 0.5
    strong_probability: float = 0.9
    rim_probability: float = 0.25
    largest_mm: float = 1.0
    coarse_snr: float = 10.0
    nearest_link_mm: float = 5.0
    farthest_link_mm: float = 7.5
    rim_mm: float = 4.0
    fewest_members: int = 4
    fewest_strong: int = 2
    few_members_probability: float = 0.95
    dense_gap_mm: float = 2.5
