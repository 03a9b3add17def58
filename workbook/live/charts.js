/* Shows Vega-Lite charts beside each other, and puts figures into them as they come.
 *
 * `charts` are the specifications, `figures` the rows of each. A chart is set up anew only when
 * its specification changes, and drawn only when its rows do. `vegaEmbed` is in the same bundle.
 */
export default {
  render({ model, el }) {
    el.classList.add("workbook-charts");
    let views = [];
    let shown = [];
    let ready = Promise.resolve();

    const draw = () => {
      model.get("figures").forEach((rows, number) => {
        const text = JSON.stringify(rows);
        if (!views[number] || shown[number] === text) return;
        shown[number] = text;
        views[number].data("figures", rows).runAsync();
      });
    };
    const remove = () => {
      views.forEach((view) => view.finalize());
      views = [];
      el.replaceChildren();
    };
    const setUp = async () => {
      remove();
      for (const chart of model.get("charts")) {
        const place = document.createElement("div");
        el.append(place);
        const { view } = await vegaEmbed(place, chart, {
          actions: false,
          logLevel: 1, // errors only: it warns of charts that have no figures yet
          renderer: "canvas", // takes less than SVG
        });
        views.push(view);
      }
      shown = [];
      draw();
    };
    const change = () => { ready = ready.then(setUp); };

    model.on("change:charts", change);
    model.on("change:figures", draw);
    change();
    return () => {
      model.off("change:charts", change);
      model.off("change:figures", draw);
      ready.then(remove);
    };
  },
};
