from __future__ import annotations

import os
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest

from calcmeasure.dicom.guard import PixelElement, check_pixel_size, check_regular_file, inflate, read_guarded
from calcmeasure.dicom.header import Header
from calcmeasure.dicom.scan import scan_file, scan_whole
from calcmeasure.errors import DicomReadError, ErrorCode
from calcmeasure.model.imaging import Skipped

EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
RLE = "1.2.840.10008.1.2.5"


def element(group: int, number: int, vr: str, value: bytes) -> bytes:
    value += b"\0" * (len(value) % 2)
    long = vr in ("OB", "OW", "SQ", "UN", "UT")
    size = struct.pack("<HI", 0, len(value)) if long else struct.pack("<H", len(value))
    return struct.pack("<HH", group, number) + vr.encode() + size + value


def dicom(data: bytes, *, syntax: str = EXPLICIT) -> bytes:
    meta = element(2, 0x10, "UI", syntax.encode())
    return b"\0" * 128 + b"DICM" + element(2, 0, "UL", struct.pack("<I", len(meta))) + meta + data


def image(
    *, rows: int = 4, vr: str = "US", pixels: int = 32, sop_class: str = "1.2.840.10008.5.1.4.1.1.4", bits: int = 16
) -> bytes:
    number = struct.pack("<H" if vr == "US" else "<I", rows)
    return b"".join(
        (
            element(8, 0x08, "CS", b"ORIGINAL\\PRIMARY"),
            element(8, 0x16, "UI", sop_class.encode()),
            element(8, 0x18, "UI", b"1.2.3"),
            element(8, 0x60, "CS", b"MR"),
            element(0x20, 0xD, "UI", b"1.2.4"),
            element(0x20, 0xE, "UI", b"1.2.5"),
            element(0x28, 0x10, vr, number),
            element(0x28, 0x11, "US", struct.pack("<H", 4)),
            element(0x28, 0x100, "US", struct.pack("<H", bits)),
            element(0x7FE0, 0x10, "OW", b"\0" * pixels),
        )
    )


def nest(depth: int) -> bytes:
    start = struct.pack("<HH2sHI", 8, 0x1140, b"SQ", 0, 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    end = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return start * depth + end * depth


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


HOSTILE = {
    "empty": (b"", "E_NOT_DICOM"),
    "text": (b"hello world, this is a text file " * 20, "E_NOT_DICOM"),
    "preamble only": (b"\0" * 128 + b"DICM", "E_"),
    "rows as UL": (dicom(image(rows=70000, vr="UL")), "E_SIZE_LIE"),
    "no rows": (dicom(image(rows=0)), "E_SIZE_LIE"),
    "short pixel element": (dicom(image(pixels=30)), "E_SIZE_LIE"),
    "short file": (dicom(image())[:-4], "E_TRUNCATED"),
    "odd bits": (dicom(image(bits=12)), "E_SIZE_LIE"),
    "cut header": (dicom(image())[:300], "E_"),
    "unknown syntax": (dicom(image(), syntax="1.2.3.4.5"), "E_TRANSFER_SYNTAX"),
    "video": (dicom(image(), syntax="1.2.840.10008.1.2.4.100"), "E_TRANSFER_SYNTAX"),
    "compressed, defined length": (dicom(image(), syntax=RLE), "E_SIZE_LIE"),
    "compressed, cut": (dicom(image()[:-44], syntax=RLE), "E_TRUNCATED"),
    "deep nesting": (dicom(nest(3000)), "E_NESTING"),
    "deflated bomb": (dicom(deflate(b"\0" * 300_000_000), syntax=DEFLATED), "E_BOMB"),
    "deflated, cut": (dicom(deflate(image() + os.urandom(64))[:-30], syntax=DEFLATED), "E_TRUNCATED"),
    "report": (dicom(image(sop_class="1.2.840.10008.5.1.4.1.1.88.33")), "E_NOT_IMAGE"),
    "segmentation": (dicom(image(sop_class="1.2.840.10008.5.1.4.1.1.66.4")), "E_SEGMENTATION"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_gets_its_code(tmp_path, name):
    content, code = HOSTILE[name]
    path = tmp_path / "f"
    path.write_bytes(content)
    result = scan_file(path, size=len(content))
    assert isinstance(result, Skipped), name
    assert result.code.startswith(code)
    assert str(tmp_path) not in result.reason
    assert scan_whole(path) == result


def test_honest_images_pass_in_every_plain_encoding(tmp_path):
    path = tmp_path / "f"
    for content in (dicom(image()), dicom(deflate(image()), syntax=DEFLATED)):
        path.write_bytes(content)
        header = scan_file(path, size=len(content))
        assert isinstance(header, Header)
        assert header.text("Rows") == "4"


def test_image_without_preamble_is_read(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(image())
    header = scan_file(path, size=path.stat().st_size)
    assert isinstance(header, Header)
    assert header.transfer_syntax == EXPLICIT


def test_bomb_is_refused_before_it_fills_the_memory():
    bomb = deflate(b"\0" * 500_000_000)
    tracemalloc.start()
    with pytest.raises(DicomReadError) as error:
        inflate(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error.value.code == ErrorCode.BOMB
    assert peak < 300 * 2**20


def test_absurd_decoded_size_is_refused():
    values = {"Rows": ("60000",), "Columns": ("60000",), "BitsAllocated": ("16",)}
    with pytest.raises(DicomReadError) as error:
        check_pixel_size(Header(Path("f"), RLE, values), PixelElement(0, None, True, 10**6))
    assert error.value.code == ErrorCode.BOMB


def test_pipes_folders_and_missing_files_are_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "none"):
        with pytest.raises(DicomReadError) as error:
            check_regular_file(path)
        assert error.value.code == ErrorCode.UNREADABLE


def test_unreadable_file_is_reported(tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError

    path = tmp_path / "f"
    path.write_bytes(dicom(image()))
    monkeypatch.setattr("os.open", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DicomReadError) as error:
        read_guarded(path)
    assert error.value.code == ErrorCode.UNREADABLE
