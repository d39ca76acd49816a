// The two marks: this car as an arrow, the job as a pin with its priority. Elements of the page, not of the drawn map.
const SVG = 'http://www.w3.org/2000/svg';

function drawing(size: number, shapes: readonly [path: string, className: string][]): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 48 48');
  svg.setAttribute('width', String(size));
  svg.setAttribute('height', String(size));
  for (const [d, className] of shapes) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    path.setAttribute('class', className);
    svg.append(path);
  }
  return svg;
}

function mark(className: string, svg: SVGSVGElement): HTMLElement {
  const element = document.createElement('div');
  element.className = className;
  element.setAttribute('aria-hidden', 'true');
  element.append(svg);
  return element;
}

export const carMark = () => mark('car-mark', drawing(56, [['M24 3 40 43 24 34 8 43z', 'shape']]));

export function jobMark(priority: number): HTMLElement {
  const svg = drawing(60, [['M8 3h32a5 5 0 0 1 5 5v22a5 5 0 0 1-5 5H31l-7 11-7-11H8a5 5 0 0 1-5-5V8a5 5 0 0 1 5-5z', 'shape']]);
  const text = document.createElementNS(SVG, 'text');
  text.setAttribute('x', '24');
  text.setAttribute('y', '29');
  text.textContent = String(priority);
  svg.append(text);
  return mark(priority === 1 ? 'job-mark urgent' : 'job-mark', svg);
}
