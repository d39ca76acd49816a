// What was typed into an edit form and not sent yet: outlives the panel, a reload and a lost session.
import type { EditValues } from './fields';

export interface EditDraft {
  base: EditValues;
  mine: EditValues;
  /** The version that `base` was read with. */
  version: number;
}

type Box = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
const keyOf = (id: string) => `patrol.edit.${id}`;

export function readDraft(box: Box, id: string): EditDraft | null {
  const text = box.getItem(keyOf(id));
  if (!text) return null;
  try {
    const held = JSON.parse(text) as Partial<EditDraft> | null;
    return held?.base && held.mine && typeof held.version === 'number' ? (held as EditDraft) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

export const keepDraft = (box: Box, id: string, draft: EditDraft) => box.setItem(keyOf(id), JSON.stringify(draft));
export const dropDraft = (box: Box, id: string) => box.removeItem(keyOf(id));
