// Slopes of every case with every control.

let chosenControl = 0;

function slopeAxis(more) {
  return axis(`slope (${report.slope_unit})`, Object.assign({ zeroline: true }, more));
}

// All slopes at one of the kept epochs, the cases beside each other on every electrode.
function slopesAt(point, width) {
  const place = epochs.slope_points.indexOf(point), count = report.cases.length;
  const offset = (s) => (count > 1 ? 0.6 * (s / (count - 1) - 0.5) : 0);
  const traces = report.cases.map((_, s) => ({
    type: "scatter", mode: "markers", name: caseName(s), x: report.controls.map((_, k) => k + offset(s)),
    y: report.controls.map((_, k) => epochs.slopes_na_per_v[s][k][place]),
    marker: { size: 8, symbol: SYMBOLS[s % SYMBOLS.length], color: colour(s) },
    error_y: epochs.errors_na_per_v.length ? {
      type: "data", array: report.controls.map((_, k) => epochs.errors_na_per_v[k][place]), thickness: 1.4, width: 4, color: colour(s),
    } : undefined,
    hovertemplate: `case ${report.cases[s].name}: %{y:.3f} ${report.slope_unit}<extra></extra>`,
  }));
  const electrodes = report.controls.map(({ electrode }) => electrode);
  return {
    traces,
    layout: layout(width < 600 ? 340 : 320, {
      xaxis: axis("electrode", { tickmode: "array", tickvals: electrodes.map((_, k) => k), ticktext: electrodes, range: [-0.6, electrodes.length - 0.4], showgrid: false }),
      yaxis: slopeAxis(),
      shapes: electrodes.slice(1).map((_, k) => ({
        type: "line", layer: "below", xref: "x", x0: k + 0.5, x1: k + 0.5, yref: "paper", y0: 0, y1: 1, line: { color: theme().rule, width: 1 },
      })),
    }),
  };
}

plot("gradient-best", (width) => slopesAt(epochs.best, width));
plot("gradient-last", (width) => slopesAt(epochs.number.length - 1, width));

const gradientCourse = plot("gradient-course", () => {
  const k = chosenControl, points = epochs.slope_points, few = points.length <= 5 * FEW;
  const traces = report.cases.map((_, s) => {
    const trace = Object.assign(overEpochs(points, epochs.slopes_na_per_v[s][k]), {
      name: caseName(s), line: caseLine(s, few ? 1.8 : 1.1), marker: { size: 6, symbol: SYMBOLS[s % SYMBOLS.length], color: colour(s) },
      hovertemplate: `case ${report.cases[s].name}, %{customdata}: %{y:.3f} ${report.slope_unit}<extra></extra>`,
    });
    if (few && epochs.errors_na_per_v.length) {
      trace.error_y = { type: "data", array: overEpochs(points, epochs.errors_na_per_v[k]).y, thickness: 0.8, width: 0, color: colour(s) };
    }
    return trace;
  });
  return {
    traces,
    layout: layout(360, {
      xaxis: epochAxis(), yaxis: slopeAxis({ title: { text: `slope, electrode ${report.controls[k].electrode} (${report.slope_unit})`, standoff: 8 } }), shapes: startMarks(),
    }),
  };
});

const choice = document.getElementById("control");
if (choice && gradientCourse) {
  // A browser may have kept the choice of an earlier visit.
  chosenControl = Math.max(0, choice.selectedIndex);
  choice.addEventListener("change", () => {
    chosenControl = choice.selectedIndex;
    draw(gradientCourse);
  });
}
