// The reference: Swagger UI with the code of each operation, in the light or the dark that the reader prefers.

/* global SwaggerUIBundle */
(() => {
  const place = document.getElementById("swagger");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", follow);
  follow();
  addEventListener("beforeprint", () => document.documentElement.classList.remove("dark-mode"));
  addEventListener("afterprint", follow);

  /** Shows `x-codeSamples` above the parameters of an operation, with the address at which the reader is. */
  function withSamples(Parameters, system) {
    const { createElement } = system.React;
    return function ParametersWithSamples(props) {
      const found = system.specSelectors.specJson().getIn(["paths", ...props.pathMethod, "x-codeSamples"]);
      const samples = found ? found.toJS() : [];
      const blocks = samples.map(({ label, source }, index) => createElement(
        "details", { key: label, open: index === 0 },
        createElement("summary", null, label),
        createElement("pre", { tabIndex: 0 }, createElement(
          "code", null, source.replaceAll(place.dataset.sampleBase, place.dataset.base))),
      ));
      const code = createElement("div", { className: "samples" }, createElement("h4", null, "As code"), ...blocks);
      return createElement("div", null, samples.length ? code : null, createElement(Parameters, props));
    };
  }

  /** A path within a button: the button opens the operation, so there is no second thing to press. */
  const plainLink = (_, system) => ({ text }) => system.React.createElement("span", null, text);

  /** Gives what Swagger UI leaves without one a name for screen readers, and lets keys reach what scrolls. */
  function nameControls() {
    for (const control of place.querySelectorAll("select:not([aria-label]), input:not([aria-label]), textarea:not([aria-label])")) {
      const row = control.closest("[data-param-name]");
      control.setAttribute("aria-label", row ? row.dataset.paramName : control.placeholder || control.title || "Choice");
    }
    for (const button of place.querySelectorAll(".copy-to-clipboard > button:not([aria-label])")) button.setAttribute("aria-label", "Copy");
    for (const region of place.querySelectorAll("[role=region]:not([aria-label])")) {
      const [method, path] = ["method", "path"].map((part) => region.closest(".opblock").querySelector(`.opblock-summary-${part}`).textContent);
      region.setAttribute("aria-label", `Responses of ${method} ${path}`);
    }
    for (const block of place.querySelectorAll("pre:not([tabindex]), .highlight-code > *:not([tabindex])")) block.tabIndex = 0;
  }
  new MutationObserver(nameControls).observe(place, { childList: true, subtree: true });

  SwaggerUIBundle({
    url: place.dataset.document,
    domNode: place,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: -1,
    displayRequestDuration: true,
    syntaxHighlight: false,
    validatorUrl: null,
    plugins: [() => ({ wrapComponents: { parameters: withSamples, DeepLink: plainLink } })],
  });
})();
