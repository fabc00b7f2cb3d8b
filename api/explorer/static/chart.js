// The picture: the very SVG that the API draws, put into the page, with its marks' own words as tooltips.

import { address, PICTURE, spendQuery } from "./state.js";
import { ask } from "./api.js";
import { find, make } from "./dom.js";

const NARROWEST = 320;
const STEP = 40; // pixels: a picture is asked for anew only when the room for it changed by so much
const MARKS = '[role="graphics-symbol"][aria-label]:not([aria-roledescription="axis"], [aria-roledescription="legend"])';
const dark = matchMedia("(prefers-color-scheme: dark)");

/** The address of the picture of a question, for the room and the colours that the page has. */
function pictureAddress(params) {
  const query = spendQuery(params);
  for (const name of PICTURE) if (params.get(name)) query.set(name, params.get(name));
  query.set("format", "svg");
  query.set("width", String(width()));
  query.set("theme", theme());
  return address("/v1/spend", query);
}

const theme = () => (dark.matches ? "dark" : "light");
const width = () => Math.max(NARROWEST, STEP * Math.floor(find("#explore").clientWidth / STEP));

/** Draw the picture of a question. */
export async function showChart(params, signal) {
  const drawnFor = theme();
  const text = await ask(pictureAddress(params), signal, "text");
  const drawn = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  const svg = document.importNode(harmless(drawn), true);
  const marks = [...svg.querySelectorAll(MARKS)];
  for (const mark of marks) {
    mark.dataset.mark = "";
    mark.setAttribute("tabindex", "-1");
  }
  svg.setAttribute("tabindex", "0");
  svg.dataset.theme = drawnFor; // a page that is printed turns a dark picture light
  find("#chart").replaceChildren(svg);
  find("#mark").hidden = false;
  find("#picture").hidden = false;
  letRead(svg, marks);
}

/** Keep shapes and words alone. The SVG is our own, and still nothing in it may run or load. */
function harmless(svg) {
  for (const element of [svg, ...svg.querySelectorAll("*")]) {
    if (["script", "foreignObject", "image", "use", "style"].includes(element.localName)) element.remove();
    for (const { name } of [...element.attributes]) {
      if (name.startsWith("on") || name === "style" || name.endsWith("href")) element.removeAttribute(name);
    }
  }
  return svg;
}

/** Show a mark's words where the pointer or the focus is; arrow keys go from mark to mark. */
function letRead(svg, marks) {
  const tip = make("div", { class: "tip", hidden: true, "aria-hidden": "true" });
  find("#chart").append(tip);
  const hide = () => { tip.hidden = true; };
  const tell = (mark) => {
    tip.textContent = mark.getAttribute("aria-label").replaceAll("; ", "\n");
    tip.hidden = false;
    const room = find("#picture").getBoundingClientRect();
    const place = mark.getBoundingClientRect();
    const left = place.left + Math.min(place.width, 200) / 2 - room.left;
    tip.style.left = `${Math.max(0, Math.min(left, room.width - tip.offsetWidth))}px`;
    const above = place.top - room.top - tip.offsetHeight - 6;
    tip.style.top = `${above > 0 ? above : place.bottom - room.top + 6}px`;
  };
  svg.addEventListener("pointerover", (event) => {
    const mark = event.target.closest("[data-mark]");
    if (mark) tell(mark); else hide();
  });
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("focusin", (event) => { if (event.target.closest("[data-mark]")) tell(event.target); else hide(); });
  svg.addEventListener("focusout", hide);
  svg.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return hide();
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step || !marks.length) return;
    event.preventDefault();
    const at = marks.indexOf(document.activeElement);
    marks[(at < 0 && step < 0 ? 0 : at + step + marks.length) % marks.length].focus();
  });
}

/** Call when the picture no longer fits the room or the colours of the page. */
export function onChange(draw) {
  let last = width();
  let timer;
  dark.addEventListener("change", draw);
  addEventListener("resize", () => {
    clearTimeout(timer);
    timer = setTimeout(() => { if (width() !== last) { last = width(); draw(); } }, 300);
  });
}
