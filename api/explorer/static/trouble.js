// What to show where an answer is missing: what is wrong, how to put it right, or why there is nothing.

import { address, changed, listOf, spendQuery, view } from "./state.js";
import { applied, dimensionOf, memberName, without } from "./filters.js";
import { ask } from "./api.js";
import { find, make } from "./dom.js";
import { counted } from "./format.js";

/** Show nothing. */
export function noTrouble() {
  find("#trouble").replaceChildren();
}

/** What went wrong, in a few words. */
export function titleOf(trouble) {
  return trouble.kind === "wrong" ? "This question cannot be answered" : "No answer came";
}

/** Say what went wrong: with corrections for a wrong question, with another try for a failing service. */
export function showTrouble(trouble, params, again) {
  const parts = [make("h4", {}, titleOf(trouble))];
  const items = trouble.problem?.errors ?? [];
  if (items.length) parts.push(make("ul", {}, items.map((item) => errorLine(item, params))));
  else parts.push(make("p", {}, trouble.message));
  if (trouble.problem?.type?.endsWith("/nothing-loaded")) {
    parts.push(make("p", {}, "One command loads the bundled data set: ", make("code", {}, "make load")));
  }
  if (trouble.kind !== "wrong") parts.push(make("p", {}, make("button", { type: "button", onclick: again }, "Try again")));
  if (trouble.problem?.request_id) parts.push(make("p", { class: "note" }, `Request ${trouble.problem.request_id}`));
  find("#trouble").replaceChildren(...parts);
}

/** One thing that is wrong, with links that put it right. */
export function errorLine(item, params) {
  const line = make("li", {}, `${item.message}. `);
  if (item.suggestion) line.append("Did you mean ", correction(params, item, item.suggestion), "? ");
  if (params.has(item.parameter)) {
    const left = listOf(params, item.parameter).filter((one) => one !== item.value);
    line.append(make("a", { href: view(changed(params, { [item.parameter]: left })) }, "Leave it out"), ".");
  }
  const isName = !params.has(item.parameter) || item.message.startsWith("there is no parameter");
  if (item.allowed?.length && !isName) {
    const links = item.allowed.flatMap((one) => [" ", correction(params, item, one)]);
    line.append(make("details", { class: "allowed" }, make("summary", {}, "What is allowed"), make("p", {}, links)));
  }
  return line;
}

/** A link that takes a suggestion. It tells the name of a code as soon as that is here. */
function correction(params, item, suggestion) {
  const link = make("a", { href: view(corrected(params, { ...item, suggestion })) }, suggestion);
  const dimension = params.has(item.parameter) && dimensionOf(item.parameter);
  if (dimension) memberName(dimension, suggestion).then((name) => { if (name && name !== suggestion) link.textContent = `${name} (${suggestion})`; });
  return link;
}

/** The question with a suggestion taken: another value, another name of the parameter, or parameters as `a=b&c=d`. */
export function corrected(params, { parameter, value, suggestion, allowed, message = "" }) {
  if (suggestion.includes("=")) {
    const meant = new URLSearchParams(suggestion);
    if (!allowed?.length) return changed(params, Object.fromEntries(meant));
    // A value that its own parameter never takes joins those of the other one.
    const joined = [...meant].map(([name, other]) => [name, [...listOf(params, name), other]]);
    const left = listOf(params, parameter).filter((one) => one !== value);
    return changed(params, { [parameter]: left, ...Object.fromEntries(joined) });
  }
  if (message.startsWith("there is no parameter")) {
    return changed(params, { [parameter]: "", [suggestion]: params.getAll(parameter) });
  }
  const values = listOf(params, parameter);
  const place = values.findIndex((one) => one === value);
  return changed(params, { [parameter]: place < 0 ? suggestion : values.toSpliced(place, 1, suggestion) });
}

/** Say why a question has no rows: what each of its filters takes away, counted by the API. */
export async function explainEmpty(params, signal) {
  const filters = await applied(params);
  const box = find("#trouble");
  box.replaceChildren(make("h4", {}, "No project matches all of this"));
  if (!filters.length) {
    box.append(make("p", {}, "Nothing in the data counts under this basis and measure."));
    return;
  }
  const asked = filters.slice(0, 6).map(async (one) => {
    const next = without(params, one);
    const query = spendQuery(changed(next, { group_by: "", sort: "", fill: "" }));
    const answer = await ask(address("/v1/spend", query), signal);
    return { one, next, projects: answer.totals.projects };
  });
  const found = (await Promise.allSettled(asked)).filter((one) => one.status === "fulfilled").map((one) => one.value);
  if (signal.aborted) return;
  const useful = found.filter((one) => one.projects > 0);
  if (useful.length) {
    box.append(make("ul", {}, useful.map(({ one, next, projects }) =>
      make("li", {}, make("a", { href: view(next) }, `Without ${one.label}: ${one.text}`), `, ${counted(projects, "project", "projects")}`))));
  } else {
    const none = filters.reduce((left, one) => without(left, one), params);
    box.append(make("p", {}, "No single filter is the reason. ", make("a", { href: view(none) }, "Leave all of them out"), "."));
  }
  box.append(make("p", { class: "note" }, "Empty is not zero: what is loaded of which place, year and source says ",
    make("a", { href: address("/v1/availability", new URLSearchParams()) }, "/v1/availability"), "."));
}
