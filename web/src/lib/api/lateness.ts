// How likely open incidents are to miss the target: the request and its types.
import { request } from './request';
import type { components } from './schema';

export type Lateness = components['schemas']['LatenessView'];
export type LatenessList = components['schemas']['LatenessList'];

export const lateness = () => request<LatenessList>('GET', '/lateness');
