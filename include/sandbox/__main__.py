"""Runs the command line."""

import sys

from include.sandbox.cli import main
from include.sandbox.state import REPOSITORY

if __name__ == "__main__":
    sys.path.append(str(REPOSITORY / "plugins"))  # as Airflow does; what asks the pipeline's own code imports it late
    raise SystemExit(main())
