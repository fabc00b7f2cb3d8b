// The explorer: one question in the address, asked of the public API, shown as words, picture, table and code.

import { address, inOrder, listOf, read, ROOT, spendQuery, view } from "./state.js";
import { ask, Trouble } from "./api.js";
import { applied, letFilter, named, showChips } from "./filters.js";
import { letTurn, showControls } from "./controls.js";
import { isStated, rowsOf, tableOf } from "./table.js";
import { showBehind } from "./behind.js";
import { errorLine, explainEmpty, noTrouble, showTrouble, titleOf } from "./trouble.js";
import { letCopy, showCode } from "./code.js";
import { onChange, showChart } from "./chart.js";
import { counted, short, upper } from "./format.js";
import { find, make } from "./dom.js";

const PAGE = 50; // rows of the table that are shown at once
const SLOW = 2_000; // milliseconds after which the page says that it still waits
let question;
let asking = new AbortController();

/** Whether the address holds a question of its own. */
const shared = () => read(location.search).toString() !== "";

/** The question of the address, or the first one where it holds none. */
const current = () => read(shared() ? location.search : find("#explore").dataset.first);

/** Go on to another question, which the address then names. */
function go(next) {
  history.pushState(null, "", view(next));
  show();
}

const nameOf = (dimension) => find(`[name="group_by"] option[value="${CSS.escape(dimension)}"]`)?.textContent ?? dimension;

/** Answer the question of the address. */
async function show() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  question = current();
  if (location.search.length > 1) history.replaceState(null, "", `${view(question)}${location.hash}`); // the address says what is shown
  showControls(question);
  showCode(question);
  for (const link of document.querySelectorAll(".presets a")) {
    const same = `${link.pathname}${link.search}` === view(question);
    if (same) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
  }
  find("#answer").classList.add("asking");
  const slow = setTimeout(() => say("Still asking the service…"), SLOW);
  try {
    await Promise.all([showNames(question, signal), showAnswer(question, signal, () => clearTimeout(slow))]);
  } catch (error) {
    if (signal.aborted) return;
    clear();
    const trouble = error instanceof Trouble ? error : new Trouble("failed", `The page failed: ${error.message}`);
    showTrouble(trouble, question, show);
    say(`${titleOf(trouble)}: ${trouble.message}`, "unseen"); // the same stands below, with ways out
  } finally {
    clearTimeout(slow);
    if (!signal.aborted) find("#answer").classList.remove("asking");
  }
}

/** Whether rows count that serve no migration: they do where they are asked for, by relevance or as the page says the API takes it. */
function hasOthers(params) {
  const relevance = listOf(params, "relevance");
  if (relevance.length) return relevance.includes("none");
  const forAll = new URLSearchParams(find("#explore").dataset.forAll);
  return [...forAll].some(([name, value]) => listOf(params, name).includes(value));
}

/** The question in words: heading, title of the window, chips. */
async function showNames(params, signal) {
  const filters = await applied(params);
  if (signal.aborted) return;
  showChips(params, filters);
  const grouped = listOf(params, "group_by").map((name) => nameOf(name).toLowerCase());
  const measure = { cost: "Cost", disbursement: "Disbursements" }[params.get("measure")] ?? "Commitments";
  const by = grouped.length ? ` by ${grouped.join(", ")}` : ", all together";
  const title = `${measure}${hasOthers(params) ? "" : " for migration"}${by}`;
  find("#answer-title").textContent = title;
  document.title = `${title} · Migration finance`;
}

/** Words, table and what lies behind; `arrived` is called as soon as the rows are there, before the picture is. */
async function showAnswer(params, signal, arrived) {
  const query = spendQuery(inOrder(params));
  query.set("limit", String(PAGE));
  const answer = await ask(address("/v1/spend", query), signal);
  arrived();
  noTrouble();
  if (!answer.totals.projects) {
    clear();
    say("Nothing matches.");
    await explainEmpty(params, signal);
    return;
  }
  say(sentence(answer));
  find("#result").hidden = false;
  find("#rows").replaceChildren(...tableOf(answer, params, nameOf));
  find("#more").replaceChildren(...further(answer, params, signal));
  await Promise.all([showWarnings(answer.meta.warnings, signal), draw(params, signal), showBehind(params, signal).catch((error) => leaveOut("#behind", error, signal))]);
}

async function showWarnings(warnings, signal) {
  const texts = await Promise.all(warnings.map(named));
  if (signal.aborted) return;
  find("#warnings ul").replaceChildren(...texts.map((text) => make("li", {}, text)));
  find("#warnings").hidden = !texts.length;
}

/** Draw the picture; without it the table still answers. */
async function draw(params, signal) {
  try {
    await showChart(params, signal);
  } catch (error) {
    if (signal.aborted) return;
    const ways = error.kind === "wrong" && error.problem?.errors?.length
      ? make("ul", {}, error.problem.errors.map((item) => errorLine(item, params)))
      : make("p", {}, `${error.message} `, make("button", { type: "button", onclick: () => draw(params, signal) }, "Try again"));
    find("#chart").replaceChildren(make("div", { class: "box" }, make("h4", {}, "No picture of this"), ways));
    find("#mark").hidden = true;
    find("#picture").hidden = false;
  }
}

function leaveOut(part, error, signal) {
  if (!signal.aborted) find(part).hidden = true;
}

/** The totals in words; an upper end that reads like the lower one is left out. */
function sentence({ totals, meta }) {
  const [low, high] = [short(totals.amount_usd), short(upper(totals))];
  const more = high === low ? "" : `, up to ${high} with what counts in part`;
  const range = isStated(totals) ? `${low} in full${more}` : "No amount is stated";
  const sums = meta.additive ? "" : " The rows overlap and do not sum to this.";
  return `${range}: ${counted(totals.projects, "project", "projects")}, ${counted(totals.rows, "row", "rows")}.${sums}`;
}

/** A button for the next page of the table, as long as there is one. */
function further(answer, params, signal) {
  if (!answer.links.next) return [];
  const shown = find("#rows tbody").rows.length;
  const button = make("button", { type: "button" }, `Show more of the other ${counted(answer.totals.rows - shown, "row", "rows")}`);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const next = await ask(`${ROOT}/v1/spend${new URL(answer.links.next).search}`, signal);
      find("#rows tbody").append(...rowsOf(next, params));
      find("#more").replaceChildren(...further(next, params, signal));
    } catch (error) {
      if (signal.aborted) return;
      button.disabled = false;
      button.textContent = `${error.message} Try again`;
    }
  });
  return [button];
}

function clear() {
  find("#result").hidden = true;
  find("#behind").hidden = true;
}

/** Put words above the answer, which screen readers read out; `look` is their class. */
function say(text, look = "") {
  find("#sentence").className = look;
  if (find("#sentence").textContent !== text) find("#sentence").textContent = text;
}

/** Links to other questions change the page in place; everything else is left to the browser. */
function followHere(event) {
  const link = event.target.closest("a[href], [data-view]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button || link.closest("#chips")) return;
  const target = new URL(link.dataset.view ?? link.href, location.href);
  if (target.origin !== location.origin || target.pathname !== `${ROOT}/` || !target.search || target.hash) return;
  event.preventDefault();
  const inAnswer = link.closest("#rows, #trouble, #chart, .cards");
  go(target.searchParams);
  if (inAnswer) {
    find("#answer").focus({ preventScroll: true }); // by itself it brings the middle of a long answer into sight
    find("#answer").scrollIntoView({ behavior: "instant" });
  }
}

find("#builder").hidden = false;
letCopy();
letTurn(() => question, go);
letFilter(() => question, go);
document.addEventListener("click", followHere);
addEventListener("popstate", show);
if (shared()) {
  clear(); // the table that came with the page answers the first question, not this one
  find("#explore").scrollIntoView(); // who follows a shared address wants its answer
}
onChange(() => { if (!find("#result").hidden) draw(question, asking.signal); });
show();
