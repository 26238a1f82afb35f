"use strict";
// What all plots share: data, colours, axes, and when they are drawn again.
const { report, colours } = JSON.parse(document.getElementById("data").textContent);
const epochs = report.epochs;
// No triangles: they say what should be high or low.
const SYMBOLS = ["circle", "square", "diamond", "cross", "x", "star", "pentagon", "hexagon"];
// Width of A4 paper between its margins, in CSS pixels.
const PAPER_PX = 680;
// Up to so many points a line shows its dots, too.
const FEW = 60;
const paper = window.matchMedia("print");
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const plots = [];
let printing = paper.matches;

function variable(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// The library reads text as HTML, links included.
function plain(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function theme() {
  const night = dark.matches && !printing;
  return {
    paper: night ? variable("--paper") : "#ffffff",
    ink: night ? "#e8e8e8" : "#1a1a1a",
    faint: night ? "#a9adb3" : "#595959",
    rule: night ? "#3a3e44" : "#dcdcdc",
    shade: night ? "rgba(86,180,233,0.16)" : "rgba(0,114,178,0.10)",
    beyond: night ? "rgba(255,255,255,0.08)" : "rgba(0,0,0,0.06)",
  };
}

// The black of references is the ink; on a dark screen blue is too dark for a thin line.
function colour(n) {
  const night = dark.matches && !printing;
  const order = night ? [5, 1, 2, 3, 4, 6] : [0, 1, 2, 3, 4, 5, 6];
  return colours[order[n % order.length]];
}

function axis(title, more) {
  const { ink, rule, faint } = theme();
  return Object.assign({
    title: { text: title, standoff: 8 }, color: ink, gridcolor: rule, zerolinecolor: faint, zerolinewidth: 1, linecolor: faint,
    ticks: "outside", tickcolor: faint, ticklen: 4, showline: true, automargin: true, exponentformat: "power", zeroline: false, minexponent: 4,
  }, more);
}

// A logarithmic axis over these values: 1, 2 and 5 of each decade where there are few, else decades.
function logarithmic(title, values, more) {
  const positive = values.filter((value) => value > 0);
  const low = Math.log10(positive.reduce((a, b) => Math.min(a, b), Infinity));
  const high = Math.log10(positive.reduce((a, b) => Math.max(a, b), 0));
  const decades = high - low;
  const margin = 0.06 * Math.max(decades, 0.3);
  const steps = decades < 2.5 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(decades / 8));
  const ticks = [];
  for (let decade = Math.floor(low - margin); decade <= high + margin; decade += steps.length > 1 ? 1 : every) {
    steps.forEach((step) => ticks.push({ step, decade }));
  }
  const text = ({ step, decade }) => {
    if (decade > -4 && decade < 5) return String(Number((step * 10 ** decade).toPrecision(1)));
    return `${step > 1 ? `${step}·` : ""}10<sup>${String(decade).replace("-", "−")}</sup>`;
  };
  return axis(title, Object.assign({
    type: "log", range: [low - margin, high + margin], tickmode: "array",
    tickvals: ticks.map(({ step, decade }) => step * 10 ** decade), ticktext: ticks.map(text),
  }, more));
}

function layout(height, more) {
  const { paper: background, ink } = theme();
  return Object.assign({
    height, autosize: !printing, width: printing ? PAPER_PX : undefined,
    paper_bgcolor: background, plot_bgcolor: background, colorway: colours,
    font: { family: "system-ui, Helvetica, Arial, sans-serif", size: 12, color: ink },
    // The bar of buttons lies in the margin above, on no curve and no label.
    margin: { l: 62, r: 30, t: 34, b: 48 }, hovermode: "closest", dragmode: "zoom",
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" },
    modebar: { orientation: "h", bgcolor: "rgba(0,0,0,0)", color: theme().faint, activecolor: ink },
  }, more);
}

// Plots of a page's width; a phone gets them a little higher in proportion.
function draw({ element, make }) {
  const width = printing ? PAPER_PX : element.clientWidth;
  const { traces, layout: frame } = make(width);
  const name = element.id.replace("plot-", "");
  return Plotly.react(element, traces, frame, {
    responsive: !printing, displaylogo: false, displayModeBar: printing || width < 600 ? false : "hover",
    // Left alone, the library offers to upload a plot's data to its maker.
    modeBarButtons: [["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"], ["toImage"]], showSendToCloud: false, plotlyServerURL: "",
    toImageButtonOptions: { format: "svg", filename: name },
  });
}

function plot(name, make) {
  const element = document.getElementById(`plot-${name}`);
  if (!element) return null;
  const entry = { element, make };
  plots.push(entry);
  return entry;
}

function drawAll() {
  return Promise.all(plots.map(draw));
}

// A sign behind the case: `01 ▲` should be high.
function caseName(s) {
  return `${report.cases[s].name} ${report.cases[s].high ? "▲" : "▽"}`;
}

function caseLine(s, width) {
  return { color: colour(s), width, dash: report.cases[s].high ? "solid" : "dash" };
}

// Values over epochs, with gaps between starts; `points`: which of the kept epochs.
function overEpochs(points, values) {
  const x = [], y = [], customdata = [];
  points.forEach((point, n) => {
    if (n > 0 && epochs.restart[point] !== epochs.restart[points[n - 1]]) {
      x.push(epochs.number[point] - 0.5); y.push(null); customdata.push("");
    }
    x.push(epochs.number[point]); y.push(values[n]);
    customdata.push(`start ${epochs.restart[point]}, epoch ${epochs.epoch[point]}`);
  });
  return { type: "scatter", x, y, customdata, mode: points.length > FEW ? "lines" : "lines+markers", marker: { size: 5 } };
}

const everyPoint = epochs.number.map((_, n) => n);

function epochAxis(more) {
  const last = epochs.total, margin = Math.max(0.5, 0.015 * last);
  return axis("epoch, over all starts", Object.assign({ range: [1 - margin, last + margin], tickformat: "d" }, more));
}

// A dotted line at every new start but the first.
function startMarks() {
  const { faint, rule } = theme(), many = epochs.starts.length > 30;
  return epochs.starts.slice(1).map(({ number }) => ({
    type: "line", layer: "below", xref: "x", yref: "paper", x0: number - 0.5, x1: number - 0.5, y0: 0, y1: 1,
    line: { color: many ? rule : faint, width: 1, dash: "dot" },
  }));
}
