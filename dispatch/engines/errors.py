"""Why an engine could not be had: always one sentence that an operator can act on."""

from __future__ import annotations


class EngineError(Exception):
    """An engine cannot start, stop or be reached; the text says why and what to do."""


class FolderRefused(EngineError):
    """The data folder lies where it must not, or cannot be used."""


class FolderBusy(EngineError):
    """Another process holds the data folder."""
