from __future__ import annotations

import shutil
import time

import pytest

from calcmeasure.errors import DicomReadError
from napari_calcmeasure.reader import get_reader
from plugin.examinations import write_dynamic, write_mammograms


@pytest.fixture(scope="module")
def mammograms(tmp_path_factory):
    return write_mammograms(tmp_path_factory.mktemp("mg"))


def test_a_folder_of_mammograms_hangs(mammograms):
    layers = get_reader(str(mammograms))(str(mammograms))
    names = [keywords["name"] for _, keywords, kind in layers if kind == "image"]
    assert sorted(names) == [f"{view} baseline" for view in ("L-CC", "L-MLO", "R-CC", "R-MLO")]


def test_one_file_is_one_image_as_stored(mammograms):
    path = str(mammograms / "LCC.dcm")
    (data, keywords, kind), *_captions = get_reader(path)(path)
    assert (data.shape, kind, keywords["name"]) == ((60, 40), "image", "L-CC baseline")
    assert keywords["units"] == ("mm", "mm")


def test_several_files_are_read_together(mammograms):
    paths = [str(mammograms / name) for name in ("LCC.dcm", "RCC.dcm")]
    assert sum(kind == "image" for _, _, kind in get_reader(paths)(paths)) == 2


def test_a_folder_with_a_dynamic_series(tmp_path):
    path = str(write_dynamic(tmp_path))
    (phases, keywords, _), *_ = get_reader(path)(path)
    assert phases.shape == (5, 4, 32, 40)
    assert keywords["metadata"]["early_phase"] == 1


def test_the_extension_does_not_matter(mammograms, tmp_path):
    shutil.copy(mammograms / "LCC.dcm", tmp_path / "IM0001")
    assert get_reader(str(tmp_path)) is not None


def test_other_folders_and_files_are_left_to_other_readers_quickly(tmp_path):
    for number in range(1000):
        (tmp_path / f"{number}.txt").write_text("x" * 200)
    started = time.process_time()
    assert get_reader(str(tmp_path)) is None
    assert time.process_time() - started < 1.0
    assert get_reader(str(tmp_path / "0.txt")) is None
    assert get_reader(str(tmp_path / "missing.dcm")) is None


def test_a_file_that_only_looks_like_dicom_is_refused_with_a_reason(tmp_path):
    path = tmp_path / "image.dcm"
    path.write_bytes(bytes(128) + b"DICM" + b"\xff" * 50)
    with pytest.raises(DicomReadError, match="no mammogram or dynamic MR: ") as caught:
        get_reader(str(path))(str(path))
    assert caught.value.code.startswith("E_")
    assert str(tmp_path) not in str(caught.value)
