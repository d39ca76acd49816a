// What a crew may choose from, as keys of the texts. What is sent is the Chinese text: the control room reads it.
export const REASONS_TO_DECLINE = ['car_reason_busy', 'car_reason_vehicle', 'car_reason_blocked', 'car_reason_far'] as const;

export const OUTCOMES = [
  'car_outcome_handled',
  'car_outcome_settled',
  'car_outcome_arrest',
  'car_outcome_record',
  'car_outcome_nobody',
  'car_outcome_handed_over',
  'car_outcome_false',
] as const;
