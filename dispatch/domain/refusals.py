"""Why a command is refused: the one exception tree of the domain. It knows no HTTP; dispatch.api maps it."""

from __future__ import annotations


class Refused(Exception):
    """A command that the rules do not allow. `code` is stable and public; the text says what to do."""

    code = "refused"

    def __init__(self, detail: str, *, member: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.member = member


class NotFound(Refused):
    """There is no such thing."""

    code = "not_found"


class Invalid(Refused):
    """A member is readable but impossible; `member` names it."""

    code = "validation"


class BeforeFirstCall(Refused):
    """A period that ended before there was any call on record has nothing to report."""

    code = "before_first_call"


class TooFewCalls(Refused):
    """A period of the past holds too few calls to draw demand from."""

    code = "too_few_calls"


class FiguresInPreparation(Refused):
    """Sheets of many days are being made; figures would not be true yet. Ask again."""

    code = "figures_in_preparation"


class FiguresDisagree(Refused):
    """A report would have contradicted its own ledger; none was made."""

    code = "figures_disagree"


class OutsideArea(Refused):
    """The place lies outside the bureau's area; the caller may confirm it."""

    code = "outside_area"


class RecordingNotHere(Refused):
    """The recording's file is not here, or not verified: nothing that could be shown as evidence."""

    code = "recording_not_here"


class UnitBusy(Refused):
    """The unit has another active assignment."""

    code = "unit_busy"


class UnitUnavailable(Refused):
    """The unit is out of service."""

    code = "unit_unavailable"


class IncidentEnded(Refused):
    """The incident is closed, cancelled or merged."""

    code = "incident_ended"


class IncidentOpen(Refused):
    """The incident has not ended; its figure may still change by itself."""

    code = "incident_open"


class AssignmentEnded(Refused):
    """The assignment is over."""

    code = "assignment_ended"


class BadStep(Refused):
    """A step that the transition table does not allow."""

    code = "bad_step"


class ChangedMeanwhile(Refused):
    """Somebody else changed it since it was read."""

    code = "changed_meanwhile"


class NoMap(Refused):
    """No street map is loaded."""

    code = "no_map"


class AlarmResolved(Refused):
    """Somebody resolved it before."""

    code = "alarm_resolved"


class SuggestionDecided(Refused):
    """Somebody accepted or dismissed it before, or it has expired."""

    code = "suggestion_decided"
