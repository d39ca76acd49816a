// Names of the API's resources, from the types generated out of its OpenAPI description.
import type { components } from './schema';

type Schemas = components['schemas'];

export type Alarm = Schemas['AlarmView'];
export type Assignment = Schemas['AssignmentView'];
export type Bureau = Schemas['BureauView'];
export type Coverage = Schemas['CoverageView'];
export type Candidate = Schemas['Candidate'];
export type CurrentSession = Schemas['CurrentSession'];
export type Incident = Schemas['IncidentView'];
export type IncidentDetail = Schemas['IncidentDetail'];
export type KpiGroup = Schemas['KpiGroup'];
export type KpiReport = Schemas['KpiReport'];
export type Note = Schemas['NoteView'];
export type NewIncident = Schemas['NewIncident'];
export type Policy = Schemas['PolicyView'];
export type Position = Schemas['PositionView'];
export type Recording = Schemas['RecordingView'];
export type Suggestion = Schemas['SuggestionView'];
export type TimelineEvent = Schemas['EventView'];
export type Unit = Schemas['UnitView'];

export type Category = Incident['category'];
export type AccidentClass = NonNullable<Incident['accident_class']>;
export type Role = CurrentSession['role'];
export type UnitStatus = Unit['status'];
export type UnitAssignment = NonNullable<Unit['assignment']>;
export type Mode = Policy['mode']['mode'];

export interface Place {
  lat: number;
  lon: number;
}
