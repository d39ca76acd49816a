// A job is news until somebody was told of it, over reloads; what the crew has answered elsewhere is none.
import { expect, test } from 'vitest';
import { anOrder } from '../test/car_samples';
import { NewJobs } from './new_jobs';

class Shelf {
  values = new Map<string, string>();
  getItem = (key: string) => this.values.get(key) ?? null;
  setItem = (key: string, value: string) => void this.values.set(key, value);
}
const ids = (jobs: NewJobs, ...orders: ReturnType<typeof anOrder>[]) => jobs.news(orders).map(({ assignment_id }) => assignment_id);

test('each job is told once, after a reload too', () => {
  const shelf = new Shelf();
  const jobs = new NewJobs(shelf);
  expect(ids(jobs, anOrder('a'), anOrder('b'))).toEqual(['a', 'b']);
  jobs.tell('a');
  expect(ids(jobs, anOrder('a'), anOrder('b'))).toEqual(['b']);
  expect(ids(new NewJobs(shelf), anOrder('a'), anOrder('b'))).toEqual(['b']);
});

test('what was answered is no news, and a shelf that somebody else filled does no harm', () => {
  const shelf = new Shelf();
  shelf.setItem('patrol.car.told', '{"not": "a list"');
  const jobs = new NewJobs(shelf);
  expect(ids(jobs, anOrder('a', { step: 'acknowledged' }), anOrder('b'))).toEqual(['b']);
});

test('a year of jobs fills no shelf', () => {
  const shelf = new Shelf();
  const jobs = new NewJobs(shelf);
  for (let job = 0; job < 200; job += 1) jobs.tell(`job-${job}`);
  expect((JSON.parse(shelf.getItem('patrol.car.told') ?? '[]') as string[]).length).toBe(50);
});
