"""The command line: verbs, streams and exit codes. Heavy imports wait until a verb needs them."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

from calcmeasure.cli.exits import ExitCode, exit_code_of
from calcmeasure.cli.parser import build_parser
from calcmeasure.errors import CalcMeasureError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb.

    Parameters
    ----------
    arguments
        Without the program name; the process's own by default.

    Returns
    -------
    int
        Exit code of `ExitCode`. Expected errors end in a sentence on stderr, never in a traceback.
    """
    parser = build_parser()
    options = parser.parse_args(arguments)
    _set_up_logging(options.verbose)
    try:
        code: int = options.verb_function(options)
        sys.stdout.flush()
    except CalcMeasureError as error:
        print(f"calcmeasure: {error} [{error.code}]", file=sys.stderr)
        return exit_code_of(error)
    except BrokenPipeError:
        # Python writes out what is left once more at its end: it must find somewhere to write.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except KeyboardInterrupt:
        print("calcmeasure: interrupted; what was finished is kept", file=sys.stderr)
        return ExitCode.UNEXPECTED
    return code


def _set_up_logging(verbosity: int) -> None:
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbosity, 2)]
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("calcmeasure").setLevel(level)
    # pydicom's own debug output spells out header values.
    logging.getLogger("pydicom").setLevel(logging.ERROR)
