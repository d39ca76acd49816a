// What stands beside a recording: where its file is, and of whom and when it is.
import type { Recording } from '../api/types';
import { language, t } from '../text/language.svelte';
import { clockTime, percent } from '../time/format';
import { shareOf } from './file_size';

export function stateWords({ state, received_bytes, size_bytes }: Pick<Recording, 'state' | 'received_bytes' | 'size_bytes'>) {
  return t(`recording_${state}`, { percent: percent(shareOf(received_bytes, size_bytes)) });
}

const names = (recording: Recording) => ({
  unit: recording.unit_name,
  camera: [recording.camera_id, recording.officer_id].filter(Boolean).join(' '),
  from: clockTime(recording.started_at, language.locale),
  to: clockTime(recording.ended_at, language.locale),
});
export const whose = (recording: Recording) => t('recording_of', names(recording));
export const videoName = (recording: Recording) => t('recording_video', names(recording));
