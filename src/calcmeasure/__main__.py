"""``python -m calcmeasure``."""

import sys

from calcmeasure.cli import main

sys.exit(main())
