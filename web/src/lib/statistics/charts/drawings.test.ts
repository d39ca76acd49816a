// What charts say beside what they draw: no hour left blank, no verdict contradicted by a rounding, nothing said of nothing.
import { expect, test, vi } from 'vitest';
import type { Drawing } from './drawing';
import type { EtaReport, LateReport, Month, Report, Row } from '../requests';
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
const { askedOf } = await import('../asked');
const { partsTable, clocksTable } = await import('../clock_tables');
const { csvOf } = await import('../table');
const { etaBars } = await import('./eta_bars');
const { heatMap } = await import('./heat');
const { classOf, hexagonsOf, hexagonTable } = await import('./hexagons');
const { PAPER } = await import('./look');
const { controlChart } = await import('./months');
const { partsBars } = await import('./parts_bars');
const { shareBars } = await import('./share_bars');
const { spread } = await import('./spread');
const { whyLate } = await import('./why_late');

const asked = { ...askedOf('', Date.parse('2026-11-24T03:07:00+08:00')), days: { first: '2026-10-26', last: '2026-11-24' } };
const row = (group: string, measured: number, more: Partial<Row> = {}): Row => ({
  ...{ group, incidents: measured, measured, reached: measured, within_target: 0, excluded: {}, unreached: 0, cell: null },
  ...{ share: measured ? 0.5 : null, share_low: 0.4, share_high: 0.6, p50_s: 300, p90_s: 500, mean_s: 320, ...more },
});
const report = (...items: Row[]) => ({ items, clock: 'received', target_share: null, target_s: 600 }) as unknown as Report;
const headsOf = (file: string) => file.slice(1).split('\r\n')[0]?.split(',') ?? [];

interface Heat {
  series: [{ data: { value: (number | string)[] }[]; label: { formatter: (of: { dataIndex: number }) => string } }];
}
function heatOf(found: Report, measure: 'share' | 'p90', place: number) {
  const [{ data, label }] = (heatMap(found, measure, asked).option(PAPER) as unknown as Heat).series;
  return [data[place]?.value[2], label.formatter({ dataIndex: place })];
}

test('an hour whose p90 nobody reached is the hottest and says so; only one without measured incidents is blank', () => {
  const week = report(row('1-00', 25, { p90_s: null, unreached: 4 }), row('1-01', 0, { incidents: 2, p90_s: null, p50_s: null }), row('1-02', 25));
  expect([0, 1, 2, 3].map((place) => heatOf(week, 'p90', place))).toEqual([[1200, '>'], ['-', ''], [500, '9'], ['-', '']]);
  const { table, marks, records } = heatMap(week, 'p90', asked);
  expect(table.rows[0]?.cells.slice(0, 3).map(({ shown }) => shown)).toEqual(['一成以上未到場 (25)', '–', '8:20 (25)']);
  expect(table.rows[0]?.cells[0]?.opens?.pick).toEqual({ outcome: 'measured' });
  expect(marks[0]?.lines).toContain('p50 5:00 · p90 一成以上未到場');
  expect(marks[1]?.lines).toContain('p50 5:00 · p90 –'.replace('5:00', '–'));
  const file = csvOf(records ?? table);
  expect(headsOf(file).slice(-4)).toEqual(['p50（秒）', 'p90（秒）', '未到場', '可信度']);
  expect(file).toContain('週一,00–01,25,25,0,0.5,0.4,0.6,300,,4,\r\n');
});

test('the heat map counts all minutes, a begun one too, and only percents that are reached', () => {
  const week = report(row('1-00', 25, { p90_s: 3729, share: 0.996 }), row('1-01', 25, { p90_s: 657, share: 0.896 }), row('1-02', 25, { p90_s: 600, share: 1 }));
  expect([0, 1, 2].map((place) => heatOf(week, 'p90', place)[1])).toEqual(['63', '11', '10']);
  expect([0, 1, 2].map((place) => heatOf(week, 'share', place)[1])).toEqual(['99', '89', '100']);
});

test('the heat map names the worst and the best hour with enough calls, and those with few in its table', () => {
  const week = report(row('1-00', 25, { share: 0.7, p90_s: null }), row('3-08', 30, { share: 0.9 }), row('7-23', 3, { share: 1 }));
  expect(heatMap(week, 'share', asked).summary).toBe('十分鐘到場率，星期 × 時（%）：1 格案件少於 20 件。最低 週一 00–01 70.0 %，最高 週三 08–09 90.0 %。');
  expect(heatMap(week, 'p90', asked).summary).toContain('最慢 週一 00–01 一成以上未到場，最快 週三 08–09 8:20。');
  expect(heatMap(week, 'share', asked).table.rows[6]?.cells[23]?.shown).toBe('100.0 % (3) 案件少');
});

test('a hexagon reads as of the class whose colour it has', () => {
  const cell = { lat: 23.48, lon: 120.45, boundary: [[120.45, 23.48]] } as unknown as NonNullable<Row['cell']>;
  const found = report(row('a', 25, { cell, share: 0.896, p90_s: 600.4 }), row('b', 25, { cell, share: 0.9, p90_s: 600 }), row('c', 25, { cell, p90_s: null }));
  const labels = (measure: 'share' | 'p90') => hexagonsOf(found, measure).features.map(({ properties }) => [properties.class, properties.label.split('\n')[0]]);
  expect(labels('share').slice(0, 2)).toEqual([[2, '89 %'], [1, '90 %']]);
  expect(labels('p90')).toEqual([[2, '10:01'], [1, '10:00'], [4, '>']]);
  expect(classOf({ share: 0.896, p90_s: null }, 'share')).toBe(2);
});

test('few calls are said to be few in the tables of groups and of hexagons, once', () => {
  const { table } = shareBars(report(row('南門', 3), row('後湖', 25)), 'station', asked);
  expect(table.rows.map(({ cells }) => cells.at(-1)?.value)).toEqual(['案件少於 20 件，僅供參考', '']);
  const { heads, rows } = hexagonTable(report(row('8a', 3)), asked);
  expect(heads.filter((head) => head === '可信度')).toHaveLength(1);
  expect(rows[0]?.cells[heads.indexOf('可信度') - 1]?.value).toBe('案件少於 20 件，僅供參考');
  expect(rows.every(({ cells }) => cells.length === heads.length - 1)).toBe(true);
});

test('those within ten minutes are headed as such, incidents of a bin are only counted', () => {
  const bins = spread({ bins: [], beyond: 0, unreached: 0, measured: 0, target_s: 600, bin_s: 30 }, asked);
  const heat = heatMap(report(), 'share', asked);
  expect([shareBars(report(), 'station', asked).table, controlChart({ centre: null, items: [] }, asked).table].map(({ heads }) => heads[3])).toEqual(['十分鐘內件數', '十分鐘內件數']);
  expect([heat.records?.heads[4], bins.table.heads[1]]).toEqual(['十分鐘內件數', '件數']);
});

test('where nothing was late, and no journey can be compared, that is said', () => {
  const why = whyLate({ items: [], late: 0 } as unknown as LateReport, asked);
  expect([why.nothing, why.summary]).toEqual(['這段期間沒有逾時的案件。', '為何逾時：這段期間沒有逾時的案件。']);
  const etas = etaBars({ items: [], group_by: 'hour', from: null, to: null, version_in_force: 0 }, asked);
  expect([etas.nothing, etas.summary]).toEqual(['這段期間沒有可比的行車。', '實際減預估，依時段：這段期間沒有可比的行車。']);
});

const month = (name: string, more: Partial<Month> = {}): Month => ({
  ...{ month: name, incidents: 30, measured: 30, within_target: 27, share: 0.9, share_low: 0.8, share_high: 0.95, p50_s: 400, p90_s: 590.4 },
  ...{ limit_low: null, limit_high: null, signal: null, last_year: null, target_share: null, complete: true, ...more },
});
const months = (...items: Month[]) => controlChart({ centre: null, items }, asked);

test('each month stands beside the target of its own year; other groups of several years beside none', () => {
  const low = { share: 0.7, share_high: 0.85 };
  const crossing = { items: [{ ...row('2025-12', 30), ...low, target_share: 0.8 }, { ...row('2026-01', 30), ...low, target_share: 0.9 }], clock: 'received', target_share: null } as unknown as Report;
  const below = (drawing: Drawing) => drawing.marks.map(({ lines }) => lines.some((line) => line.startsWith('▼')));
  expect(below(shareBars(crossing, 'month', asked))).toEqual([false, true]);
  expect(below(shareBars({ ...crossing, clock: 'dispatched' }, 'month', asked))).toEqual([false, false]);
  const stations = crossing.items.map((one) => ({ ...one, target_share: null }));
  expect(below(shareBars({ ...crossing, items: stations }, 'station', asked))).toEqual([false, false]);
  expect(below(shareBars({ ...crossing, items: stations, target_share: 0.9 }, 'station', asked))).toEqual([true, true]);
  const steps = (drawing: Drawing) => (drawing.option(PAPER)['series'] as { name?: string; data: unknown }[]).filter(({ name }) => name === '年度目標').map(({ data }) => data);
  expect(steps(shareBars(crossing, 'month', asked))).toEqual([[0.8, 0.9]]);
  expect(steps(months(month('2025-12', { target_share: 0.8 }), month('2026-01', { target_share: 0.9 })))).toEqual([[0.8, 0.9]]);
  expect(steps(months(month('2026-01', { target_share: 0.9 }), month('2026-02', { target_share: 0.9 })))).toEqual([]);
});

test('the parts of a group add up in one bar, open what they count, and say where each takes longest', () => {
  const part = (mean_s: number, n = 40) => ({ n, p50_s: mean_s - 10, p90_s: mean_s + 100.2, mean_s });
  const one = (group: string, turnout: number, n = 40) => ({ group, handling: part(30), dispatch: part(20), turnout: part(turnout, n), travel: part(200) });
  const drawing = partsBars({ group_by: 'station', items: [one('北興', 60), one('後湖', 90), one('長榮', 900, 3)] }, 'station', asked);
  const series = drawing.option(PAPER)['series'] as { name: string; stack: string; data: number[] }[];
  expect(series.map(({ name, stack, data }) => [name, stack, data[1]])).toEqual([['受理', 'parts', 30], ['派遣', 'parts', 20], ['出動', 'parts', 90], ['行車', 'parts', 200]]);
  expect(drawing.summary).toContain('出動最久的是「後湖」（平均 1:30）');
  expect(drawing.marks[2]?.lines.at(-1)).toMatch(/少於 20 件/);
  expect(drawing.marks[1]?.opens?.filters).toEqual({ station: ['後湖'] });
  const at = drawing.table.heads.indexOf('出動 n');
  expect(drawing.table.rows[1]?.cells[at - 1]?.opens?.pick).toEqual({ part: 'turnout' });
  expect(csvOf(drawing.table)).toMatch(/出動 p90（秒）.*\r\n/);
});

test('months without limits are not said to be within them', () => {
  expect(months(month('2026-10')).summary).toBe('每月管制圖：有案件的月份不到 6 個，還不能畫管制界限。');
  expect(months(month('2026-10', { limit_low: 0.7, limit_high: 1 })).summary).toBe('每月管制圖：各月差異都在正常範圍。');
});

test('the month of a year ago has its n and opens it; the change is a number, the verdict a word of its own', () => {
  const last_year = { month: '2025-10', measured: 41, within_target: 33, share: 0.8, share_low: 0.7, share_high: 0.9, differs: true };
  const { table } = months(month('2026-10', { last_year }), month('2026-11', { share: 0.7, last_year: { ...last_year, month: '2025-11', differs: false } }), month('2026-12'));
  const at = table.heads.indexOf('去年同月 n');
  expect(table.heads.slice(at - 1)).toEqual(['去年同月', '去年同月 n', '與去年同月相差（百分點）', '與去年同月相比', '年度目標']);
  const [then, n, points, verdict] = table.rows[0]?.cells.slice(at - 2) ?? [];
  expect([then?.value, n?.value, points?.value, points?.shown, verdict?.value]).toEqual([0.8, 41, 10, '+10.0', '差異顯著']);
  expect([n?.opens?.days, n?.opens?.pick]).toEqual([{ first: '2025-10-01', last: '2025-10-31' }, { outcome: 'measured' }]);
  expect(table.rows[1]?.cells.slice(at, at + 2).map(({ value, shown }) => [value, shown])).toEqual([[-10, '−10.0'], ['無顯著差異', '無顯著差異']]);
  const file = csvOf(table);
  expect(file).toContain(',0.8,41,10,差異顯著,\r\n');
  expect(file).toContain(',,,,\r\n');
  expect(file).not.toContain("'");
});

test('files have one calendar, and say where they count seconds', () => {
  const { table } = shareBars(report(row('2026-10', 30)), 'month', asked);
  expect(table.rows[0]?.head).toMatchObject({ value: '2026-10', shown: '115-10' });
  expect(headsOf(csvOf(table)).slice(6, 9)).toEqual(['p50（秒）', 'p90（秒）', '平均（秒）']);
  expect(table.heads.slice(6, 9)).toEqual(['p50', 'p90', '平均']);
  expect(headsOf(csvOf(months(month('2026-10')).table))).toEqual(expect.arrayContaining(['p50（秒）', 'p90（秒）']));
  const why = whyLate({ items: [], late: 0 } as unknown as LateReport, asked);
  expect(headsOf(csvOf(why.table))[2]).toBe('超出十分鐘（中位數）（秒）');
  const part = { n: 1, p50_s: 1, p90_s: 2, mean_s: 1.5 };
  expect(headsOf(csvOf(partsTable(asked, { handling: part, dispatch: part, turnout: part, travel: part })))).toEqual(['時間花在哪裡', 'p50（秒）', 'p90（秒）', '平均（秒）', 'n']);
  expect(csvOf(clocksTable(asked, row('all', 25), null))).toContain('九成在此內 p90（秒）,500,\r\n');
});

const group = (key: string, n: number, bias_s: number | null): EtaReport['items'][number] => ({
  ...{ group: key, n, bias_s, mae_s: 65.2, ratio_p10: 0.8, ratio_p50: 1.1, ratio_p90: 1.6, turnout_p50_s: 40 },
  ...{ from_order_n: n, from_order_bias_s: 60 },
});
const etas = (items: EtaReport['items'], of = asked) => etaBars({ items, group_by: 'hour', from: null, to: null, version_in_force: 0 }, of);

test('ETAs: the summary names both ends of what has enough journeys; ratios are headed as ratios, times in seconds', () => {
  const found = etas([group('07', 30, 70), group('08', 40, -20), group('09', 2, 900)]);
  expect(found.summary).toBe('實際減預估，依時段：偏差最高 07–08 +1:10，最低 08–09 −0:20。');
  expect(etas([group('09', 2, 900)]).summary).toBe('實際減預估，依時段：案件少於 20 件，僅供參考');
  const ratios = ['實際 ÷ 預估 p10', '實際 ÷ 預估 p50', '實際 ÷ 預估 p90'];
  expect(headsOf(csvOf(found.table)).slice(2, 9)).toEqual(['偏差（中位數）（秒）', '平均相差（秒）', ...ratios, '出動（秒）', '自派遣起 n']);
});

test('a picture and a file of ETAs say which filters were set; clock and review change no ETA', () => {
  const { of, file } = etas([], { ...asked, filters: { station: ['後湖'] } });
  expect([of, file]).toEqual(['2026-10-26 – 2026-11-24 · 派出所：後湖', 'etas-hour-2026-10-26-2026-11-24-filtered']);
  expect([etas([]).of, etas([]).file]).toEqual(['2026-10-26 – 2026-11-24 · 無篩選，全局', 'etas-hour-2026-10-26-2026-11-24']);
});
