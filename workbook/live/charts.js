/* Shows Vega-Lite charts beside each other, and updates their figures.
 *
 * `specifications` are the charts, `figures` the rows of each. A chart is built again only when its
 * specification changes, and drawn only when its rows change. `vegaEmbed` is in the same bundle.
 */
const OPTIONS = {
  actions: false,
  logLevel: 1, // errors only, since it warns of charts that have no figures yet
  renderer: "canvas", // takes less time than SVG
};

export default {
  render({ model, el }) {
    el.classList.add("workbook-charts");
    const charts = []; // each with its place, specification, view and rows
    let ready = Promise.resolve();

    const draw = () => {
      model.get("figures").forEach((figures, number) => {
        const chart = charts[number];
        const rows = JSON.stringify(figures);
        if (!chart?.view || chart.rows === rows) return;
        chart.rows = rows;
        chart.view.data("figures", figures).runAsync();
      });
    };
    const setUp = async () => {
      for (const [number, given] of model.get("specifications").entries()) {
        const specification = JSON.stringify(given);
        if (charts[number]?.specification === specification) continue;
        charts[number] ??= { place: el.appendChild(document.createElement("div")) };
        const chart = charts[number];
        chart.view?.finalize();
        chart.view = null;
        const { view } = await vegaEmbed(chart.place, given, OPTIONS);
        Object.assign(chart, { specification, view, rows: null });
      }
      draw();
    };
    const change = () => {
      ready = ready.then(setUp).catch((error) => {
        console.error(error);
        el.textContent = `The charts cannot be drawn: ${error.message}`;
      });
    };
    const remove = () => charts.forEach((chart) => chart.view?.finalize());

    model.on("change:specifications", change);
    model.on("change:figures", draw);
    change();
    return () => {
      model.off("change:specifications", change);
      model.off("change:figures", draw);
      ready.then(remove);
    };
  },
};
