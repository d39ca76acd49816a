// Finds words that a component shows without asking the texts for them: those stay in one language for ever.
import { parse } from 'svelte/compiler';

interface Node {
  type: string;
  [member: string]: unknown;
}

/** Attributes that somebody reads or hears. */
const READ = new Set(['aria-label', 'aria-description', 'aria-valuetext', 'alt', 'label', 'placeholder', 'title']);
/** The same in every language: units and names. */
const SIGNS = /\b(?:km\/h|km|CSV|JSON|PNG|SVG|SHA-256|ETA|GPS|SOS|OpenStreetMap)\b/g;
const WORD = /\p{Script=Han}|\p{L}{2,}/u;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value;
const listOf = (value: unknown): Node[] => (Array.isArray(value) ? value : [value]).filter(isNode);
const saysWords = (text: string) => WORD.test(text.replace(SIGNS, ''));

/** The texts that an expression may give as it stands: a literal, a template, either branch of a choice. */
function given(expression: Node): string[] {
  const parts = (...members: string[]) => members.flatMap((member) => listOf(expression[member]).flatMap(given));
  switch (expression.type) {
    case 'Literal':
      return typeof expression['value'] === 'string' ? [expression['value']] : [];
    case 'TemplateLiteral':
      return parts('quasis', 'expressions');
    case 'TemplateElement':
      return [(expression['value'] as { cooked?: string }).cooked ?? ''];
    case 'ConditionalExpression':
      return parts('consequent', 'alternate');
    case 'LogicalExpression':
      return parts('right', ...(expression['operator'] === '&&' ? [] : ['left']));
    case 'BinaryExpression':
      return expression['operator'] === '+' ? parts('left', 'right') : [];
    default:
      return [];
  }
}

function within(value: unknown, found: string[]): void {
  if (Array.isArray(value)) value.forEach((item) => within(item, found));
  if (!isNode(value)) return;
  if (value.type === 'Text') found.push(String(value['data']));
  else if (value.type === 'ExpressionTag') found.push(...given(value['expression'] as Node));
  else if (value.type === 'Attribute') {
    if (READ.has(String(value['name']))) within(value['value'], found);
  } else if (value.type === 'RegularElement' && value['name'] === 'kbd') return;
  else for (const [member, item] of Object.entries(value)) if (member !== 'expression') within(item, found);
}

/** Han letters in the strings of a script: words kept where no translation reaches them. */
function inScript(value: unknown, found: string[]): void {
  if (Array.isArray(value)) value.forEach((item) => inScript(item, found));
  else if (isNode(value)) {
    if (value.type === 'Literal' || value.type === 'TemplateElement') {
      found.push(...given(value).filter((text) => /\p{Script=Han}/u.test(text)));
    } else for (const [member, item] of Object.entries(value)) if (!/omments$/.test(member)) inScript(item, found);
  }
}

/** The hard-coded words of one component's source. */
export function visibleWords(source: string): string[] {
  const root = parse(source, { modern: true });
  const found: string[] = [];
  within(root.fragment, found);
  inScript(root.instance?.content, found);
  inScript(root.module?.content, found);
  return found.map((text) => text.trim()).filter(saysWords);
}
