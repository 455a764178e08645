"""The one error tree. The class tells the caller what to do; `exit_code` is what the command line returns.

DriftlineError
├── ConfigError            2  registry, catalogue, suite, environment or usage: fix the named file or setting
├── SourceError            3  one client could not be read: skip this client, go on with the others
│   ├── SourceUnavailable     refused, timed out, dropped: retry
│   ├── SourceAccessDenied    a right is missing: print the grants, do not retry
│   ├── SourceShapeError      a table or column is not what the catalogue says: do not retry
│   └── OutOfTimeError        its time, or the night's, is over: the next night tries again
├── WarehouseError         3  the warehouse could not be reached or refused: retry the step, nothing is half-written
├── AlreadyRunningError    1  another process holds this client's or the build's lock
├── BuildError             1  dbt failed
├── ReportError            1  a delivered coverage or test report was refused: correct that file, the others are read
├── StaffListError         1  a list of staff was refused: correct the named cell, nothing of it was imported
├── ReviewCycleError       1  a review of access cannot go on as asked: nothing was changed
│   └── WorksheetError        a worksheet was refused: correct the named cells, nothing of it was imported
├── GateError              1  publication asked for without a passed gate
├── SealError              1  a quarter cannot be sealed, or is sealed already: nothing was changed
├── NotPublishedError      1  a reader asked for a quarter that was never published
└── AlertError             1  no alert route could be reached
"""

from __future__ import annotations


class DriftlineError(Exception):
    """Carry what went wrong, for which client, and what to do next."""

    exit_code = 1
    is_retryable = False

    def __init__(self, message: str, *, client_id: str | None = None, hint: str | None = None) -> None:
        self.message = message
        self.client_id = client_id
        self.hint = hint
        super().__init__(message)

    def __str__(self) -> str:
        subject = f"client '{self.client_id}': " if self.client_id else ""
        advice = f" {self.hint}" if self.hint else ""
        return f"{subject}{self.message}{advice}"

    def as_data(self) -> dict[str, object]:
        """Give the error for a machine to read."""
        return {
            "error": type(self).__name__,
            "client_id": self.client_id,
            "message": self.message,
            "hint": self.hint,
            "is_retryable": self.is_retryable,
            "exit_code": self.exit_code,
        }


class ConfigError(DriftlineError):
    """Something declared is wrong; the message names file and entry."""

    exit_code = 2


class SourceError(DriftlineError):
    """One client's Odoo could not be read; the others are not affected."""

    exit_code = 3


class SourceUnavailable(SourceError):
    """The source refused, timed out or dropped the connection."""

    is_retryable = True


class SourceAccessDenied(SourceError):
    """The reading role lacks a right."""


class SourceShapeError(SourceError):
    """A table or column of the source is not what the catalogue declares."""


class OutOfTimeError(SourceError):
    """The reading did not end within its time, or by the night's cut-off."""


class WarehouseError(DriftlineError):
    """The warehouse is down, out of connections, or refused a statement."""

    exit_code = 3
    is_retryable = True


class AlreadyRunningError(DriftlineError):
    """Another process is at the same work."""


class BuildError(DriftlineError):
    """dbt did not build the marts."""


class ReportError(DriftlineError):
    """A delivered coverage or test report cannot be believed; it is refused whole."""


class StaffListError(DriftlineError):
    """A list of staff cannot be believed; the message names file, line and column."""


class ReviewCycleError(DriftlineError):
    """A review of access is not where the request needs it to be."""


class WorksheetError(ReviewCycleError):
    """A worksheet cannot be believed; the message names sheet, row and column, and nothing of it was imported."""


class GateError(DriftlineError):
    """Publication was asked for without gate rows for that very build, or the gate could not be run."""


class SealError(DriftlineError):
    """A quarter cannot be sealed as it stands, or there is no such seal."""


class NotPublishedError(DriftlineError):
    """Nothing is published for that client and quarter."""


class AlertError(DriftlineError):
    """No alert route took the message."""
