// What consoles make of recorded frames: node reduce_frames.mjs < LISTS (JSON: of each console its frames as texts).
// Runs the very reducer of the screens and prints what each holds then, and where it had to ask for a snapshot.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const web = createRequire(new URL('../../web/package.json', import.meta.url));
const { default: ts } = await import(web.resolve('typescript'));
const source = readFileSync(new URL('../../web/src/lib/feed/state.ts', import.meta.url), 'utf8');
const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };
const { outputText } = ts.transpileModule(source, { compilerOptions: options });
const { apply, NOTHING } = await import(`data:text/javascript,${encodeURIComponent(outputText)}`);

/** A position comes by two roads that write its time differently; where it is tells one fix from another. */
const placed = ({ position, ...unit }) => ({
  ...unit,
  position: position && { lat: position.lat, lon: position.lon },
});

function reduced(frames) {
  let state = NOTHING;
  const gaps = [];
  for (const [at, frame] of frames.entries()) {
    const step = apply(state, JSON.parse(frame));
    state = step.state;
    if (step.gap) gaps.push(at);
  }
  const units = Object.fromEntries([...state.units].map(([id, unit]) => [id, placed(unit)]));
  const { incidents, alarms, suggestions } = state;
  const rest = Object.entries({ incidents, alarms, suggestions }).map(([name, held]) => [name, Object.fromEntries(held)]);
  return { seq: state.seq, gaps, shown: { units, ...Object.fromEntries(rest) } };
}
process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(reduced)));
