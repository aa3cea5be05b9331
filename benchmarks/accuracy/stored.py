"""Plain arrays, kept on disk, from which every figure is made."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Self

import numpy as np


class Stored:
    """A dataclass of arrays, numbers and words that can be written and read."""

    __slots__ = ()

    def save(self, path: Path) -> None:
        """Write without pickling."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            values = {name: stored[name] for name in stored.files}
        return cls(**{name: value.item() if value.ndim == 0 else value for name, value in values.items()})
