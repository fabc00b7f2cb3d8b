// The question that the page shows, kept in the address in the API's own words. Two more say how it is drawn.

export const PICTURE = ["chart", "scale"];
export const YEARS = ["year", "fiscal_year"];
const OF_FILES = ["limit", "cursor", "fields", "format"]; // a view has all rows and its own columns
const OF_TRACKERS = /^(utm_.*|fbclid|gclid)$/; // what social media and mail add to links that are shared
export const LARGEST_FIRST = "-amount_usd,-partial_usd";
const OF_GROUPS = ["group_by", "sort", "basis", "fill"];

/** The parameters of an address's query, as `?group_by=category,year`, without those that only shape a file or follow readers. */
export function read(search) {
  const params = new URLSearchParams(search);
  for (const name of [...params.keys()]) if (OF_FILES.includes(name) || OF_TRACKERS.test(name)) params.delete(name);
  return params;
}

/** Write parameters as a query. Commas part values in the API and may be read as they are. */
export function write(params) {
  return params.toString().replaceAll("%2C", ",");
}

const withCommas = new Map(); // parameter → those of its values that hold commas, in small letters

/** Learn the values of a parameter, so that one that holds a comma is read as one. */
export function learn(name, values) {
  withCommas.set(name, new Set(values.map((one) => String(one).toLowerCase()).filter((one) => one.includes(","))));
}

/** The values of a parameter that takes several: repeated, or parted by commas, as the API reads them. */
export function listOf(params, name) {
  const isOne = (text) => withCommas.get(name)?.has(text.trim().toLowerCase());
  return params.getAll(name).flatMap((text) => isOne(text) ? [text] : text.split(",")).map((one) => one.trim()).filter(Boolean);
}

/** A copy with some parameters set anew; nothing, or an empty list, takes one away. */
export function changed(params, changes) {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    const values = Array.isArray(value) ? value : [value];
    const texts = values.some((one) => String(one).includes(",")) ? values : [values.join(",")]; // else they would be cut
    next.delete(name);
    for (const text of texts.filter(Boolean)) next.append(name, text);
  }
  return tidy(next);
}

/** Take away what the API would refuse because something else went: what needs a dimension that is not grouped by. */
function tidy(params) {
  const grouped = listOf(params, "group_by");
  const dimensions = [...document.querySelectorAll('[name="group_by"] option')].map((option) => option.value);
  const sort = listOf(params, "sort").filter((key) => {
    const column = key.replace(/^-/, "");
    return grouped.includes(column) || !dimensions.includes(column);
  });
  params.delete("sort");
  if (sort.length) params.set("sort", sort.join(","));
  if (YEARS.every((name) => grouped.includes(name)) || !grouped.includes(params.get("fill"))) params.delete("fill");
  if (params.get("chart") === "line" && !grouped.some((name) => YEARS.includes(name))) params.delete("chart");
  if (params.get("prices") !== "constant") params.delete("base_year");
  return params;
}

/** The query that the API is asked for the rows of a question. */
export function spendQuery(params) {
  const query = new URLSearchParams(params);
  for (const name of PICTURE) query.delete(name);
  return query;
}

/** The question with the order of its rows: the one asked for, else the largest first, as the picture has them. Years follow each
 * other, and rows of several dimensions stand by their members. Nothing else of it changes: what is wrong with it is for the API to say. */
export function inOrder(params) {
  const grouped = new Set(listOf(params, "group_by").map((one) => one.toLowerCase()));
  if (params.has("sort") || grouped.size !== 1 || YEARS.some((name) => grouped.has(name))) return params;
  const query = new URLSearchParams(params);
  query.set("sort", LARGEST_FIRST);
  return query;
}

/** The filters of a question, for paths that list what lies behind it. */
export function filterQuery(params) {
  const query = spendQuery(params);
  for (const name of OF_GROUPS) query.delete(name);
  return query;
}

/** The path under which the service lies, without a slash at its end. */
export const ROOT = document.body.dataset.root;

/** The address of a path of the API with a query. */
export function address(path, params) {
  const query = write(params);
  return `${ROOT}${path}${query ? `?${query}` : ""}`;
}

/** The address of this page with another question. */
export function view(params) {
  return `${ROOT}/?${write(params)}`;
}
