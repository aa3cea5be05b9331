"""The time written into rows."""

from __future__ import annotations

import os
from datetime import UTC, datetime


def utc_now() -> str:
    """Now in UTC, ISO 8601 to the second; the environment's SOURCE_DATE_EPOCH replaces it for repeatable output.

    Notes
    -----
    SOURCE_DATE_EPOCH is the convention of reproducible builds: seconds since 1970.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
