// Page numbers and a line at the foot of each printed page, where the browser can: they are text of a style sheet.

const quoted = (text: string) => JSON.stringify(text);

/** An attachment: while the element is there, printed pages carry `line` and their number. */
export const pageNumbers = (line: string) => () => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`@page {
    @bottom-left { content: ${quoted(line)}; font: 8pt 'Noto Sans TC Variable', sans-serif; color: #000; }
    @bottom-right { content: counter(page) " / " counter(pages); font: 8pt 'Noto Sans TC Variable', sans-serif; color: #000; }
  }`);
  document.adoptedStyleSheets.push(sheet);
  return () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
  };
};
