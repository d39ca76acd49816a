// Sizes of files as people read them.
import { expect, test } from 'vitest';
import { fileSize, shareOf } from './file_size';

test('a size is read at a glance', () => {
  expect([900, 1_500_000, 734_003_200].map(fileSize)).toEqual(['1 kB', '1.5 MB', '734 MB']);
});

test('an empty file is whole', () => {
  expect([shareOf(5, 20), shareOf(0, 0)]).toEqual([0.25, 1]);
});
