"""Every transfer syntax decodes to the same stored values; lies, bombs and cut files are refused before decoding."""

from __future__ import annotations

import contextlib
import struct
import time
import tracemalloc
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import uid
from pydicom.encaps import encapsulate
from pydicom.pixels import get_encoder

from calcmeasure.dicom.codecs import available_codecs, decode_frames, frame_layout
from calcmeasure.dicom.codestreams import read_jpeg2000_size, read_jpeg_size
from calcmeasure.errors import ErrorCode, PixelError

PROCESS_14 = "1.2.840.10008.1.2.4.57"
LOSSLESS_NATIVE = [
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
]
LOSSLESS_CODED = [
    uid.RLELossless,
    uid.JPEG2000Lossless,
    uid.JPEG2000,
    uid.JPEGLSLossless,
    uid.JPEGLosslessSV1,
    PROCESS_14,
    uid.HTJ2KLossless,
]


def picture(bits: int = 12, *, shape: tuple[int, int] = (40, 48), signed: bool = False, seed: int = 3) -> np.ndarray:
    """Smooth ramp with noise that uses the whole range of `bits`."""
    rng = np.random.default_rng(seed)
    ramp = np.add.outer(np.linspace(0, 0.5, shape[0]), np.linspace(0, 0.4, shape[1])) + rng.uniform(0, 0.1, shape)
    values = np.rint(ramp * (2**bits - 1)).astype(np.int64)
    values[0, :2] = 0, 2**bits - 1
    width = 8 if bits <= 8 else 16
    return (values - (2 ** (bits - 1) if signed else 0)).astype(f"{'i' if signed else 'u'}{width // 8}")


def dataset(frames: np.ndarray, *, bits: int = 12, rows: int | None = None, **changes: object) -> pydicom.Dataset:
    ds = pydicom.Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.2", "1.2.3.4"
    ds.Modality, ds.PhotometricInterpretation, ds.SamplesPerPixel = "MG", "MONOCHROME2", 1
    ds.Rows, ds.Columns = rows or frames.shape[-2], frames.shape[-1]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = frames.dtype.itemsize * 8, bits, bits - 1
    ds.PixelRepresentation = int(frames.dtype.kind == "i")
    if frames.ndim == 3:
        ds.NumberOfFrames = len(frames)
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    return ds


def encode(frame: np.ndarray, syntax: str, ds: pydicom.Dataset) -> bytes:
    """One frame as a code stream."""
    container = np.ascontiguousarray(frame)
    bits = int(ds.BitsStored)
    unsigned = (container.view(f"u{container.itemsize}") & ((1 << bits) - 1)).astype(
        container.dtype.str.replace("i", "u")
    )
    if syntax in (uid.JPEGLosslessSV1, PROCESS_14):
        return imagecodecs.ljpeg_encode(unsigned, bitspersample=bits)
    if syntax == uid.HTJ2KLossless:
        return imagecodecs.htj2k_encode(container, reversible=True)
    if syntax in (uid.JPEG2000Lossless, uid.JPEG2000):
        return imagecodecs.jpeg2k_encode(
            container, codecformat="j2k", level=0, reversible=True, bitspersample=bits, mct=False
        )
    options = {
        "rows": ds.Rows, "columns": ds.Columns, "samples_per_pixel": 1, "number_of_frames": 1,
        "bits_allocated": ds.BitsAllocated, "bits_stored": bits, "pixel_representation": ds.PixelRepresentation,
        "photometric_interpretation": "MONOCHROME2",
    }  # fmt: skip
    return bytes(get_encoder(syntax).encode(container.tobytes(), index=0, **options))


def save(ds: pydicom.Dataset, path: Path, *, syntax: str, value: bytes) -> Path:
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    ds.PixelData = value
    ds["PixelData"].VR = "OB" if pydicom.uid.UID(syntax).is_encapsulated or ds.BitsAllocated == 8 else "OW"
    ds["PixelData"].is_undefined_length = pydicom.uid.UID(syntax).is_encapsulated
    ds.save_as(path, enforce_file_format=True)
    return path


def write(frames: np.ndarray, path: Path, *, syntax: str, bits: int = 12, **changes: object) -> Path:
    """A file of these frames, coded with `syntax`."""
    ds = dataset(frames, bits=bits, **changes)
    if pydicom.uid.UID(syntax).is_encapsulated:
        stack = frames if frames.ndim == 3 else frames[None]
        return save(ds, path, syntax=syntax, value=encapsulate([encode(f, syntax, ds) for f in stack]))
    order = ">" if syntax == uid.ExplicitVRBigEndian else "<"
    return save(ds, path, syntax=syntax, value=frames.astype(frames.dtype.newbyteorder(order)).tobytes())


def write_stream(stream: bytes, path: Path, *, syntax: str, like: np.ndarray, **changes: object) -> Path:
    """A file whose one frame is exactly these bytes."""
    return save(dataset(like, **changes), path, syntax=syntax, value=encapsulate([stream]))


def refused(path: Path) -> ErrorCode:
    with pytest.raises(PixelError) as caught:
        decode_frames(path)
    assert str(path.parent) not in str(caught.value)
    return caught.value.code


# -- the same picture in every encoding ----------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", LOSSLESS_NATIVE + LOSSLESS_CODED)
@pytest.mark.parametrize(("bits", "signed"), [(12, False), (16, False), (8, False)])
def test_unsigned_pictures_decode_exactly(tmp_path, syntax, bits, signed):
    frame = picture(bits, signed=signed)
    decoded = decode_frames(write(frame, tmp_path / "a.dcm", syntax=syntax, bits=bits))
    assert decoded.dtype == frame.dtype
    assert decoded.dtype.isnative
    np.testing.assert_array_equal(decoded, frame[None])


@pytest.mark.parametrize(
    "syntax", [*LOSSLESS_NATIVE, uid.RLELossless, uid.JPEGLosslessSV1, PROCESS_14, uid.JPEG2000Lossless]
)
@pytest.mark.parametrize("bits", [12, 16])
def test_signed_pictures_decode_exactly(tmp_path, syntax, bits):
    frame = picture(bits, signed=True)
    decoded = decode_frames(write(frame, tmp_path / "a.dcm", syntax=syntax, bits=bits))
    np.testing.assert_array_equal(decoded, frame[None])
    assert (decoded.min(), decoded.max()) == (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def test_signed_jpeg_ls(tmp_path):
    frame = picture(12, signed=True)
    stream = imagecodecs.jpegls_encode((frame.view(np.uint16) & 0xFFF).astype(np.uint16))
    path = write_stream(stream, tmp_path / "a.dcm", syntax=uid.JPEGLSLossless, like=frame)
    np.testing.assert_array_equal(decode_frames(path)[0], frame)


@pytest.mark.parametrize("syntax", LOSSLESS_NATIVE + LOSSLESS_CODED)
def test_frames_of_a_stack_are_picked_in_any_order(tmp_path, syntax):
    stack = np.stack([picture(seed=s, shape=(24, 32)) for s in range(4)])
    path = write(stack, tmp_path / "a.dcm", syntax=syntax)
    np.testing.assert_array_equal(decode_frames(path), stack)
    np.testing.assert_array_equal(decode_frames(path, frames=[3, 0, 3]), stack[[3, 0, 3]])
    assert frame_layout(path).frames == 4


@pytest.mark.parametrize("bad", [[4], [-1], [0, 99]])
def test_frames_that_are_not_there(tmp_path, bad):
    path = write(np.stack([picture()] * 4), tmp_path / "a.dcm", syntax=uid.ExplicitVRLittleEndian)
    with pytest.raises(PixelError, match=r"4 frame"):
        decode_frames(path, frames=bad)


@pytest.mark.parametrize("splits", [2, 5])
@pytest.mark.parametrize("table", [True, False])
def test_frames_cut_into_several_fragments(tmp_path, splits, table):
    stack = np.stack([picture(seed=s) for s in range(3)])
    ds = dataset(stack)
    streams = [encode(f, uid.JPEGLSLossless, ds) for f in stack]
    value = encapsulate(streams, fragments_per_frame=splits, has_bot=table)
    path = save(ds, tmp_path / "a.dcm", syntax=uid.JPEGLSLossless, value=value)
    np.testing.assert_array_equal(decode_frames(path), stack)


def test_lossy_pictures_decode_near(tmp_path):
    frame = picture(8)
    baseline = write_stream(
        imagecodecs.jpeg8_encode(frame, level=98), tmp_path / "b.dcm", syntax=uid.JPEGBaseline8Bit, like=frame, bits=8
    )
    near = write_stream(
        imagecodecs.jpegls_encode(picture(), level=2), tmp_path / "n.dcm", syntax=uid.JPEGLSNearLossless, like=picture()
    )
    assert np.abs(decode_frames(baseline)[0].astype(int) - frame).max() <= 40
    assert np.abs(decode_frames(near)[0].astype(int) - picture()).max() <= 2


def test_extended_12_bit_agrees_with_another_decoder(tmp_path):
    frame = picture(12)
    stream = imagecodecs.jpeg8_encode(frame, level=95, bitspersample=12)
    path = write_stream(stream, tmp_path / "e.dcm", syntax=uid.JPEGExtended12Bit, like=frame)
    np.testing.assert_array_equal(decode_frames(path)[0], imagecodecs.jpeg8_decode(stream))


# -- bits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian, uid.RLELossless])
@pytest.mark.parametrize("signed", [False, True])
def test_dirty_bits_above_bits_stored_are_masked(tmp_path, syntax, signed):
    frame = picture(12, signed=signed)
    dirty = ((frame.view(np.uint16) & 0x0FFF) | 0xA000).view(frame.dtype)
    ds = dataset(dirty)
    if syntax == uid.RLELossless:
        full = dataset(dirty, bits=16)
        path = save(ds, tmp_path / "a.dcm", syntax=syntax, value=encapsulate([encode(dirty, syntax, full)]))
    else:
        path = write(dirty, tmp_path / "a.dcm", syntax=syntax)
    np.testing.assert_array_equal(decode_frames(path)[0], frame)


def test_high_bit_above_bits_stored_shifts_down(tmp_path):
    frame = picture(12)
    path = write(frame << 4, tmp_path / "a.dcm", syntax=uid.ExplicitVRLittleEndian, HighBit=15)
    np.testing.assert_array_equal(decode_frames(path)[0], frame)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 16), st.booleans(), st.integers(0, 2**32 - 1))
def test_any_bit_depth_and_sign_round_trips(tmp_path_factory, bits, signed, seed):
    rng = np.random.default_rng(seed)
    low = -(1 << (bits - 1)) if signed else 0
    frame = rng.integers(low, low + (1 << bits), (6, 5)).astype(np.int16 if signed else np.uint16)
    noise = rng.integers(0, 1 << 16, frame.shape).astype(np.uint16) & np.uint16(0xFFFF << bits & 0xFFFF)
    dirty = ((frame.view(np.uint16) & np.uint16((1 << bits) - 1)) | noise).view(frame.dtype)
    path = tmp_path_factory.mktemp("bits") / "a.dcm"
    decoded = decode_frames(write(dirty, path, syntax=uid.ExplicitVRLittleEndian, bits=bits))
    np.testing.assert_array_equal(decoded[0], frame)


def test_native_layout_tells_where_a_frame_lies(tmp_path):
    stack = np.stack([picture(seed=s) for s in range(3)])
    path = write(stack, tmp_path / "a.dcm", syntax=uid.ExplicitVRLittleEndian)
    layout = frame_layout(path)
    assert layout.is_native
    raw = np.fromfile(
        path, layout.stored_dtype, layout.rows * layout.columns, offset=layout.offset + layout.frame_bytes
    )
    np.testing.assert_array_equal(raw.reshape(layout.rows, layout.columns), stack[1])


# -- lies and bombs ------------------------------------------------------------------------------------------------


def declare_jpeg2000(stream: bytes, *, rows: int, columns: int) -> bytes:
    """The same stream, claiming another size (and one tile of it)."""
    start = stream.index(b"\xff\x51") + 6
    fields = struct.pack(">IIIIII", columns, rows, 0, 0, columns, rows)
    return stream[:start] + fields + stream[start + 24 :]


def declare_jpeg(stream: bytes, marker: int, *, rows: int, columns: int) -> bytes:
    start = stream.index(bytes([0xFF, marker])) + 5
    return stream[:start] + struct.pack(">HH", rows, columns) + stream[start + 4 :]


LIARS = {
    uid.JPEG2000Lossless: lambda s: declare_jpeg2000(s, rows=16384, columns=16384),
    uid.HTJ2KLossless: lambda s: declare_jpeg2000(s, rows=16384, columns=16384),
    uid.JPEGLSLossless: lambda s: declare_jpeg(s, 0xF7, rows=16384, columns=16384),
    uid.JPEGLosslessSV1: lambda s: declare_jpeg(s, 0xC3, rows=16384, columns=16384),
    PROCESS_14: lambda s: declare_jpeg(s, 0xC3, rows=40, columns=49),
}


@pytest.mark.parametrize("syntax", LIARS)
def test_a_stream_that_declares_another_size_is_refused_at_once(tmp_path, syntax):
    frame = picture()
    stream = LIARS[syntax](encode(frame, syntax, dataset(frame)))
    path = write_stream(stream, tmp_path / "a.dcm", syntax=syntax, like=frame)
    tracemalloc.start()
    started = time.process_time()
    assert refused(path) is ErrorCode.SIZE_LIE
    assert time.process_time() - started < 1
    assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    tracemalloc.stop()


def test_an_honest_bomb_is_refused(tmp_path):
    frame = picture()
    stream = declare_jpeg2000(encode(frame, uid.JPEG2000Lossless, dataset(frame)), rows=16384, columns=16384)
    path = write_stream(stream, tmp_path / "a.dcm", syntax=uid.JPEG2000Lossless, like=frame, Rows=16384, Columns=16384)
    assert refused(path) is ErrorCode.BOMB


def test_rle_too_short_for_its_size_is_refused(tmp_path):
    frame = picture()
    stream = encode(frame, uid.RLELossless, dataset(frame))[:80]
    path = write_stream(stream, tmp_path / "a.dcm", syntax=uid.RLELossless, like=frame, Rows=8000, Columns=8000)
    assert refused(path) is ErrorCode.SIZE_LIE


def test_many_frames_that_would_fill_the_memory_are_refused(tmp_path):
    frame = np.zeros((2, 2), np.uint16)
    ds = dataset(frame, Rows=8000, Columns=8000, NumberOfFrames=40)
    path = save(ds, tmp_path / "a.dcm", syntax=uid.RLELossless, value=encapsulate([b"\0" * 64] * 40))
    assert refused(path) is ErrorCode.BOMB


def test_deflated_bomb_is_refused(tmp_path):
    ds = dataset(np.zeros((16, 16), np.uint16), Rows=16000, Columns=9000)
    path = save(ds, tmp_path / "a.dcm", syntax=uid.DeflatedExplicitVRLittleEndian, value=bytes(16000 * 9000 * 2))
    assert path.stat().st_size < 2**20
    assert refused(path) is ErrorCode.BOMB


def test_header_larger_than_native_data_is_a_lie(tmp_path):
    path = write(picture(), tmp_path / "a.dcm", syntax=uid.ExplicitVRLittleEndian, Rows=4000)
    assert refused(path) is ErrorCode.SIZE_LIE


@pytest.mark.parametrize(
    "syntax", [s for s in LOSSLESS_NATIVE + LOSSLESS_CODED if s != uid.DeflatedExplicitVRLittleEndian]
)
@pytest.mark.parametrize("kept", [0.99, 0.7])
def test_cut_files_are_truncated(tmp_path, syntax, kept):
    path = write(picture(shape=(80, 96)), tmp_path / "a.dcm", syntax=syntax)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    assert refused(path) is ErrorCode.TRUNCATED


@pytest.mark.parametrize("syntax", [uid.JPEG2000Lossless, uid.HTJ2KLossless, uid.JPEGLSLossless, uid.JPEGLosslessSV1])
def test_a_stream_without_its_end_marker_is_truncated(tmp_path, syntax):
    frame = picture()
    stream = encode(frame, syntax, dataset(frame))
    path = write_stream(stream[: len(stream) // 2], tmp_path / "a.dcm", syntax=syntax, like=frame)
    assert refused(path) is ErrorCode.TRUNCATED


def test_no_pixel_data(tmp_path):
    ds = dataset(picture())
    path = save(ds, tmp_path / "a.dcm", syntax=uid.ExplicitVRLittleEndian, value=b"\0\0")
    del ds.PixelData
    ds.save_as(path, enforce_file_format=True)
    assert refused(path) is ErrorCode.TRUNCATED


def test_missing_frames_are_truncated(tmp_path):
    frame = picture()
    path = write_stream(
        encode(frame, uid.RLELossless, dataset(frame)), tmp_path / "a.dcm", syntax=uid.RLELossless, like=frame,
        NumberOfFrames=3,
    )  # fmt: skip
    assert refused(path) is ErrorCode.TRUNCATED


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.99.9", "1.2.840.10008.1.2.4.94"])
def test_unknown_transfer_syntax(tmp_path, syntax):
    frame = picture()
    path = write(frame, tmp_path / "a.dcm", syntax=uid.JPEGLSLossless)
    stated, other = uid.JPEGLSLossless.encode(), syntax.encode()
    whole = path.read_bytes()
    start = whole.index(stated)
    group_length = struct.pack("<I", struct.unpack_from("<I", whole, 140)[0] + 2 * (len(other) > len(stated)))
    patched = whole[:140] + group_length + whole[144 : start - 2] + struct.pack("<H", len(other) + len(other) % 2)
    path.write_bytes(patched + other.ljust(len(other) + len(other) % 2, b"\0") + whole[start + len(stated) :])
    assert refused(path) is ErrorCode.TRANSFER_SYNTAX


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Rows": 0}, ErrorCode.PIXELS),
        ({"BitsStored": 17}, ErrorCode.PIXELS),
        ({"BitsAllocated": 12}, ErrorCode.PIXELS),
        ({"HighBit": 3}, ErrorCode.SIZE_LIE),
        ({"HighBit": 31}, ErrorCode.SIZE_LIE),
        ({"NumberOfFrames": -2}, ErrorCode.SIZE_LIE),
        ({"SamplesPerPixel": 3}, ErrorCode.PHOTOMETRIC),
        ({"Rows": 60000, "Columns": 60000}, ErrorCode.BOMB),
    ],
)
def test_impossible_headers(tmp_path, changes, code):
    assert refused(write(picture(), tmp_path / "a.dcm", syntax=uid.ExplicitVRLittleEndian, **changes)) is code


@pytest.mark.parametrize("content", [b"", b"not dicom", bytes(200), b"\0" * 128 + b"DICM"])
def test_files_that_are_not_images(tmp_path, content):
    path = tmp_path / "a.dcm"
    path.write_bytes(content)
    with pytest.raises(PixelError):
        decode_frames(path)


def test_absent_file(tmp_path):
    assert refused(tmp_path / "absent.dcm") is ErrorCode.UNREADABLE


@pytest.mark.parametrize("syntax", [s for s in LOSSLESS_CODED if s != uid.JPEG2000])
def test_damaged_streams_end_in_a_coded_error_or_a_picture(tmp_path, syntax):
    frame = picture()
    stream = encode(frame, syntax, dataset(frame))
    rng = np.random.default_rng(5)
    for number in range(40):
        damaged = bytearray(stream)
        for at in rng.integers(0, len(stream), 6):
            damaged[at] = rng.integers(256)
        path = write_stream(bytes(damaged), tmp_path / f"{number}.dcm", syntax=syntax, like=frame)
        with contextlib.suppress(PixelError):
            assert decode_frames(path).shape == (1, *frame.shape)


# -- code stream headers -------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xc3", b"\xff\x4f\xff\x51"]))
def test_random_bytes_never_crash_the_size_readers(tail, head):
    for read in (read_jpeg_size, read_jpeg2000_size):
        try:
            read(head + tail)
        except PixelError:
            continue


def test_size_declared_twice_or_later_is_a_lie():
    stream = imagecodecs.jpegls_encode(picture())
    start = stream.index(b"\xff\xf7")
    segment = stream[start : start + 2 + int.from_bytes(stream[start + 2 : start + 4], "big")]
    with pytest.raises(PixelError, match="twice"):
        read_jpeg_size(stream[:start] + segment + stream[start:])
    with pytest.raises(PixelError, match="does not declare"):
        read_jpeg_size(declare_jpeg(stream, 0xF7, rows=0, columns=48))
    oversize = b"\xff\xf8\x00\x0a\x04\x04" + struct.pack(">HI", 0, 9)
    with pytest.raises(PixelError, match="redefines"):
        read_jpeg_size(stream[:start] + oversize + stream[start:])


def test_jp2_wrapper_is_looked_through():
    stream = imagecodecs.jpeg2k_encode(picture(), codecformat="jp2", level=0, reversible=True)
    size = read_jpeg2000_size(stream)
    assert (size.rows, size.columns, size.components) == (40, 48, 1)


def test_every_family_has_its_decoder():
    assert all(available_codecs().values())


# -- real data -----------------------------------------------------------------------------------------------------


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["MR3", "MR4"])
def test_wg04_encodings_agree(realdata, name):
    """NEMA's compression set: four lossless encodings give the reference pixels, three lossy ones come near."""
    folder = realdata / "wg04_mr"
    reference = decode_frames(folder / f"{name}_UNC").astype(int)
    for kind in ("J2KR", "JLSL", "JPLL", "RLE"):
        np.testing.assert_array_equal(decode_frames(folder / f"{name}_{kind}"), reference, err_msg=kind)
    for kind in ("J2KI", "JLSN", "JPLY"):
        difference = np.abs(decode_frames(folder / f"{name}_{kind}").astype(int) - reference)
        assert difference.mean() < 25, kind


@pytest.mark.realdata
def test_messy_files_decode_or_are_refused(realdata):
    folder = realdata / "messy_dicom"
    reference = decode_frames(folder / "MR_small.dcm")
    for kind in ("RLE", "bigendian", "expb", "implicit", "jp2klossless", "jpeg_ls_lossless", "padded"):
        np.testing.assert_array_equal(decode_frames(folder / f"MR_small_{kind}.dcm"), reference, err_msg=kind)
    frames = decode_frames(folder / "emri_small.dcm")
    for kind in ("RLE", "big_endian", "jpeg_2k_lossless", "jpeg_2k_lossless_too_short", "jpeg_ls_lossless"):
        np.testing.assert_array_equal(decode_frames(folder / f"emri_small_{kind}.dcm"), frames, err_msg=kind)
    assert decode_frames(folder / "image_dfl.dcm").shape == (1, 512, 512)
    assert refused(folder / "MR_truncated.dcm") is ErrorCode.TRUNCATED
    assert refused(folder / "JPEG2000-embedded-sequence-delimiter.dcm") is ErrorCode.SIZE_LIE
    assert refused(folder / "test-SR.dcm") is ErrorCode.TRUNCATED
