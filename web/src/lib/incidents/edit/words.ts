// The fields of an incident and their values, in words.
import { language, t } from '../../text/language.svelte';
import { clockTime, place } from '../../time/format';
import type { EditValues, Field } from './fields';
import type { Author } from './three_way';

export const fieldName = (field: Field): string => (field === 'description' ? t('edit_description') : t(field));

export function valueWords(field: Field, value: EditValues[Field]): string {
  if (value === null || value === '') return t('edit_nothing');
  if (field === 'category') return t(`category_${value as EditValues['category']}`);
  if (field === 'priority') return t(`priority_${value as 1 | 2 | 3 | 4}`);
  if (field === 'accident_class') return t(`accident_${value as 'A1' | 'A2' | 'A3'}`);
  if (field === 'place') {
    const [lat, lon] = value as EditValues['place'];
    return place({ lat, lon });
  }
  return String(value);
}

/** "李四 03:04:05" */
export function authorWords({ name, at }: Author): string {
  return [name ?? t('edit_somebody'), at ? clockTime(at, language.locale) : ''].filter(Boolean).join(' ');
}
