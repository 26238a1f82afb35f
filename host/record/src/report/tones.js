// The plan of tones, and the spectrum.

plot("tones", () => {
  const controls = report.controls, amplitudes = controls.map(({ amplitude_v: volts }) => 1e3 * volts);
  const frequencies = controls.map(({ frequency_hz: hz }) => hz);
  const low = Math.min(...frequencies), high = Math.max(...frequencies), margin = Math.max(0.08 * (high - low), 0.05 * high);
  return {
    traces: [{
      type: "scatter", mode: "markers+text", x: frequencies, y: amplitudes, text: controls.map(({ electrode }) => String(electrode)), textposition: "top center",
      marker: { size: 9, color: colour(0) }, cliponaxis: false,
      error_y: { type: "data", symmetric: false, array: amplitudes.map(() => 0), arrayminus: amplitudes, thickness: 2.5, width: 0, color: colour(0) },
      customdata: controls.map(({ electrode, cycles }) => `electrode ${electrode}, ${cycles} periods in a window`),
      hovertemplate: "%{customdata}: %{x:.2f} Hz, %{y:.2f} mV<extra></extra>",
    }],
    layout: layout(280, {
      xaxis: axis("frequency (Hz)", { range: [low - margin, high + margin] }),
      yaxis: axis("amplitude (mV)", { range: [0, 1.2 * Math.max(...amplitudes)] }), showlegend: false,
    }),
  };
});

plot("spectrum", () => {
  const { frequencies_hz: frequencies, density_a_per_rt_hz: density, floor_a_per_rt_hz: floor, lines } = report.spectrum;
  const shown = frequencies.map((hz, n) => n).filter((n) => frequencies[n] > 0 && density[n] > 0);
  const x = shown.map((n) => frequencies[n]), y = shown.map((n) => density[n]);
  const traces = [{
    type: "scatter", mode: "lines", name: "density", x, y, line: { color: colour(0), width: 1 }, hovertemplate: "%{x:.5g} Hz: %{y:.3g} A/√Hz<extra></extra>",
  }];
  if (floor > 0 && x.length) {
    traces.push({ type: "scatter", mode: "lines", name: "floor", x: [x[0], x[x.length - 1]], y: [floor, floor], line: { color: theme().ink, width: 1.4, dash: "dash" }, hovertemplate: "floor: %{y:.3g} A/√Hz<extra></extra>" });
  }
  // Height of the curve's greatest point beside a line: of the next ones to its left and right.
  const heightAt = (hz) => {
    const after = x.findIndex((value) => value >= hz), end = after < 0 ? x.length - 1 : after;
    return Math.max(...y.slice(Math.max(0, end - 1), end + 2));
  };
  [...new Set(lines.map(({ kind }) => kind))].forEach((kind, n) => {
    const members = lines.filter((line) => line.kind === kind && line.frequency_hz > 0);
    traces.push({
      type: "scatter", mode: "markers", name: plain(kind), x: members.map((line) => line.frequency_hz), y: members.map((line) => heightAt(line.frequency_hz)),
      marker: { size: 9, symbol: `${SYMBOLS[(n + 4) % SYMBOLS.length]}-open`, color: colour(n + 1), line: { width: 2 } },
      customdata: members.map((line) => plain(line.label)), hovertemplate: "%{customdata}: %{x:.5g} Hz<extra></extra>",
    });
  });
  return {
    traces,
    layout: layout(380, {
      xaxis: logarithmic("frequency (Hz)", x), yaxis: logarithmic("current density (A/√Hz)", floor > 0 ? y.concat(floor) : y, { title: { text: "current density (A/√Hz)", standoff: 4 } }),
    }),
  };
});
