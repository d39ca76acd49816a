// The page's own font, in which the map writes too. Kept apart from the map library, which what is eager must not pull in.

export const FONT = 'Noto Sans TC Variable';
/** How much larger everything is than on a laptop; the page's own font size says it. */
export const screenScale = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 15;
