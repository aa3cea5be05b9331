"""Keys and buttons that change what is seen: patients, hangings, slices, windows, zoom. Nothing measured changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from napari_calcmeasure.display.protocols import MammogramProtocol, quadrant_views
from napari_calcmeasure.display.windows import find_preset
from napari_calcmeasure.session import Session
from napari_calcmeasure.widgets.stage import Stage

if TYPE_CHECKING:
    import napari

PRESET_KEYS = 5
LOUPE = 2.0


class LookActions:
    """What a reader can do to the picture.

    Parameters
    ----------
    viewer, stage, session
        Of the window.
    """

    def __init__(self, viewer: napari.Viewer, stage: Stage, session: Session) -> None:
        self._viewer, self._stage, self._session = viewer, stage, session
        self._quadrant = -1
        self._loupe_from: tuple[tuple[float, ...], float] | None = None
        self._drawings_hidden = False
        stage.hung.connect(self._start_over)

    def table(self) -> Mapping[str, Callable[..., object]]:
        """Give the function of every action."""
        session, canvas = self._session, self._stage.canvas
        presets = {f"window_{n + 1}": _calling(self.use_preset, n) for n in range(PRESET_KEYS)}
        return presets | {
            "next_patient": lambda: session.step_patient(1),
            "previous_patient": lambda: session.step_patient(-1),
            "next_item": lambda: session.step_item(1),
            "previous_item": lambda: session.step_item(-1),
            "next_view": lambda: self.step_view(1),
            "previous_view": lambda: self.step_view(-1),
            "next_hanging": lambda: session.step_look(1),
            "previous_hanging": lambda: session.step_look(-1),
            "next_phase": lambda: self._step_axis(-4, 1),
            "previous_phase": lambda: self._step_axis(-4, -1),
            "next_slice": lambda: self._step_axis(-3, 1),
            "previous_slice": lambda: self._step_axis(-3, -1),
            "next_quadrant": self.next_quadrant,
            "full_range": lambda: self.use_preset_named("full range"),
            "header_window": lambda: self.use_preset(0),
            "sigmoid": self.toggle_sigmoid,
            "invert": canvas.invert,
            "flip_horizontal": lambda: canvas.camera.flip(horizontally=True),
            "flip_vertical": lambda: canvas.camera.flip(horizontally=False),
            "original_pixels": lambda: canvas.camera.one_to_one(self._stage.active, at=self._cursor()),
            "fit": canvas.camera.fit,
            "pan": lambda is_down: self._stage.hand.pan(enabled=is_down),
            "loupe": self.loupe,
            "hide_marks": lambda is_down: canvas.show_drawings(visible=not is_down),
            "flicker_prior": self.flicker,
            "prior_marks": self._lay_prior_marks,
        }

    # -- windows -------------------------------------------------------------------------------------------------------

    def use_preset(self, number: int) -> None:
        """Window every picture by its n-th preset and say its name."""
        name = self._stage.canvas.use_preset(number)
        self._session.message = f"Window: {name}." if name else f"There is no window number {number + 1} here."

    def use_preset_named(self, name: str) -> None:
        """Window every picture by the preset of that name, where it has one."""
        for panel in self._stage.canvas.visible_panels:
            preset = find_preset(panel.presets, name)
            if preset is not None:
                self._stage.canvas.apply(panel, preset)
        self._session.message = f"Window: {name}."

    def toggle_sigmoid(self) -> None:
        """Change between a straight and a sigmoid curve over the same window."""
        canvas = self._stage.canvas
        for panel in canvas.visible_panels:
            present = canvas.window_of(panel)
            if present is not None:
                canvas.apply(panel, present.as_linear() if present.is_sigmoid else present.as_sigmoid())
        self._session.message = "Curve of the window changed."

    # -- places --------------------------------------------------------------------------------------------------------

    def step_view(self, step: int) -> None:
        """Show the next single image of this examination."""
        looks = [one for one in self._session.looks if one.protocol == MammogramProtocol.SINGLE]
        if not looks:
            return
        here = next((n for n, one in enumerate(looks) if one == self._session.look), -1 if step > 0 else 0)
        self._session.hang(looks[(here + step) % len(looks)])

    def next_quadrant(self) -> None:
        """Go on to the next part of a breast, pixel for pixel."""
        panel = self._stage.active
        if panel is None or len(panel.shape) != 2:
            return
        views = quadrant_views(panel, self._stage.canvas.camera.cell_size)
        if views:
            self._quadrant = (self._quadrant + 1) % len(views)
            centre, zoom = views[self._quadrant]
            self._stage.canvas.camera.look_at(centre, zoom)
            self._session.message = f"Part {self._quadrant + 1} of {len(views)}, one screen pixel per image pixel."

    def loupe(self, is_down: bool) -> None:
        """Twice as large around the cursor, for as long as the key is down."""
        camera = self._viewer.scene.camera
        if is_down and self._loupe_from is None:
            self._loupe_from = (tuple(camera.center), float(camera.zoom))
            at = self._cursor() or camera.center[-2:]
            self._stage.canvas.camera.look_at(at, camera.zoom * LOUPE)
        elif not is_down and self._loupe_from is not None:
            (centre, zoom), self._loupe_from = self._loupe_from, None
            self._stage.canvas.camera.look_at(centre[-2:], zoom)

    def flicker(self, is_down: bool) -> None:
        """Show the earlier visit in place of the current picture, for as long as the key is down."""
        if not self._stage.canvas.flicker() and is_down:
            self._session.message = (
                "The flicker hanging shows one view and its prior in one place: press . until it hangs."
            )

    # -- inside --------------------------------------------------------------------------------------------------------

    def _lay_prior_marks(self) -> None:
        lies = self._stage.toggle_prior_marks()
        self._session.message = (
            "Marks of the earlier visit are laid over." if lies else "Marks of the earlier visit are off."
        )

    def _start_over(self, _hanging: object) -> None:
        self._quadrant = -1

    def _cursor(self) -> tuple[float, ...] | None:
        position = self._viewer.cursor.position
        return tuple(float(p) for p in position[-2:]) if self._stage.active is not None and len(position) > 1 else None

    def _step_axis(self, axis: int, step: int) -> None:
        """Move a slider; the third and fourth axis from the end are slice and phase in the order of display."""
        dims = self._viewer.dims
        if dims.ndim >= -axis:
            number = dims.order[axis]
            dims.set_current_step(number, dims.current_step[number] + step)


def _calling(function: Callable[[int], None], number: int) -> Callable[[], None]:
    return lambda: function(number)
