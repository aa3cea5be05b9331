"""Scenes to train and to judge a calcification detector on: whole mammograms of which everything is known.

`draw_scene` gives one image as a detector receives it, with the truth about every mark; `draw_pair` the same breast
before and after treatment. A seed and settings decide a scene; seeds of training and of testing are disjoint
(`SceneSettings.seeds`). Streams of random numbers are kept apart, so that the same seed under settings that differ in
dose only (``dataclasses.replace(TESTING, noise_factor=2.0)``) shows the same breast.

Examples
--------
>>> from calcmeasure.phantom.mammogram.scene_settings import TRAINING
>>> scene = draw_scene(7, settings=TRAINING)
>>> len(scene.marks_rc) == len(scene.labels) == len(scene.ideal_d)
True
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from calcmeasure.geometry import Spacing, SpacingSource, to_mm
from calcmeasure.phantom.mammogram.acquisition import Acquisition, draw_acquisition
from calcmeasure.phantom.mammogram.calcifications import FloatArray, IntArray
from calcmeasure.phantom.mammogram.contents import Contents, draw_contents
from calcmeasure.phantom.mammogram.detectability import ideal_detectability
from calcmeasure.phantom.mammogram.detector import FloatImage
from calcmeasure.phantom.mammogram.picture import Picture, take_picture
from calcmeasure.phantom.mammogram.places import places_da
from calcmeasure.phantom.mammogram.scene_settings import TRAINING, SceneSettings
from calcmeasure.phantom.mammogram.treatment import draw_treatment
from calcmeasure.phantom.mammogram.voxels import VoxelModel, insert_voxels
from calcmeasure.terms import ExtentChange, Laterality, MarkLabel, PresentationIntent, View


@dataclass(frozen=True, slots=True)
class Scene:
    """One mammogram as a detector receives it, and the truth about it.

    Parameters
    ----------
    attenuation
        (rows, columns) float32, higher is more attenuation: For Processing the negative logarithm of the stored value
        over the greatest one, For Presentation (and films) the stored value, as loading a file gives them.
    valid
        (rows, columns) False where padding.
    spacing
        True mm per pixel in the breast.
    intent
        None for a digitised film.
    breast
        (rows, columns) True inside the skin.
    label_map
        (rows, columns) uint8: what owns each pixel (`calcmeasure.phantom.mammogram.deposits.LABEL_CODES`), 0 nothing.
    marks_rc
        (n, 2) centres of mass; whole numbers are pixel centres.
    diameters_mm, labels, clusters
        (n,) of each mark; the cluster is -1 for marks in none.
    ideal_d
        (n,) detectability index d' of each mark for the ideal observer; NaN for what is no X-ray image of anything.
    extents_mm
        Greatest centre-to-centre span of each group on this image, mm in the breast.
    quantum_sigma
        Standard deviation of the noise behind fat of full thickness, nepers per pixel.
    """

    attenuation: FloatImage
    valid: NDArray[np.bool_]
    spacing: Spacing
    laterality: Laterality
    view: View
    intent: PresentationIntent | None
    breast: NDArray[np.bool_]
    label_map: NDArray[np.uint8]
    marks_rc: FloatArray
    diameters_mm: FloatArray
    labels: tuple[MarkLabel, ...]
    clusters: IntArray
    ideal_d: FloatArray
    extents_mm: dict[int, float]
    quantum_sigma: float

    @property
    def extent_mm(self) -> float:
        """Span of the widest group; 0 without any."""
        return max(self.extents_mm.values(), default=0.0)


@dataclass(frozen=True, slots=True)
class ScenePair:
    """The same breast before and after treatment.

    Parameters
    ----------
    change
        Class of the change of the widest group's extent on these two images by the 10 % rule, limits included.
    """

    before: Scene
    after: Scene
    change: ExtentChange


def draw_scene(seed: int, *, settings: SceneSettings = TRAINING, voxels: VoxelModel | None = None) -> Scene:
    """Draw one scene.

    Parameters
    ----------
    voxels
        A group of calcifications of another origin to put somewhere into the breast, numbered after the scene's own.

    Raises
    ------
    ValueError
        If the seed does not belong to these settings.
    """
    contents = draw_contents(settings, rng=_stream(seed, settings, "contents"))
    if voxels is not None:
        rng = _stream(seed, settings, "voxels")
        (centre_da,) = places_da(contents.anatomy, 1, from_skin_mm=8.0, rng=rng)
        contents = insert_voxels(contents, voxels, centre_da=centre_da)
    return _visit(contents, seed, settings, name="first")


def draw_pair(seed: int, *, settings: SceneSettings = TRAINING) -> ScenePair:
    """Draw one breast at two visits.

    Raises
    ------
    ValueError
        If the seed does not belong to these settings.
    """
    contents = draw_contents(settings, rng=_stream(seed, settings, "contents"))
    visits = draw_treatment(contents, rng=_stream(seed, settings, "treatment"))
    before, after = (
        _visit(visit, seed, settings, name=name) for visit, name in zip(visits, ("first", "second"), strict=True)
    )
    return ScenePair(before, after, extent_change(before.extent_mm, after.extent_mm))


def extent_change(before_mm: float, after_mm: float) -> ExtentChange:
    """Class by the 10 % rule on whole micrometres; from nothing to anything is an increase."""
    before_um, after_um = round(1000 * before_mm), round(1000 * after_mm)
    if after_um > before_um and 10 * (after_um - before_um) >= before_um:
        return ExtentChange.INCREASE
    if after_um < before_um and 10 * (before_um - after_um) >= before_um:
        return ExtentChange.DECREASE
    return ExtentChange.UNCHANGED


def _visit(contents: Contents, seed: int, settings: SceneSettings, *, name: str) -> Scene:
    acquisition = draw_acquisition(
        contents, settings, rng=_stream(seed, settings, f"{name} visit"), again=name == "second"
    )
    picture = take_picture(contents, acquisition, rng=_stream(seed, settings, f"{name} noise"))
    return _scene(contents, acquisition, picture)


def _stream(seed: int, settings: SceneSettings, name: str) -> np.random.Generator:
    if seed not in settings.seeds:
        raise ValueError(f"seed {seed} is not one of these settings' seeds ({settings.seeds})")
    return np.random.default_rng([seed, *name.encode()])


def _scene(contents: Contents, acquisition: Acquisition, picture: Picture) -> Scene:
    spacing = Spacing(*acquisition.true_mm, source=SpacingSource.USER, magnification=acquisition.magnification)
    stamps, local = picture.stamps, picture.local
    marks_rc = np.array([stamp.centre_rc for stamp in stamps]).reshape(-1, 2)
    clusters = np.array([stamp.deposit.cluster for stamp in stamps], np.int64)
    return Scene(
        attenuation=picture.values,
        valid=np.ones(picture.values.shape, bool),
        spacing=spacing,
        laterality=contents.laterality,
        view=contents.view,
        intent=acquisition.intent,
        breast=picture.breast,
        label_map=picture.label_map,
        marks_rc=marks_rc,
        diameters_mm=np.array([stamp.deposit.diameter_mm for stamp in stamps]),
        labels=tuple(stamp.deposit.label for stamp in stamps),
        clusters=clusters,
        ideal_d=np.array([ideal_detectability(stamp, local) for stamp in stamps]),
        extents_mm=_extents_mm(to_mm(marks_rc, spacing), clusters),
        quantum_sigma=float(1.0 / np.sqrt(local.detector.photons_per_mm2 * np.prod(local.pixel_mm))),
    )


def _extents_mm(marks_mm: FloatArray, clusters: IntArray) -> dict[int, float]:
    groups = {int(number): marks_mm[clusters == number] for number in np.unique(clusters[clusters >= 0])}
    return {number: float(pdist(group).max()) if len(group) > 1 else 0.0 for number, group in groups.items()}
