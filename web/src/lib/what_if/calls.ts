// Every request about what-ifs.
import { request } from '../api/request';
import type { Base, Question, Summary, WhatIf } from './types';

export const base = () => request<Base>('GET', '/what-ifs/base');
export const list = () => request<{ items: Summary[] }>('GET', '/what-ifs').then(({ items }) => items);
export const read = (id: string) => request<WhatIf>('GET', `/what-ifs/${id}`);
export const ask = (question: Question) => request<WhatIf>('POST', '/what-ifs', { body: question });
export const cancel = (id: string) => request<WhatIf>('POST', `/what-ifs/${id}/cancel`);
export const repeat = (id: string) => request<WhatIf>('POST', `/what-ifs/${id}/repeat`);
export const remove = (id: string) => request<undefined>('DELETE', `/what-ifs/${id}`);
