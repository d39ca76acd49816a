"""What can go wrong in the car, as one tree of exceptions; each message is the one line the operator reads."""

from __future__ import annotations


class AgentError(Exception):
    """Any failure of the agent that its operator can do something about."""


class SettingsError(AgentError):
    """A setting or a file named on the command line cannot be used."""


class NoTokenError(SettingsError):
    """There is no token file: this car was never enrolled."""


class JournalError(AgentError):
    """The journal file cannot be opened at all: no such folder, no permission, or not a journal."""


class JournalInUseError(JournalError):
    """Another agent holds this journal."""


class JournalDiskError(JournalError):
    """The disk under the journal takes nothing: full, read-only, failing. The agent can go on in memory."""


class StepError(AgentError):
    """A step that this assignment cannot take; `code` is what the screen's API answers with."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
