"""File names made from identifiers."""

from __future__ import annotations

import hashlib
import re

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def file_key(identifier: str) -> str:
    """Turn an identifier into a safe file name; different identifiers never share one.

    Notes
    -----
    An identifier of harmless characters is its own key. Anything else keeps its harmless characters and gets a short
    hash, so that ``a/b`` and ``a?b`` stay apart and nothing leaves the output folder.

    Examples
    --------
    >>> file_key("CM-0001")
    'CM-0001'
    >>> file_key("../etc")
    'etc-f7f9121f'
    """
    harmless = _UNSAFE.sub("-", identifier).strip(".-_")[:60]
    if harmless == identifier and harmless:
        return harmless
    digest = hashlib.sha256(identifier.encode()).hexdigest()[:8]
    return f"{harmless or 'unnamed'}-{digest}"
