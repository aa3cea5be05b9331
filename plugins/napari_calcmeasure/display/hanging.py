"""Any examination on the canvas: picks the protocol, loads the pictures, puts them in their places."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from calcmeasure.errors import CalcMeasureError
from calcmeasure.terms import Laterality, View
from napari_calcmeasure.cases import Item, standard_views
from napari_calcmeasure.display.decoded import DecodedImages
from napari_calcmeasure.display.dynamic import COMPARED, DYNAMIC_PROTOCOLS, hang_dynamic
from napari_calcmeasure.display.mammograms import hang_mammograms
from napari_calcmeasure.display.panel import Hanging, Panel
from napari_calcmeasure.display.protocols import MammogramLook, MammogramProtocol, list_looks, settle
from napari_calcmeasure.display.volumes import DynamicVolumes
from napari_calcmeasure.jobs import Progress
from napari_calcmeasure.reading.finding import PatientReading


@dataclass(frozen=True, slots=True)
class Look:
    """How an examination is looked at.

    Parameters
    ----------
    protocol
        Name of the hanging protocol; empty for the first that is possible.
    side, view, image
        Of mammogram hangings that show one image; what is left open is filled in.
    number
        Tells images of one side and view apart (repeats, raw versions); 1 for the first.
    """

    protocol: str = ""
    side: Laterality | None = None
    view: View | None = None
    image: str = ""
    number: int = 1

    @property
    def words(self) -> str:
        """The protocol, and the image where it shows one."""
        names = [part for part in (self.side, self.view) if part is not None]
        number = f" ({self.number})" if self.number > 1 else ""
        return f"{self.protocol} {'-'.join(names)}".strip() + number


@dataclass
class Pictures:
    """Decoded pictures in memory, and the hangings made from them; safe to use from a worker thread."""

    images: DecodedImages = field(default_factory=DecodedImages)
    volumes: DynamicVolumes = field(default_factory=DynamicVolumes)

    def looks(self, item: Item, *, prior: Item | None) -> tuple[Look, ...]:
        """List the looks that are possible, in the order they are stepped through."""
        if item.series is not None:
            return tuple(Look(name) for name in DYNAMIC_PROTOCOLS if name != COMPARED or prior is not None)
        looks = [Look(str(one.protocol), one.side, one.view, one.image) for one in list_looks(item, prior)]
        return tuple(replace(look, number=_count(look, looks[:place])) for place, look in enumerate(looks))

    def settle(self, look: Look, item: Item, *, prior: Item | None) -> Look:
        """Fill in what a look leaves open, so that it is one of `looks`; unknown ones become the first."""
        looks = self.looks(item, prior=prior)
        if item.series is not None:
            return next((one for one in looks if one.protocol == look.protocol), looks[0])
        full = settle(_mammogram_look(look), item, prior)
        if full is None:
            return looks[0]
        wanted = (str(full.protocol), full.side, full.view, full.image)
        return next(one for one in looks if (one.protocol, one.side, one.view, one.image) == wanted)

    def hang(
        self, item: Item, *, prior: Item | None, look: Look, reading: PatientReading | None, progress: Progress
    ) -> Hanging:
        """Load an item and arrange it; what cannot be shown is named in the hanging's problems."""
        if item.series is not None:
            return hang_dynamic(
                item,
                cache=self.volumes,
                protocol=look.protocol,
                reading=reading,
                prior=prior,
                on_progress=progress.report,
            )
        wanted = _mammogram_look(look)
        return hang_mammograms(item, cache=self.images, look=wanted, prior=prior, on_progress=progress.report)

    def prepare(self, item: Item, *, beside: Sequence[Item], progress: Progress) -> None:
        """Have in memory what an item is opened with; what cannot be loaded is told when it is opened.

        Parameters
        ----------
        beside
            What is looked at meanwhile: a series that would push it out of memory is not loaded.
        progress
            Ends the work between two images once it is cancelled.
        """
        with suppress(CalcMeasureError):
            if item.series is None:
                self._prepare_mammograms(item, progress)
            elif self.volumes.has_room_for(item.series, beside=[one.series for one in beside if one.series]):
                self.volumes.load(item.series, on_progress=progress.report)

    def _prepare_mammograms(self, item: Item, progress: Progress) -> None:
        views = standard_views(item.mammograms) or item.mammograms
        for done, mammogram in enumerate(views):
            progress.report(done, len(views))
            with suppress(CalcMeasureError):
                self.images.load(mammogram)


def look_at(panel: Panel) -> Look:
    """Look at one image of a hanging alone."""
    target = panel.target
    image = target.image.sop_uid if target is not None else ""
    return Look(str(MammogramProtocol.SINGLE), image=image)


def _count(look: Look, before: Sequence[Look]) -> int:
    """Count looks that read alike."""
    return 1 + sum(one.words == look.words for one in before)


def _mammogram_look(look: Look) -> MammogramLook:
    known = {str(protocol): protocol for protocol in MammogramProtocol}
    return MammogramLook(known.get(look.protocol), look.side, look.view, look.image)
