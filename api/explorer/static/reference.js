// The reference: Swagger UI with the code of each operation, in the light or the dark that the reader prefers.

/* global SwaggerUIBundle */
(() => {
  const place = document.getElementById("swagger");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", follow);
  follow();

  /** Shows `x-codeSamples` above the answers of an operation, with the address at which the reader is. */
  function withSamples(Responses, system) {
    const { createElement } = system.React;
    return function ResponsesWithSamples(props) {
      const found = system.specSelectors.specJson().getIn(["paths", props.path, props.method, "x-codeSamples"]);
      const samples = found ? found.toJS() : [];
      const blocks = samples.map(({ label, source }, index) => createElement(
        "details", { key: label, open: index === 0 },
        createElement("summary", null, label),
        createElement("pre", { tabIndex: 0 }, createElement(
          "code", null, source.replaceAll(place.dataset.sampleBase, place.dataset.base))),
      ));
      const code = createElement("div", { className: "samples" }, createElement("h4", null, "As code"), ...blocks);
      return createElement("div", null, samples.length ? code : null, createElement(Responses, props));
    };
  }

  SwaggerUIBundle({
    url: place.dataset.document,
    domNode: place,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: -1,
    displayRequestDuration: true,
    filter: true,
    tryItOutEnabled: false,
    validatorUrl: null,
    plugins: [() => ({ wrapComponents: { responses: withSamples } })],
  });
})();
