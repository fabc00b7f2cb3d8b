// The table of an answer: a row a group, its range, and what the range rests on; the totals at its foot.

import { changed, inOrder, listOf, view } from "./state.js";
import { make } from "./dom.js";
import { count, dollars, percent, plain, upper } from "./format.js";
import { withValue } from "./filters.js";

const NULLS = { year: "no date of approval", fiscal_year: "no date of approval", set: "in no set", income_group: "no country of its own" };
const COLUMNS = [
  ["In full, $", "amount_usd", (row) => (isStated(row) ? dollars(row.amount_usd) : "not stated")],
  ["Up to, $", null, (row) => (isStated(row) ? dollars(upper(row)) : "")],
  ["Share of in full", "share", (row) => percent(row.share ?? null)],
  ["Of in full: whole projects, $", "whole_project_usd", (row) => dollars(row.whole_project_usd)],
  ["Projects", "projects", (row) => count(row.projects)],
  ["Components", "components", (row) => count(row.components)],
];

/** False where nothing but components without an amount stands: not stated is not zero. */
export function isStated(row) {
  return row.amount_usd !== 0 || row.partial_usd !== 0 || row.components_without_amount === 0;
}

/** The readable name of a row's member of a dimension. */
export function memberOf(row, dimension) {
  const code = row[dimension];
  if (code === null || code === undefined) return NULLS[dimension] ?? "not stated";
  return row[`${dimension}_label`] ?? row[`${dimension}_name`] ?? plain(code);
}

/** The table of a first page. */
export function tableOf(answer, params, names) {
  const grouped = answer.meta.group_by;
  const head = make("tr", {}, grouped.map((name) => header(names(name), name, params, false)),
    COLUMNS.map(([label, sort]) => header(label, sort, params, true)));
  const foot = make("tr", {}, grouped.length ? make("th", { scope: "row", colspan: grouped.length }, "All together") : [],
    COLUMNS.map(([, name, write]) => make("td", { class: "n" }, name === "share" ? "" : write(answer.totals))));
  return [make("thead", {}, head), make("tbody", {}, rowsOf(answer, params)), make("tfoot", {}, grouped.length ? foot : [])];
}

/** The rows of a page. */
export function rowsOf(answer, params) {
  const grouped = answer.meta.group_by;
  return answer.data.map((row) => make("tr", {},
    grouped.map((name, place) => {
      const text = memberOf(row, name);
      const closer = only(params, name, row[name]);
      const inside = closer ? make("a", { href: view(closer), title: `Only ${text}` }, text) : text;
      return place === 0 ? make("th", { scope: "row" }, inside) : make("td", {}, inside);
    }),
    COLUMNS.map(([, , write]) => make("td", { class: "n" }, write(row)))));
}

function header(label, sort, params, isNumber) {
  const attributes = { scope: "col", class: isNumber && "n" };
  if (!sort) return make("th", attributes, label);
  const [key] = listOf(inOrder(params), "sort");
  const now = key === sort ? "ascending" : key === `-${sort}` ? "descending" : null;
  const falls = now === "ascending" || (now === null && isNumber);
  const next = view(changed(params, { sort: falls ? `-${sort}` : sort }));
  return make("th", { ...attributes, "aria-sort": now }, make("button", { type: "button", "data-view": next }, label));
}

/** The question narrowed to one member; grouped by that alone, it turns to places, or from places to categories. */
function only(params, dimension, code) {
  if (code === null || code === undefined) return null;
  let next;
  if (dimension === "year") next = changed(params, { year_from: String(code), year_to: String(code) });
  else if (dimension === "fiscal_year") next = changed(params, { year_from: String(code), year_to: String(code), year_basis: "fiscal" });
  else next = withValue(changed(params, { [dimension]: "" }), dimension, String(code));
  if (listOf(params, "group_by").length === 1) {
    next = changed(next, { group_by: ["country", "region"].includes(dimension) ? "category" : "country", sort: "-amount_usd", chart: "bar" });
  }
  return next;
}
