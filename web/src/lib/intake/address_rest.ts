// What was typed behind a house number - floor, room - belongs to the address, though no map has it. Pure.

/** 3樓之2 of 中山路100號3樓之2; empty where nothing stands there. */
export function afterHouseNumber(typed: string): string {
  const found = /號(.*)$/u.exec(typed.normalize('NFKC').trim());
  const rest = found?.[1]?.trim() ?? '';
  return /^[之\-\d]+$/u.test(rest) ? '' : rest;
}
