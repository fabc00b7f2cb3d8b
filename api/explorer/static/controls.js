// The controls for grouping, counting and drawing: shown as the question is, and turned into the next one.

import { changed, listOf, YEARS } from "./state.js";
import { find } from "./dom.js";

const DEFAULTS = { basis: "component", measure: "commitment", prices: "current" };
const LAST_FULL_YEAR_OF_PRICES = "2023";

/** Set every control to what the question says. */
export function showControls(params) {
  const form = find("#builder");
  const grouped = listOf(params, "group_by");
  for (const select of form.querySelectorAll('[name="group_by"]')) {
    const place = Number(select.dataset.place);
    select.value = grouped[place] ?? "";
    select.closest("label").hidden = place > grouped.length;
  }
  for (const name of ["basis", "measure", "prices"]) form.elements[name].value = params.get(name) ?? DEFAULTS[name];
  form.elements.base_year.value = params.get("base_year") ?? "";
  find("#base-year-label").hidden = params.get("prices") !== "constant";
  const year = grouped.find((name) => YEARS.includes(name));
  find("#fill-label").hidden = !year;
  form.elements.fill.checked = params.get("fill") === year;
  choose(form, "chart", params.get("chart") ?? "");
  choose(form, "scale", params.get("scale") ?? "linear");
  for (const radio of form.querySelectorAll('[name="scale"][value="log"]')) radio.disabled = params.get("chart") === "stacked";
}

function choose(form, name, value) {
  for (const radio of form.querySelectorAll(`[name="${name}"]`)) radio.checked = radio.value === value;
}

/** Let the controls turn the question: `current` gives it, `go` takes the next. */
export function letTurn(current, go) {
  const form = find("#builder");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => {
    const { name, value } = event.target;
    if (name === "group_by") go(changed(current(), { group_by: grouping(form) }));
    else if (name === "fill") go(changed(current(), { fill: event.target.checked ? yearOf(form) : "" }));
    else if (name === "prices") go(changed(current(), { prices: value === "constant" ? value : "", base_year: LAST_FULL_YEAR_OF_PRICES }));
    else if (name === "chart" && value === "stacked") go(changed(current(), { chart: value, scale: "linear" }));
    else if (name) go(changed(current(), { [name]: value === DEFAULTS[name] ? "" : value }));
  });
}

function grouping(form) {
  return [...new Set([...form.querySelectorAll('[name="group_by"]')].map((select) => select.value).filter(Boolean))];
}

const yearOf = (form) => grouping(form).find((name) => YEARS.includes(name));
