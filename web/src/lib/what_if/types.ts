// Names of the what-if's parts, from the types generated out of the API's description.
import type { components } from '../api/schema';

type Schemas = components['schemas'];

export type Base = Schemas['WhatIfBase'];
export type Summary = Schemas['WhatIfSummary'];
export type WhatIf = Schemas['WhatIfView'];
export type Result = Schemas['WhatIfResult'];
export type VariantResult = Schemas['VariantResultView'];
export type AskedVariant = Schemas['AskedVariantView'];
export type Estimate = Schemas['EstimateView'];
export type Comparison = Schemas['ComparisonView'];
export type Question = Schemas['NewWhatIf'];
export type Policy = Base['policies'][number];
export type Preset = Base['presets'][number];
export type Idle = AskedVariant['idle'];
export type Mode = NonNullable<WhatIf['asked']['period']>['mode'];
