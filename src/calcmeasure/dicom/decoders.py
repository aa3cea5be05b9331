"""One compressed frame to samples, whichever family of code stream it is.

Decoders get the code stream of one frame, never a file: pylibjpeg (JPEG 2000, HTJ2K), pyjpegls (JPEG-LS), GDCM
(JPEG; its file readers are never used) and our own for RLE. Each is loaded when first needed.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calcmeasure.dicom.codestreams import StreamSize, read_jpeg2000_size, read_jpeg_size
from calcmeasure.dicom.frame_layout import JPEG, JPEG_2000, JPEG_LS, RLE, FrameLayout
from calcmeasure.errors import ErrorCode, PixelError

Samples = NDArray[Any]

_PACKAGES = {
    "JPEG": "python-gdcm",
    "JPEG-LS": "pyjpegls",
    "JPEG 2000 and HTJ2K": "pylibjpeg-openjpeg",
    "RLE": "numba",
}


def available_codecs() -> dict[str, str]:
    """Say which installed package decodes each family of code streams; an empty text where it is missing.

    Examples
    --------
    >>> list(available_codecs())
    ['JPEG', 'JPEG-LS', 'JPEG 2000 and HTJ2K', 'RLE']
    """
    return {family: _installed(package) for family, package in _PACKAGES.items()}


def decode_stream(stream: bytes, layout: FrameLayout) -> Samples:
    """Decode one frame after its declared size was compared with the header.

    Parameters
    ----------
    stream
        The whole code stream of one frame.
    layout
        Of the file; its transfer syntax chooses the decoder.

    Returns
    -------
    ndarray (rows, columns)
        Samples in the type the stream declares; bits above Bits Stored may be set.

    Raises
    ------
    PixelError
        ``E_SIZE_LIE``, ``E_TRUNCATED``, ``E_BOMB`` or ``E_PIXELS``.
    """
    try:
        values = _DECODERS[layout.transfer_syntax](stream, layout)
        return values.reshape(layout.rows, layout.columns)
    except PixelError:
        raise
    except (RuntimeError, ValueError, TypeError, OSError, AttributeError, LookupError) as error:
        raise PixelError(f"the compressed frame cannot be decoded ({type(error).__name__})") from error
    except MemoryError as error:
        raise PixelError("not enough memory to decode the frame", code=ErrorCode.BOMB) from error


def _installed(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


def _decode_rle(stream: bytes, layout: FrameLayout) -> Samples:
    from calcmeasure.dicom.rle import decode_rle

    return decode_rle(stream, samples=layout.rows * layout.columns, sample_bytes=layout.bits_allocated // 8)


def _decode_jpeg2000(stream: bytes, layout: FrameLayout) -> Samples:
    from openjpeg.utils import decode_pixel_data

    size = read_jpeg2000_size(stream)
    _check_stream(size, layout)
    _check_end(stream)
    decoded = decode_pixel_data(stream, version=2)
    return np.frombuffer(decoded, f"<{'i' if size.signed else 'u'}{size.container_bytes}")


def _decode_jpeg_ls(stream: bytes, layout: FrameLayout) -> Samples:
    from jpeg_ls import decode_pixel_data  # type: ignore[import-untyped]

    size = read_jpeg_size(stream)
    _check_stream(size, layout)
    _check_end(stream)
    decoded, _ = decode_pixel_data(stream)
    return np.frombuffer(decoded, f"<u{size.container_bytes}")


def _decode_jpeg(stream: bytes, layout: FrameLayout) -> Samples:
    """GDCM as a bare JPEG decoder: the stream's own precision is stated, so 12-bit Extended decodes rightly."""
    import gdcm

    size = read_jpeg_size(stream)
    _check_stream(size, layout)
    _check_end(stream)
    gdcm.Trace.WarningOff()
    gdcm.Trace.ErrorOff()
    picture = gdcm.Image()
    picture.SetNumberOfDimensions(2)
    picture.SetDimensions((layout.columns, layout.rows, 1))
    grey = gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.MONOCHROME2)
    picture.SetPhotometricInterpretation(grey)
    picture.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(layout.transfer_syntax)))
    allocated = 12 if size.precision == 12 else 8 * size.container_bytes  # 12 picks the right codec at once
    picture.SetPixelFormat(gdcm.PixelFormat(1, allocated, size.precision, size.precision - 1, 0))
    picture.SetDataElement(_gdcm_pixel_element(gdcm, stream))
    # GDCM hands its char buffer over as text; surrogates carry the bytes that are not UTF-8.
    decoded = picture.GetBuffer().encode("utf-8", "surrogateescape")
    return np.frombuffer(decoded, f"<u{size.container_bytes}")


def _gdcm_pixel_element(gdcm: ModuleType, stream: bytes) -> object:
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(stream)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    return element


def _check_end(stream: bytes) -> None:
    """JPEG's EOI and JPEG 2000's EOC are the same two bytes; decoders fill a cut picture with grey and say nothing."""
    if b"\xff\xd9" not in stream.rstrip(b"\0")[-_PADDING_LIMIT:]:
        raise PixelError("the compressed frame ends before its end marker", code=ErrorCode.TRUNCATED)


def _check_stream(size: StreamSize, layout: FrameLayout) -> None:
    """Refuse a code stream that would decode to another picture than the header describes."""
    stated, declared = (layout.rows, layout.columns, 1), (size.rows, size.columns, size.components)
    if stated != declared:
        raise PixelError(f"the header says {stated}, the compressed frame {declared}", code=ErrorCode.SIZE_LIE)
    if not 1 <= size.precision <= layout.bits_allocated:
        raise PixelError(
            f"the compressed frame has {size.precision} bits, {layout.bits_allocated} are allocated",
            code=ErrorCode.SIZE_LIE,
        )


_PADDING_LIMIT = 4
"""End marker and what writers pad it with (0x00 of any length, single 0xFF)."""

_Decoder = Callable[[bytes, FrameLayout], Samples]
_DECODERS: dict[str, _Decoder] = {
    **dict.fromkeys(RLE, _decode_rle),
    **dict.fromkeys(JPEG, _decode_jpeg),
    **dict.fromkeys(JPEG_LS, _decode_jpeg_ls),
    **dict.fromkeys(JPEG_2000, _decode_jpeg2000),
}
