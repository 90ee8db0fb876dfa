"""Runs the command line: `python -m include.sandbox COMMAND`."""

from include.sandbox.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
