// How amounts are written for the eye, as on the pages that come ready from the server.

const SCALES = [[1e9, "bn", 2], [1e6, "m", 1], [1e3, "k", 0]];
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** $12.90 bn, $110.0 m, $480 k, $0. */
export function short(dollars) {
  for (const [size, name, digits] of SCALES) {
    if (Math.abs(dollars) >= size) {
      const shown = new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
      return `$${shown.format(dollars / size)} ${name}`;
    }
  }
  return `$${whole.format(dollars)}`;
}

/** An amount in whole dollars, for columns. */
export const dollars = (amount) => (amount === null ? "not stated" : whole.format(amount));

/** The upper end of a range, summed in cents. */
export const upper = (row) => (Math.round(row.amount_usd * 100) + Math.round(row.partial_usd * 100)) / 100;

export const count = (number) => whole.format(number);

/** A part of a whole, 0.02 %; of less than can be seen so it says that it is not nothing. */
export function percent(share) {
  if (share === null) return "–";
  return share > 0 && share < 0.00005 ? "< 0.01 %" : `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`;
}

/** A count with its noun. */
export const counted = (number, one, many) => `${count(number)} ${number === 1 ? one : many}`;

/** A code as words. */
export const plain = (code) => String(code).replaceAll("_", " ");
