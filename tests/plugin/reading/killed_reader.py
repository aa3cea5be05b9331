"""A reader at work in a process of her own, killed by the system in the middle of a named moment.

Run as ``python killed_reader.py FOLDER MOMENT``. Before a click is written the log gets ``clicked <reading>``, and
``kept <reading>`` once the program went on: what a reader has seen.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from calcmeasure.store import atomic, database
from factories import marks
from napari_calcmeasure.reading import signing
from napari_calcmeasure.reading.desk import Desk
from napari_calcmeasure.reading.draft_json import reading_to_bytes
from napari_calcmeasure.reading.drafts import KEEP_WITHIN_S, DraftStore, drafts_beside
from napari_calcmeasure.reading.finding import LesionMask, PatientReading
from napari_calcmeasure.reading.pointer import Motion, PointerEvent
from napari_calcmeasure.reading.tool import Step, ToolName
from plugin.reading.on_the_desk import MAMMOGRAM, lesion

CORNERS = ((100.0, 100.0), (100.0, 300.0), (300.0, 300.0), (300.0, 120.0))
MOMENTS = (
    *(f"corner {i}" for i in range(1, 5)),
    "outline closed",
    "mark 1",
    "mark 2",
    "in the middle of a drag",
    "in the middle of a brush stroke",
    "brush let go",
    "phase chosen",
    "before the signature",
    "signed",
    "between patients",
    "given up",
    "given up and signed",
    "first click in the next patient",
    "window closed",
)
"""After these the process is killed."""
IN_A_WRITE = ("half of the draft", "draft not in its place yet", "draft in its place")
"""In the middle of writing the draft of the third corner."""
IN_A_SIGNATURE = ("second of several rows", "committed, draft not dropped")
"""In the middle of signing."""


def die(*_args: object, **_more: object) -> None:
    """End as a crash does: nothing is flushed, closed or unwound."""
    os.kill(os.getpid(), signal.SIGKILL)


class Room:
    """What a session does with a desk: keep it on disk, sign it."""

    def __init__(self, folder: Path) -> None:
        self.store = folder / "m.sqlite"
        self.log = (folder / "log").open("a", encoding="ascii")
        self.drafts = DraftStore(drafts_beside(self.store))

    def open(self, patient_id: str) -> Desk:
        return Desk(signing.load_reading(str(self.store), patient_id, "r1"), on_kept=self.keep)

    def keep(self, reading: PatientReading) -> None:
        self.say("clicked", reading)
        self.drafts.keep(reading)
        self.say("kept", reading)

    def sign(self, desk: Desk, *, reason: str = "") -> None:
        signed = signing.sign(desk.reading, str(self.store), reason=reason)
        self.drafts.discard(signed.patient_id, signed.reader)
        desk.replace(signed)
        self.say("clicked", signed)
        self.say("kept", signed)

    def say(self, word: str, reading: PatientReading) -> None:
        self.log.write(f"{word} {reading_to_bytes(reading).hex()}\n")
        self.log.flush()


def click(desk: Desk, row: float, col: float) -> None:
    for motion in (Motion.PRESS, Motion.RELEASE):
        desk.pointer(PointerEvent(motion, MAMMOGRAM, (row, col)))


def read(room: Room, arm: Callable[[str], None]) -> Iterator[str]:
    """One reading of two patients, click by click."""
    desk = room.open("CM-0001")
    yield from draw(room, desk, arm)
    yield from paint(room, desk)
    desk.choose_phase(2, stored_in="1.9", series_uids=("1.9",))
    yield "phase chosen"
    yield "before the signature"
    arm("signature")
    room.sign(desk)
    yield "signed"
    yield "between patients"
    desk.select("l1")
    desk.delete_selected()
    yield "given up"
    room.sign(desk, reason="an artefact")
    yield "given up and signed"
    desk = room.open("CM-0002")
    desk.hold(ToolName.CALIPER)
    click(desk, 10.0, 10.0)
    yield "first click in the next patient"
    room.drafts.release()
    yield "window closed"


def draw(room: Room, desk: Desk, arm: Callable[[str], None]) -> Iterator[str]:
    desk.hold(ToolName.OUTLINE)
    for i, corner in enumerate(CORNERS, start=1):
        if i == 3:
            arm("write")
        click(desk, *corner)
        yield f"corner {i}"
    desk.pointer(PointerEvent(Motion.DOUBLE_CLICK, MAMMOGRAM, CORNERS[-1]))
    yield "outline closed"
    desk.hold(ToolName.MARKS)
    for i in (1, 2):
        click(desk, 500.0, 50.0 * i)
        yield f"mark {i}"
    yield from drag(room, desk)


def drag(room: Room, desk: Desk) -> Iterator[str]:
    """A mark under the hand: written at most two seconds later."""
    desk.pointer(PointerEvent(Motion.PRESS, MAMMOGRAM, (500.0, 100.0)))
    for i in range(1, 40):
        desk.pointer(PointerEvent(Motion.DRAG, MAMMOGRAM, (500.0, 100.0 + i)))
        move(room, desk.reading, now=0.1 * i)
    yield "in the middle of a drag"
    desk.pointer(PointerEvent(Motion.RELEASE, MAMMOGRAM, (500.0, 140.0)))


def paint(room: Room, desk: Desk) -> Iterator[str]:
    """A brush stroke over a segmented lesion, and an automatic finding taken over before it."""
    desk.take(Step(desk.reading.put(lesion()), is_done=True))
    found = replace(lesion(), annotation=marks(annotation_id="auto-1"), mask=None)
    desk.take(Step(desk.reading.put(found), is_done=True))
    painted = desk.reading
    for i in range(7):
        painted = painted.change("l1", lambda one, i=i: replace(one, mask=fuller(one.mask, i)))
        move(room, painted, now=100.0 + 0.3 * i)
    yield "in the middle of a brush stroke"
    desk.take(Step(painted, is_done=True))
    yield "brush let go"


def fuller(mask: LesionMask, column: int) -> LesionMask:
    voxels = mask.voxels.copy()
    voxels[:, :, column] = np.True_
    return replace(mask, voxels=voxels)


def move(room: Room, reading: PatientReading, *, now: float) -> None:
    """Something moves under the hand; a timer ticks. The log knows what is on disk after each tick."""
    due = room.drafts.keep_soon(reading, now=now)
    assert due <= now + KEEP_WITHIN_S
    room.drafts.tick(now)
    if now >= due:
        room.say("clicked", reading)
        room.say("kept", reading)


def trap(moment: str, place: str) -> None:
    """Have the process killed inside the program."""
    if place == "write":
        whole = atomic._write_flushed
        traps = {
            "half of the draft": ("_write_flushed", lambda path, data: (whole(path, data[: len(data) // 2]), die())),
            "draft not in its place yet": ("_write_flushed", lambda path, data: (whole(path, data), die())),
            "draft in its place": ("_flush_folder", die),
        }
        if moment in traps:
            setattr(atomic, *traps[moment])
    elif moment == "second of several rows":
        insert, rows = database._insert_version, []
        database._insert_version = lambda *args, **more: rows.append(insert(*args, **more)) or (rows[1:] and die())
    elif moment == "committed, draft not dropped":
        DraftStore.discard = die


def main(folder: str, moment: str) -> None:
    for passed in read(Room(Path(folder)), lambda place: trap(moment, place)):
        if passed == moment:
            die()


if __name__ == "__main__":
    main(*sys.argv[1:])
