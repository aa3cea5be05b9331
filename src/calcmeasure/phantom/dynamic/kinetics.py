"""How tissue takes up contrast and what a spoiled gradient echo makes of it.

Sources: population arterial input, Parker et al., Magn Reson Med 2006;56:993-1000 (table 1); standard and extended
Tofts models and their symbols, Tofts et al., J Magn Reson Imaging 1999;10:223-232; exact convolution of a piecewise
linear input with an exponential, Flouri et al., Magn Reson Med 2016;76:998-1006; spoiled gradient echo, Haase 1990.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import lfilter

FloatArray = NDArray[np.float64]

_STEP_S = 0.1


@dataclass(frozen=True, slots=True)
class ArterialInput:
    """Population arterial input: two first-pass Gaussians and a sigmoid-gated exponential.

    Parameters
    ----------
    delay_s
        From the start of the injection to the arrival of the bolus.
    haematocrit
        Blood to plasma: plasma concentration is blood / (1 - haematocrit).
    dose
        Relative to 0.1 mmol/kg.
    """

    delay_s: float = 12.0
    haematocrit: float = 0.42
    dose: float = 1.0

    def blood_mm(self, times_s: ArrayLike) -> FloatArray:
        """Concentration in whole blood in mmol/l at seconds after injection; 0 before arrival."""
        elapsed_min = (np.asarray(times_s, dtype=float) - self.delay_s) / 60.0
        first_pass = _gaussian(elapsed_min, 0.809, 0.17046, 0.0563) + _gaussian(elapsed_min, 0.330, 0.365, 0.132)
        late = np.maximum(elapsed_min, 0.0)
        tail = 1.050 * np.exp(-0.1685 * late) / (1.0 + np.exp(-38.078 * (late - 0.483)))
        blood: FloatArray = np.where(elapsed_min < 0, 0.0, self.dose * (first_pass + tail))
        return blood

    def plasma_mm(self, times_s: ArrayLike) -> FloatArray:
        """Concentration in plasma in mmol/l at seconds after injection."""
        return self.blood_mm(times_s) / (1.0 - self.haematocrit)


@dataclass(frozen=True, slots=True)
class Tissue:
    """Relaxation and exchange of one tissue.

    Parameters
    ----------
    t1_s
        Longitudinal relaxation time before contrast.
    density
        Equilibrium signal relative to water-rich tissue (fat suppression is a small number here).
    ktrans_per_min
        Transfer constant.
    ve
        Extravascular extracellular volume fraction.
    vp
        Plasma volume fraction; 0 gives the standard Tofts model.
    """

    t1_s: float
    density: float = 1.0
    ktrans_per_min: float = 0.0
    ve: float = 0.3
    vp: float = 0.0


@dataclass(frozen=True, slots=True)
class GradientEcho:
    """Spoiled gradient echo and the agent's relaxivity.

    Parameters
    ----------
    tr_s, flip_deg
        Repetition time and flip angle.
    relaxivity_per_mm_s
        Longitudinal relaxivity of the agent, 1/(mmol/l s).
    """

    tr_s: float = 0.0050
    flip_deg: float = 12.0
    relaxivity_per_mm_s: float = 4.5

    def signal(self, tissue: Tissue, concentration_mm: ArrayLike) -> FloatArray:
        """Steady-state signal of a tissue at given concentrations; equilibrium signal 1.

        Notes
        -----
        ``S = M0 sin(a) (1 - E) / (1 - cos(a) E)`` with ``E = exp(-TR (1/T1 + r1 C))``; T2* decay is left out.
        """
        rate = 1.0 / tissue.t1_s + self.relaxivity_per_mm_s * np.asarray(concentration_mm, dtype=float)
        recovery = np.exp(-self.tr_s * rate)
        flip = np.deg2rad(self.flip_deg)
        signal: FloatArray = tissue.density * np.sin(flip) * (1.0 - recovery) / (1.0 - np.cos(flip) * recovery)
        return signal


def convolve_exponential(times_s: ArrayLike, values: ArrayLike, *, rate_per_s: float) -> FloatArray:
    """Convolution of a piecewise linear input with ``exp(-rate t)``, exact between its nodes.

    Parameters
    ----------
    times_s
        (n,) evenly spaced node times, s.
    values
        (n,) input at the nodes; 0 before the first.
    rate_per_s
        Decay, positive.

    Returns
    -------
    (n,) ndarray
        In units of `values` times seconds.

    Raises
    ------
    ValueError
        If the rate is not positive.
    """
    if not rate_per_s > 0:
        raise ValueError(f"rate must be positive, got {rate_per_s}")
    inputs = np.asarray(values, dtype=float)
    times = np.asarray(times_s, dtype=float)
    step = float(times[1] - times[0])
    exponent = rate_per_s * step
    filled = -np.expm1(-exponent)
    ramp = (exponent - filled) / rate_per_s**2
    added = inputs[:-1] * filled / rate_per_s + np.diff(inputs) / step * ramp
    decayed: FloatArray = lfilter([1.0], [1.0, -np.exp(-exponent)], added)
    return np.concatenate(([0.0], decayed))


def tissue_concentration(times_s: ArrayLike, tissue: Tissue, *, arterial: ArterialInput) -> FloatArray:
    """Apply the extended Tofts model: ``vp Cp + Ktrans Cp * exp(-Ktrans/ve t)``.

    Parameters
    ----------
    times_s
        (n,) seconds after the start of injection, any order, negative before it.
    tissue
        ``ktrans_per_min`` 0 and ``vp`` 0 mean no uptake.

    Returns
    -------
    (n,) ndarray
        Concentration in mmol/l.
    """
    wanted = np.asarray(times_s, dtype=float)
    nodes_s = np.arange(0.0, max(float(np.max(wanted, initial=0.0)), 1.0) + 2 * _STEP_S, _STEP_S)
    plasma = arterial.plasma_mm(nodes_s)
    concentration = tissue.vp * plasma
    if tissue.ktrans_per_min > 0:
        ktrans = tissue.ktrans_per_min / 60.0
        concentration = concentration + ktrans * convolve_exponential(nodes_s, plasma, rate_per_s=ktrans / tissue.ve)
    return np.asarray(np.interp(wanted, nodes_s, concentration, left=0.0), dtype=float)


def _gaussian(elapsed_min: FloatArray, area: float, centre_min: float, width_min: float) -> FloatArray:
    scaled = (elapsed_min - centre_min) / width_min
    bell: FloatArray = area / (width_min * np.sqrt(2 * np.pi)) * np.exp(-0.5 * scaled**2)
    return bell
