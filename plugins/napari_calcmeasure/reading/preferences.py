"""What is asked once and remembered: the reader's id and habits. Never a folder, a file or a patient."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from calcmeasure.errors import ErrorCode, ReadingError
from calcmeasure.store.atomic import output_error, write_atomically
from napari_calcmeasure.reading.worklist import Blinding

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Preferences:
    """Habits of one reader on one computer.

    Parameters
    ----------
    reader
        Reader id; empty until she was asked.
    criteria
        Names of the profiles shown in the response panel; empty for the usual ones.
    blinding
        How a new session begins.
    """

    reader: str = ""
    criteria: tuple[str, ...] = ()
    blinding: Blinding = field(default_factory=Blinding)


def preferences_path() -> Path:
    """Where preferences are kept: ``calcmeasure/reading.json`` below ``XDG_CONFIG_HOME``, or below ``~/.config``."""
    given = Path(os.environ.get("XDG_CONFIG_HOME") or "")
    base = given if given.is_absolute() else Path.home() / ".config"
    return base / "calcmeasure" / "reading.json"


def load_preferences(path: Path | None = None) -> tuple[Preferences, ReadingError | None]:
    """Read what was remembered.

    Returns
    -------
    preferences, problem
        Defaults when there is no file; defaults and what to say when it is damaged.
    """
    file = path or preferences_path()
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise ValueError("far larger than any preferences")
        return _from_json(json.loads(file.read_text(encoding="utf-8"))), None
    except FileNotFoundError:
        return Preferences(), None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        words = "the file of your preferences cannot be used; enter your reader id again, and it is written anew"
        return Preferences(), ReadingError(words, code=ErrorCode.PREFERENCES)


def save_preferences(preferences: Preferences, path: Path | None = None) -> None:
    """Remember, for this user of the computer alone; criteria given as files are not remembered.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    file = path or preferences_path()
    content = asdict(preferences)
    content["criteria"] = [name for name in preferences.criteria if _PLAIN_NAME.fullmatch(name)]
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(error) from error
    write_atomically(file, (json.dumps(content, indent=2, sort_keys=True) + "\n").encode("ascii"), private=True)


def _from_json(content: object) -> Preferences:
    if not isinstance(content, dict):
        raise TypeError("an object is expected")
    criteria, blinding = content.get("criteria", []), content.get("blinding", {})
    if not isinstance(criteria, list) or not isinstance(blinding, dict):
        raise TypeError("a list and an object are expected")
    return Preferences(
        reader=_text(content.get("reader", "")),
        criteria=tuple(_text(name) for name in criteria),
        blinding=Blinding(**{name: _switch(value) for name, value in blinding.items()}),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is expected")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false is expected")
    return value


def remember(*, reader: str = "", criteria: tuple[str, ...] = ()) -> None:
    """Keep the reader id, so that it is asked for only once on this computer, or the criteria shown last."""
    preferences, _problem = load_preferences()
    changed = replace(preferences, reader=reader or preferences.reader, criteria=criteria or preferences.criteria)
    if changed != preferences:
        save_preferences(changed)
