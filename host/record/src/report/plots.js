// Result, waveform and course of the training.

// Half way between the least output that should be high and the greatest that should be low.
function threshold(outputs) {
  const of = (high) => outputs.filter((_, s) => report.cases[s].high === high && outputs[s] !== null);
  const least = Math.min(...of(true)), greatest = Math.max(...of(false));
  return { least, greatest, middle: (least + greatest) / 2 };
}

function drawnThreshold(outputs, width) {
  const { middle } = threshold(outputs);
  if (!Number.isFinite(middle)) return { shapes: [], annotations: [] };
  const ink = theme().ink;
  return {
    shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: middle, y1: middle, line: { color: ink, width: 1.2, dash: "dash" } }],
    annotations: width < 600 ? [] : [{
      xref: "paper", x: 1, xanchor: "left", xshift: 4, yref: "y", y: middle, text: "threshold", showarrow: false, font: { size: 11 },
    }],
  };
}

plot("outputs", (width) => {
  const outputs = report.outcome.outputs_na;
  const kinds = [
    { high: true, name: "should be high", symbol: "triangle-up" },
    { high: false, name: "should be low", symbol: "triangle-down-open" },
    { high: null, name: "output", symbol: "circle" },
  ].filter(({ high }) => report.cases.some((shown) => shown.high === high));
  const traces = kinds.map(({ high, name, symbol }) => {
    const chosen = report.cases.map((_, s) => s).filter((s) => report.cases[s].high === high);
    return {
      type: "scatter", mode: "markers", name, x: chosen, y: chosen.map((s) => outputs[s]),
      marker: { size: 12, symbol, color: colour(high === false ? 1 : 0), line: { width: high === false ? 2 : 0 } },
      customdata: chosen.map((s) => report.cases[s].name), hovertemplate: "case %{customdata}: %{y:.3f} nA<extra></extra>",
    };
  });
  const aimed = report.cases.map((_, s) => s).filter((s) => report.cases[s].target_na !== null);
  if (aimed.length) {
    traces.push({
      type: "scatter", mode: "markers", name: "target", x: aimed, y: aimed.map((s) => report.cases[s].target_na),
      marker: { symbol: "line-ew-open", size: 34, color: theme().faint, line: { width: 2 } }, hovertemplate: "target: %{y} nA<extra></extra>",
    });
  }
  const few = report.cases.length <= 24;
  return {
    traces,
    layout: layout(320, Object.assign({
      margin: { l: 62, r: width < 600 ? 16 : 76, t: 34, b: 48 },
      xaxis: axis("case", Object.assign({ range: [-0.6, report.cases.length - 0.4], showgrid: false },
        few && { tickmode: "array", tickvals: report.cases.map((_, s) => s), ticktext: report.cases.map(({ name }) => name) })),
      yaxis: axis("output (nA)", { zeroline: true }),
    }, drawnThreshold(outputs, width))),
  };
});

plot("waveform", (width) => {
  const { samples, currents_na: currents, rate_hz: rate, windows, total } = report.waveform;
  const long = total / rate;
  const [unit, scale] = long < 0.5 ? ["ms", 1e3] : ["s", 1];
  const x = samples.map((n) => (n / rate) * scale);
  const { shade, faint } = theme();
  const levels = { x: [], y: [] }, shapes = [], annotations = [];
  windows.forEach(({ case: s, begin_s: begin, end_s: end }) => {
    const high = report.cases[s] ? report.cases[s].high : false;
    const inside = currents.filter((value, n) => value !== null && samples[n] / rate >= begin && samples[n] / rate < end);
    const mean = inside.reduce((sum, value) => sum + value, 0) / inside.length;
    levels.x.push(begin * scale, end * scale, null);
    levels.y.push(mean, mean, null);
    shapes.push({
      type: "rect", layer: "below", xref: "x", yref: "paper", x0: begin * scale, x1: end * scale, y0: 0, y1: 1,
      fillcolor: high ? shade : "rgba(0,0,0,0)", line: { color: faint, width: high ? 0 : 0.7 },
    });
    // A name needs some forty pixels.
    if (report.cases[s] && ((width - 90) * (end - begin)) / long > 40) {
      annotations.push({
        xref: "x", x: ((begin + end) / 2) * scale, yref: "paper", y: 1, yanchor: "bottom", text: caseName(s), showarrow: false,
      });
    }
  });
  const across = report.outcome ? drawnThreshold(report.outcome.outputs_na, width) : { shapes: [], annotations: [] };
  return {
    traces: [
      { type: "scatter", mode: "lines", name: "current", x, y: currents, line: { color: colour(0), width: 1 }, hovertemplate: `%{x:.4~f} ${unit}: %{y:.3f} nA<extra></extra>` },
      { type: "scatter", mode: "lines", name: "mean of a window", x: levels.x, y: levels.y, line: { color: colour(1), width: 3 }, hovertemplate: "mean %{y:.3f} nA<extra></extra>" },
    ],
    layout: layout(360, {
      margin: { l: 62, r: width < 600 ? 16 : 76, t: 52, b: 48 }, showlegend: false,
      xaxis: axis(`time (${unit})`, { range: [0, long * scale], showgrid: false }), yaxis: axis("current (nA)"),
      shapes: shapes.concat(across.shapes), annotations: annotations.concat(across.annotations),
    }),
  };
});

plot("loss", () => {
  const finite = epochs.loss.filter((value) => value !== null);
  const positive = finite.every((value) => value > 0);
  const spread = Math.max(...finite) / Math.min(...finite);
  const title = report.loss.unit ? `loss (${report.loss.unit})` : `loss, ${report.loss.name}`;
  const trace = Object.assign(overEpochs(everyPoint, epochs.loss), {
    name: "loss", line: { color: colour(0), width: 1.6 }, hovertemplate: "%{customdata}: %{y:.4g}<extra></extra>",
  });
  const traces = [trace];
  if (epochs.best !== null && epochs.loss[epochs.best] !== null) {
    traces.push({
      type: "scatter", mode: "markers", name: "best epoch", x: [epochs.number[epochs.best]], y: [epochs.loss[epochs.best]],
      marker: { symbol: "circle-open", size: 13, color: colour(1), line: { width: 2.5 } }, hovertemplate: "best: %{y:.4g}<extra></extra>",
    });
  }
  const shapes = startMarks(), stop = report.loss.stop;
  // A threshold far off would flatten the curve.
  const near = stop !== null && finite.length && stop > 0 && stop < 3 * Math.max(...finite) && stop > Math.min(...finite) / 10;
  const values = near ? finite.concat(stop) : finite;
  if (near) shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: stop, y1: stop, line: { color: theme().ink, width: 1.2, dash: "dash" } });
  const yaxis = finite.length && positive && spread > 8 ? logarithmic(title, values) : axis(title, { rangemode: positive ? "tozero" : "normal" });
  return { traces, layout: layout(320, { xaxis: epochAxis(), yaxis, shapes, showlegend: false }) };
});

plot("course", () => {
  const width = epochs.number.length > 500 ? 1.1 : 1.8;
  const traces = report.cases.map((_, s) => Object.assign(overEpochs(everyPoint, epochs.outputs_na[s]), {
    name: caseName(s), line: caseLine(s, width), marker: { size: 6, symbol: SYMBOLS[s % SYMBOLS.length], color: colour(s) },
    hovertemplate: `case ${report.cases[s].name}, %{customdata}: %{y:.3f} nA<extra></extra>`,
  }));
  [...new Set(report.cases.map(({ target_na: target }) => target).filter((target) => target !== null))].forEach((target) => traces.push({
    type: "scatter", mode: "lines", name: `target ${target} nA`, x: [1, epochs.total], y: [target, target],
    line: { color: theme().faint, width: 1.2, dash: "dot" }, hoverinfo: "skip",
  }));
  return { traces, layout: layout(360, { xaxis: epochAxis(), yaxis: axis("output (nA)"), shapes: startMarks() }) };
});

// Controls of the same range share a diagram, so that its limits are two lines.
plot("controls", () => {
  const groups = new Map();
  report.controls.forEach(({ range_v: range }, k) => {
    const key = range.map((volts) => volts.toFixed(3)).join();
    groups.set(key, (groups.get(key) || []).concat(k));
  });
  const rows = [...groups.values()], gap = 0.1 / Math.max(rows.length - 1, 1);
  const traces = [], axes = {}, shapes = startMarks();
  const { ink, beyond } = theme();
  rows.forEach((members, row) => {
    const name = row ? `y${row + 1}` : "y", high = 1 - row / rows.length - (row ? gap / 2 : 0);
    const [low_v, high_v] = report.controls[members[0]].range_v, margin = 0.07 * (high_v - low_v);
    axes[name.replace("y", "yaxis")] = axis("control (V)", {
      domain: [1 - (row + 1) / rows.length + (row < rows.length - 1 ? gap / 2 : 0), high], range: [low_v - margin, high_v + margin], nticks: 6,
    });
    [[low_v, low_v - margin], [high_v, high_v + margin]].forEach(([limit, edge]) => {
      shapes.push({ type: "rect", layer: "below", xref: "paper", x0: 0, x1: 1, yref: name, y0: limit, y1: edge, fillcolor: beyond, line: { width: 0 } });
      shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, yref: name, y0: limit, y1: limit, line: { color: ink, width: 1, dash: "dash" } });
    });
    members.forEach((k) => traces.push(Object.assign(overEpochs(everyPoint, epochs.controls_v[k]), {
      name: `electrode ${report.controls[k].electrode}`, yaxis: name, line: { color: colour(k), width: 1.6 },
      marker: { size: 6, symbol: SYMBOLS[k % SYMBOLS.length], color: colour(k) },
      hovertemplate: `electrode ${report.controls[k].electrode}, %{customdata}: %{y:.4f} V<extra></extra>`,
    })));
  });
  const anchor = rows.length > 1 ? `y${rows.length}` : "y";
  return { traces, layout: layout(140 + 180 * rows.length, Object.assign({ xaxis: epochAxis({ anchor }), shapes }, axes)) };
});
