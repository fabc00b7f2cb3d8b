// The rows of money that an answer is the sum of, with ways to the pages that say why each is counted.

import { address, filterQuery, LARGEST_FIRST, ROOT } from "./state.js";
import { ask } from "./api.js";
import { find, make } from "./dom.js";
import { membersOf } from "./filters.js";
import { counted, dollars, plain, upper } from "./format.js";

const PAGE = 10;
const LOW_CONFIDENCE = 0.7; // below it a verdict is doubtful, as on the pages of rows
const TITLES = { project: "The whole project" }; // its stored title says the project's name again

const OF_WHOLE_PROJECTS = "These are components' own amounts; the answer above counts the whole projects that they belong to.";

/** Show the largest rows behind a question. */
export async function showBehind(params, signal) {
  const query = filterQuery(params);
  query.set("sort", LARGEST_FIRST);
  query.set("limit", String(PAGE));
  const answer = await ask(address("/v1/components", query), signal);
  const labels = new Map((await membersOf("category")).map((one) => [one.value, one.label]));
  const body = make("tbody", {}, rowsOf(answer, labels));
  const table = make("table", {},
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Row, and its project"), make("th", { scope: "col" }, "Counted as"),
      make("th", { scope: "col", class: "n" }, "In full, $"), make("th", { scope: "col", class: "n" }, "Up to, $"),
      make("th", { scope: "col" }, "Year"))), body);
  const whole = params.get("basis") === "project" ? [make("p", { class: "note" }, OF_WHOLE_PROJECTS)] : [];
  find("#behind-rows").replaceChildren(
    ...whole,
    make("div", { class: "scroll", role: "region", "aria-label": "Table of the rows behind it", tabindex: "0" }, table),
    make("p", {}, further(answer, body, labels, signal)));
  find("#behind").hidden = false;
}

/** A button for the next page, as long as there is one. */
function further(answer, body, labels, signal) {
  const left = answer.totals.rows - body.rows.length;
  if (!answer.links.next) return answer.totals.rows === 1 ? "The one row is shown." : `All ${counted(answer.totals.rows, "row", "rows")} are shown.`;
  const button = make("button", { type: "button" }, `Show more of the other ${left}`);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const next = await ask(`${ROOT}/v1/components${new URL(answer.links.next).search}`, signal);
      body.append(...rowsOf(next, labels));
      button.replaceWith(further(next, body, labels, signal));
    } catch (error) {
      if (signal.aborted) return;
      button.disabled = false;
      button.textContent = `${error.message} Try again`;
    }
  });
  return button;
}

/** What a reader must know of a row before its amount: that its verdict is doubtful, that its source is a copy. */
function marks(row) {
  const said = [row.confidence < LOW_CONFIDENCE && "doubtful", row.source_id === "secondary-copies" && "from a secondary copy"].filter(Boolean);
  return said.length ? make("span", { class: "note" }, said.join(", ")) : [];
}

function rowsOf(answer, labels) {
  return answer.data.map((row) => make("tr", {},
    make("th", { scope: "row" }, make("a", { href: `${ROOT}/components/${row.component_id}` }, TITLES[row.granularity] ?? row.title),
      make("span", { class: "note" }, make("a", { href: `${ROOT}/projects/${row.project_id}` }, row.project_name), ` (${row.project_id})`)),
    make("td", {}, row.categories.map((code) => labels.get(code) ?? plain(code)).join(", "), marks(row)),
    make("td", { class: "n" }, dollars(row.amount_usd)),
    make("td", { class: "n" }, row.amount_usd === null ? "" : dollars(upper(row))),
    make("td", {}, row.year ?? "–")));
}
