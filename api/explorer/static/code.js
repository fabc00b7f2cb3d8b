// The request of a view as code, its downloads, and the buttons that copy.

import { address, inOrder, PICTURE, spendQuery } from "./state.js";
import { find } from "./dom.js";

const PICTURES = ["png", "svg"];

/** Show the request of a question in every language, and let the downloads lead to it: rows in the order of the table. */
export function showCode(params) {
  const rows = spendQuery(inOrder(params));
  const url = new URL(address("/v1/spend", rows), location.href).href;
  const csv = `${url}${url.includes("?") ? "&" : "?"}format=csv`;
  for (const code of document.querySelectorAll("[data-template]")) {
    code.textContent = code.dataset.template.replaceAll("{url}", url).replaceAll("{csv}", csv);
  }
  for (const link of document.querySelectorAll("[data-format]")) {
    const isPicture = PICTURES.includes(link.dataset.format);
    const query = isPicture ? spendQuery(params) : new URLSearchParams(rows);
    if (isPicture) for (const name of PICTURE) if (params.get(name)) query.set(name, params.get(name));
    query.set("format", link.dataset.format);
    link.href = address("/v1/spend", query);
    link.download = `spend.${link.dataset.format}`;
  }
}

/** Let every copy button copy what it names, and say that it did. */
export function letCopy() {
  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
  const share = find("#share");
  if (share) share.hidden = false;
}

async function copy(button) {
  const source = button.dataset.copy ? document.getElementById(button.dataset.copy) : null;
  const words = [...button.childNodes];
  try {
    await navigator.clipboard.writeText(source ? source.textContent : location.href);
    button.textContent = "Copied";
  } catch {
    if (source) getSelection().selectAllChildren(source); // no clipboard without https: the reader's own keys will do
    button.textContent = source ? "Selected: press Ctrl+C" : "Copy it from the address bar";
  }
  setTimeout(() => { button.replaceChildren(...words); }, 2500);
}
