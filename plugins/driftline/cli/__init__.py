"""The console script `driftline`: each command is one call into the package; exit codes as in docs/architecture.md."""

from driftline.cli.app import main

__all__ = ["main"]
