"""The hand on a viewer model: napari's events become pointer events in the picture's own pixels."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from napari.components import ViewerModel

from napari_calcmeasure.reading.pointer import Motion
from napari_calcmeasure.reading.tool import ToolName
from napari_calcmeasure.widgets.canvas import Canvas
from napari_calcmeasure.widgets.hand import Hand
from plugin.widgets import pictures


class Desk:
    """Notes what reaches it."""

    def __init__(self):
        self.events, self.hovered, self.opened = [], [], []

    def pointer(self, event):
        self.events.append(event)
        return True


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def desk():
    return Desk()


def hand_on(viewer, desk, hanging):
    canvas = Canvas(viewer)
    canvas.show(hanging)
    return Hand(
        viewer,
        canvas,
        on_pointer=desk.pointer,
        on_hover=lambda panel, point: desk.hovered.append((panel, point)),
        on_open=desk.opened.append,
    )


def event(position, kind="mouse_press", *, modifiers=(), pos=(0, 0), button=1, delta=(0, 1)):
    return SimpleNamespace(
        position=tuple(position), type=kind, modifiers=modifiers, pos=pos, button=button, delta=delta
    )


def drag(viewer, *events):
    """Drive the drag callback as napari does: on to its next yield for every event."""
    steps = None
    for callback in viewer.mouse_drag_callbacks:
        steps = callback(viewer, events[0])
    first, *rest = events
    next(steps, None)
    for one in rest:
        first.__dict__.update(one.__dict__)
        next(steps, None)


def test_a_drag_is_press_moves_and_release_in_pixels(viewer, desk):
    hanging = pictures.pair_hanging()
    hand_on(viewer, desk, hanging).hold(ToolName.CALIPER)
    panel = hanging.panels[0]
    places = [panel.placement.to_world(point) for point in ((10, 5), (12, 8), (20, 30), (20, 30))]
    kinds = ("mouse_press", "mouse_move", "mouse_move", "mouse_release")
    drag(viewer, *(event(place, kind) for place, kind in zip(places, kinds, strict=True)))
    assert [one.motion for one in desk.events] == [Motion.PRESS, Motion.DRAG, Motion.DRAG, Motion.RELEASE]
    assert [one.point for one in desk.events] == [
        pytest.approx(point) for point in ((10, 5), (12, 8), (20, 30), (20, 30))
    ]
    assert all(one.target == panel.target for one in desk.events)


def test_a_drag_that_leaves_its_picture_stays_with_it(viewer, desk):
    hanging = pictures.pair_hanging()
    hand_on(viewer, desk, hanging)
    start, beyond = (hanging.panels[0].placement.to_world(point) for point in ((10, 5), (10, -20)))
    drag(viewer, event(start), event(beyond, "mouse_move"), event(beyond, "mouse_release"))
    assert {one.target.image.sop_uid for one in desk.events} == {hanging.panels[0].target.image.sop_uid}
    assert desk.events[-1].point == pytest.approx((10, -20))


def test_other_buttons_and_empty_canvas_mean_nothing(viewer, desk):
    hand_on(viewer, desk, pictures.pair_hanging())
    drag(viewer, event((1.0, 1.0), button=2), event((1.0, 1.0), "mouse_release", button=2))
    drag(viewer, event((500.0, 1.0)), event((500.0, 1.0), "mouse_release"))
    assert desk.events == []


def test_shift_and_reach_are_told(viewer, desk):
    hanging = pictures.pair_hanging()
    hand_on(viewer, desk, hanging)
    viewer.scene.camera.zoom = 30.0
    drag(viewer, event((1.0, 1.0), modifiers=("Shift",)), event((1.0, 1.0), "mouse_release", modifiers=("Shift",)))
    assert desk.events[0].shift
    # Nine screen pixels at 30 per mm on pixels of 0.1 mm are three pixels.
    assert desk.events[0].reach == pytest.approx(3.0)


def test_on_a_volume_points_lie_on_whole_slices(viewer, desk):
    hanging = pictures.volume_hanging()
    hand_on(viewer, desk, hanging)
    viewer.cursor.viewbox = (0, 0)
    drag(viewer, event((6.4, 10.0, 12.0)), event((6.4, 10.0, 12.0), "mouse_release"))
    assert desk.events[0].point == pytest.approx((2.0, 10.0, 12.0))


def test_only_the_navigating_hand_pans(viewer, desk):
    hand = hand_on(viewer, desk, pictures.pair_hanging())
    hand.hold(ToolName.MARKS)
    assert viewer.scene.camera.mouse_pan is False
    hand.pan(enabled=True)
    assert viewer.scene.camera.mouse_pan is True
    hand.pan(enabled=False)
    assert viewer.scene.camera.mouse_pan is False
    hand.hold(ToolName.NAVIGATE)
    assert viewer.scene.camera.mouse_pan is True


def test_hovering_is_told_with_and_without_a_tool(viewer, desk):
    hanging = pictures.pair_hanging()
    hand = hand_on(viewer, desk, hanging)
    move = viewer.mouse_move_callbacks[-1]
    move(viewer, event((1.0, 1.0), "mouse_move"))
    assert desk.hovered[-1][0] is hanging.panels[1]
    assert desk.events == []
    hand.hold(ToolName.OUTLINE)
    move(viewer, event((1.0, 1.0), "mouse_move"))
    assert desk.events[-1].motion is Motion.HOVER
    move(viewer, event((900.0, 1.0), "mouse_move"))
    assert desk.hovered[-1] == (None, ())


def test_a_double_click_opens_or_closes(viewer, desk):
    hanging = pictures.pair_hanging()
    hand = hand_on(viewer, desk, hanging)
    double = viewer.mouse_double_click_callbacks[-1]
    double(viewer, event((1.0, 1.0)))
    assert desk.opened == [hanging.panels[1]]
    hand.hold(ToolName.OUTLINE)
    double(viewer, event((1.0, 1.0)))
    assert desk.events[-1].motion is Motion.DOUBLE_CLICK


def test_alt_and_drag_move_the_window(viewer, desk):
    hanging = pictures.pair_hanging()
    hand_on(viewer, desk, hanging)
    image = viewer.layers[1] if viewer.layers[0].name == "view 0" else viewer.layers[0]
    width = image.contrast_limits[1] - image.contrast_limits[0]
    drag(
        viewer,
        event((1.0, 1.0), modifiers=("Alt",), pos=(100, 100)),
        event((1.0, 1.0), "mouse_move", modifiers=("Alt",), pos=(300, 100)),
        event((1.0, 1.0), "mouse_release", modifiers=("Alt",)),
    )
    assert image.contrast_limits[1] - image.contrast_limits[0] == pytest.approx(1.5 * width)
    assert desk.events == []
    assert viewer.scene.camera.mouse_pan is True


@pytest.mark.parametrize(("modifiers", "step", "zooms"), [((), 3, False), (("Control",), 2, True)])
def test_the_wheel_turns_slices_of_a_volume(viewer, desk, modifiers, step, zooms):
    hand_on(viewer, desk, pictures.volume_hanging())
    zoom = viewer.scene.camera.zoom
    for callback in viewer.mouse_wheel_callbacks:
        callback(viewer, event((0.0, 0.0, 0.0), "mouse_wheel", modifiers=modifiers, delta=(0, 1)))
    assert viewer.dims.current_step[-3] == step
    assert (viewer.scene.camera.zoom > zoom) is zooms
    assert viewer.scene.camera.mouse_zoom is False


def test_a_wheel_that_stands_still_or_turns_sideways_turns_no_slice(viewer, desk):
    hand_on(viewer, desk, pictures.volume_hanging())
    before = viewer.dims.current_step
    for callback in viewer.mouse_wheel_callbacks:
        callback(viewer, event((0.0, 0.0, 0.0), "mouse_wheel", delta=(1, 0)))
    assert viewer.dims.current_step == before


def test_the_wheel_zooms_a_mammogram(viewer, desk):
    hand_on(viewer, desk, pictures.pair_hanging())
    for callback in viewer.mouse_wheel_callbacks:
        callback(viewer, event((0.0, 0.0), "mouse_wheel"))
    assert viewer.scene.camera.mouse_zoom is True
