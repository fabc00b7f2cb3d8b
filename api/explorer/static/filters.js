// The filters that apply, as chips, and the row of controls that adds one. Which there are the page's form says.

import { changed, learn, listOf, ROOT, view } from "./state.js";
import { ask } from "./api.js";
import { find, make } from "./dom.js";
import { plain } from "./format.js";

const CONTROLS = ["group_by", "basis", "measure", "prices", "base_year", "chart", "scale", "sort", "fill", "limit", "cursor", "fields", "format"];
const WHOLE = {
  category: ["/v1/categories", "code", "label"],
  country: ["/v1/countries", "code", "name"],
  region: ["/v1/countries", "region_code", "region"],
}; // where also those stand that no row loaded has
const GAP = /^no (?:row loaded (?:has|of)|project loaded has a record of) (\w+) /; // whose members it then lists
const MEMBERS = /( loaded (?:has a record of|has|of) \w+ |; of )([^\s:,;]+(?:, [^\s:,;]+)*)/g;
const lists = new Map(); // path → promise of what it lists

/** What the form says of each filter. */
function choices() {
  const found = new Map();
  for (const option of document.querySelectorAll("#filter-name option")) {
    found.set(option.value, { ...option.dataset, label: option.textContent, many: option.dataset.many === "yes" });
  }
  return found;
}

/** What a path lists, asked for once. */
function listed(path) {
  if (!lists.has(path)) {
    const never = new AbortController().signal;
    const asked = ask(`${ROOT}${path}`, never).then((answer) => answer.data);
    lists.set(path, asked.catch(() => { lists.delete(path); return []; }));
  }
  return lists.get(path);
}

/** The members of a dimension that rows have. */
export async function membersOf(dimension) {
  const members = await listed(`/v1/dimensions/${dimension}/values`);
  learn(dimension, members.map((one) => one.value));
  return members;
}

/** The readable name of a member, whether a row has it or not; nothing where it has none. */
export async function memberName(dimension, value) {
  const same = (code) => String(code).toLowerCase() === value.toLowerCase();
  const member = (await membersOf(dimension)).find((one) => same(one.value));
  if (member || !WHOLE[dimension]) return member?.label;
  const [path, code, name] = WHOLE[dimension];
  return (await listed(path)).find((one) => same(one[code]))?.[name];
}

/** A warning of the API with the names of the members whose codes it tells. */
export async function named(warning) {
  const dimension = warning.match(GAP)?.[1];
  if (!dimension) return warning;
  const codes = [...warning.matchAll(MEMBERS)].flatMap(([, , list]) => list.split(", "));
  const names = new Map(await Promise.all(codes.map(async (code) => [code, (await memberName(dimension, code)) ?? code])));
  return warning.replace(MEMBERS, (_, before, list) => before + list.split(", ").map((code) => names.get(code)).join(", "));
}

/** The dimension whose members a filter takes, if any. */
export const dimensionOf = (name) => choices().get(name)?.dimension;

/** Each filter that applies: its parameter, its value, and both in words. */
export async function applied(params) {
  const known = choices();
  const found = [];
  for (const name of new Set(params.keys())) {
    if (CONTROLS.includes(name)) continue;
    const choice = known.get(name);
    if (choice?.dimension) await membersOf(choice.dimension); // which says what its values are
    for (const value of choice?.many ? listOf(params, name) : params.getAll(name)) {
      const member = choice?.dimension ? await memberName(choice.dimension, value) : undefined;
      found.push({ name, value, label: choice?.label ?? name, text: member ?? (choice?.values ? plain(value) : value) });
    }
  }
  return found;
}

/** The question without one value of one filter. */
export function without(params, { name, value }) {
  const many = choices().get(name)?.many;
  return changed(params, { [name]: many ? listOf(params, name).filter((one) => one !== value) : "" });
}

/** The question with one more value of a filter; where it takes a single one, that is replaced. */
export function withValue(params, name, value) {
  const many = choices().get(name)?.many;
  return changed(params, { [name]: many ? [...new Set([...listOf(params, name), value])] : value });
}

/** Show the filters that apply. */
export function showChips(params, found) {
  const chips = found.map((one) =>
    make("li", {}, make("span", {}, `${one.label}: ${one.text}`),
      make("button", { type: "button", "data-view": view(without(params, one)), "aria-label": `Without ${one.label}: ${one.text}` }, "×")));
  find("#chips").replaceChildren(...chips);
}

/** Let the controls add filters: `current` gives the question, `go` takes the next. */
export function letFilter(current, go) {
  const name = find("#filter-name");
  const value = find("#filter-value");
  let byLabel = new Map();
  const offer = async () => {
    const choice = choices().get(name.value);
    value.value = "";
    value.type = choice.type;
    value.step = "any";
    find("#filter-hint").textContent = choice.dimension ? `${choice.hint} Names will do.` : choice.hint;
    find("#filter-values").replaceChildren();
    const listed = choice.dimension
      ? await membersOf(choice.dimension)
      : choice.values.split(",").filter(Boolean).map((one) => ({ value: one, label: plain(one) }));
    if (choices().get(name.value).label !== choice.label) return; // another was chosen meanwhile
    byLabel = new Map(listed.map((one) => [one.label.toLowerCase(), one.value]));
    find("#filter-values").replaceChildren(...listed.map((one) => make("option", { value: one.label })));
  };
  const add = () => {
    const text = value.value.trim();
    if (!text) return value.focus();
    go(withValue(current(), name.value, byLabel.get(text.toLowerCase()) ?? text));
    value.value = "";
    value.focus();
  };
  name.addEventListener("change", offer);
  find("#filter-add").addEventListener("click", add);
  value.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); add(); }
  });
  find("#chips").addEventListener("click", (event) => {
    const button = event.target.closest("[data-view]");
    if (button) { go(new URL(button.dataset.view, location.href).searchParams); value.focus(); }
  });
  offer();
}
