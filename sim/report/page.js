"use strict";

/* Draws the charts of a result page from its layers (see layers.js); asks nothing of any server. */

const SPANS = [
  ["Month", 30 * 86400], ["Week", 7 * 86400], ["Day", 86400], ["Hour", 3600], ["10 minutes", 600], ["1 minute", 60],
];

/* No button may send the data anywhere. */
const CONFIG = {
  responsive: true, displaylogo: false, showSendToCloud: false, plotlyServerURL: "",
  modeBarButtonsToRemove: ["lasso2d", "select2d"],
};

// -- drawing --------------------------------------------------------------------------------------------------

function colours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["ai", "fleet", "limit", "price", "site", "text", "rule", "panel", "ai-fill", "fleet-fill",
    "site-fill", "site-edge", "price-fill", "limit-fill"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

const number = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 5 });

function withRange(parts, i) {
  const mean = number.format(parts.mean[i]);
  return parts.low[i] === parts.high[i] ? mean : `${mean} (${number.format(parts.low[i])} to ${number.format(parts.high[i])})`;
}

function polygon(x, low, high) {
  return { x: x.concat(x.slice().reverse()), y: high.concat(low.slice().reverse()) };
}

class Charts {
  constructor(data, power, price, moments) {
    Object.assign(this, { data, power, price, moments, from: 0, to: data.end_s });
    this.element = document.getElementById("power-chart");
    this.status = document.getElementById("power-status");
  }

  toDate(seconds) {
    return seconds.map((t) => this.data.start_ms + 1000 * t);
  }

  /* The layer with the most detail that covers what is in view. */
  layer() {
    const rounding = 0.01; // what is left of a time after its way through a date
    const covers = ({ power, from_s, to_s }) => power && from_s - rounding <= this.from && this.to <= to_s + rounding;
    const inside = this.moments.find(covers);
    return inside ? inside.power : this.power;
  }

  traces() {
    const c = colours();
    const view = this.layer().view(this.from, this.to);
    this.view = view;
    const traces = this.siteTraces(view, c).concat(this.aiTraces(view, c));
    return this.price ? traces.concat(this.priceTraces(this.price.view(this.from, this.to), c)) : traces;
  }

  siteTraces(view, c) {
    const x = this.toDate(view.x);
    const { ai, site, limit, over, drawn = site } = view.channels;
    const kind = view.exact ? "" : " (mean)";
    // two corners of one instant draw a jump
    const line = (name, y, more) => ({ name, x, y, mode: "lines", hoverinfo: "skip", ...more });
    const ceiling = limit.mean.map((value, i) => value + over.high[i]);
    const band = { mode: "lines", fill: "toself", hoverinfo: "skip", line: { width: 0.5 } };
    return [
      line(`AI${kind}`, ai.mean, { fill: "tozeroy", fillcolor: c["ai-fill"], line: { width: 0.5, color: c.ai } }),
      line(`Fleets${kind}`, drawn.mean, { fill: "tonexty", fillcolor: c["fleet-fill"], line: { width: 0.5, color: c.fleet } }),
      view.exact
        ? line("Site", site.mean, { line: { width: 1.2, color: c.site } })
        : { ...band, name: "Site (min to max)", ...polygon(x, site.low, site.high), fillcolor: c["site-fill"],
            line: { width: 0.7, color: c["site-edge"] } },
      { ...band, name: "Above the limit", ...polygon(x, limit.mean, ceiling), fillcolor: c["limit-fill"],
        line: { width: 0.5, color: c["limit-fill"] }, visible: over.high.some((value) => value > 0) },
      line("Limit", limit.mean, { line: { width: 1.8, color: c.limit, dash: "dash" } }),
      this.hoverTrace(view, x, c),
    ];
  }

  /* One trace answers the pointer for the whole panel. */
  hoverTrace(view, x, c) {
    const { ai, site, limit, drawn } = view.channels;
    const loads = drawn ?? site;
    const text = x.map((_, i) => [
      `Site ${withRange(site, i)} MW`, `AI ${withRange(ai, i)} MW`,
      `Fleets ${number.format(loads.mean[i] - ai.mean[i])} MW`,
      ...(drawn ? [`Battery ${number.format(site.mean[i] - drawn.mean[i])} MW`] : []),
      `Limit ${number.format(limit.mean[i])} MW`,
    ].join("<br>"));
    return { name: "Power", x, y: site.mean, text, mode: "lines", line: { width: 0, color: c.site },
      hovertemplate: "%{text}<extra></extra>", showlegend: false };
  }

  aiTraces(view, c) {
    const x = this.toDate(view.x);
    const { ai } = view.channels;
    const traces = [{ name: view.exact ? "AI alone" : "AI alone (mean)", x, y: ai.mean, yaxis: "y2", mode: "lines",
      hoverinfo: "skip", line: { width: 2, color: c.ai }, showlegend: false }];
    if (!view.exact) {
      traces.unshift({ name: "AI (min to max)", ...polygon(x, ai.low, ai.high), yaxis: "y2", mode: "lines",
        fill: "toself", fillcolor: c["ai-fill"], line: { width: 0.5, color: c["ai-fill"] }, hoverinfo: "skip",
        showlegend: false });
    }
    return traces;
  }

  priceTraces(view, c) {
    const x = this.toDate(view.x);
    const { price } = view.channels;
    const text = x.map((_, i) => `Price ${withRange(price, i)} USD/MWh`);
    const traces = [{ name: "Price", x, y: price.mean, text, yaxis: "y3", mode: "lines",
      hovertemplate: "%{text}<extra></extra>", line: { width: 2, color: c.price }, showlegend: false }];
    if (!view.exact) {
      traces.unshift({ name: "Price (min to max)", ...polygon(x, price.low, price.high), yaxis: "y3", mode: "lines",
        fill: "toself", fillcolor: c["price-fill"], line: { width: 0.5, color: c["price-fill"] },
        hoverinfo: "skip", showlegend: false });
    }
    return traces;
  }

  layout() {
    const c = colours();
    const axis = { gridcolor: c.rule, zerolinecolor: c.rule, linecolor: c.rule, tickcolor: c.rule, automargin: true };
    const [site, ai, price] = this.price ? [[0.46, 1], [0.22, 0.41], [0, 0.17]] : [[0.36, 1], [0, 0.31], [0, 0]];
    const layout = {
      paper_bgcolor: c.panel, plot_bgcolor: c.panel, font: { family: "system-ui, sans-serif", size: 13, color: c.text },
      height: 720, margin: { l: 70, r: 20, t: 68, b: 50 }, hovermode: "x unified", hoverdistance: -1,
      hoversubplots: "axis", hoverlabel: { bgcolor: c.panel, bordercolor: c.rule, font: { color: c.text } },
      legend: { orientation: "h", x: 0, y: 1.01, yanchor: "bottom", traceorder: "normal" },
      xaxis: { ...axis, type: "date", anchor: this.price ? "y3" : "y2", hoverformat: "%Y-%m-%d %H:%M:%S.%3f",
        title: { text: `Local time (${this.data.offset})` }, range: this.toDate([this.from, this.to]) },
      yaxis: { ...axis, domain: site, rangemode: "tozero", title: { text: "Site [MW]" } },
      yaxis2: { ...axis, domain: ai, rangemode: "tozero", title: { text: "AI alone [MW]" } },
    };
    if (this.price) layout.yaxis3 = { ...axis, domain: price, title: { text: "Price<br>[USD/MWh]" } };
    return layout;
  }

  async draw() {
    await Plotly.react(this.element, this.traces(), this.layout(), CONFIG);
    this.report();
  }

  show(from, to) {
    const span = Math.min(Math.max(to - from, 0.1), this.data.end_s);
    this.from = Math.min(Math.max(0, from), this.data.end_s - span);
    this.to = this.from + span;
    return this.draw();
  }

  report() {
    const text = (t) => new Date(this.data.start_ms + 1000 * t).toISOString().slice(0, 19).replace("T", " ");
    const detail = this.view.exact
      ? "every breakpoint is drawn"
      : `each step covers ${durationText(this.view.width)}; its minimum, mean and maximum are exact`;
    this.status.textContent = `Shown: ${text(this.from)} to ${text(this.to)} (${this.data.offset}); ${detail}.`;
  }

  listen() {
    this.element.on("plotly_relayout", (change) => {
      if (change["xaxis.autorange"]) return this.show(0, this.data.end_s);
      const range = change["xaxis.range"] || [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (range[0] === undefined) return undefined;
      // Plotly writes dates without a zone; they are local times, which here count as UTC
      const [from, to] = range.map((date) => (this.milliseconds(date) - this.data.start_ms) / 1000);
      return this.show(from, to);
    });
  }

  milliseconds(date) {
    return typeof date === "number" ? date : Date.parse(`${String(date).replace(" ", "T")}${String(date).length > 10 ? "" : "T00:00"}Z`);
  }
}

function durationText(seconds) {
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (seconds >= size) return `${number.format(seconds / size)} ${unit}`;
  }
  return `${number.format(seconds)} s`;
}

async function drawDuration(data) {
  const c = colours();
  const own = { site_power_mw: c.fleet, ai_power_mw: c.ai };
  const traces = data.duration.map(({ name, title, level_mw, share }) => ({
    name: title, x: share.map((part) => 100 * part), y: level_mw, mode: "lines", line: { width: 2.2, color: own[name] },
    hovertemplate: "above %{y:.4~g} MW for %{x:.4~g} % of the time",
  }));
  traces.push({ name: "Limit (highest)", x: [0, 100], y: [data.limit_mw, data.limit_mw], mode: "lines",
    line: { width: 1.8, color: c.limit, dash: "dash" }, hoverinfo: "skip" });
  const axis = { gridcolor: c.rule, zerolinecolor: c.rule, linecolor: c.rule, automargin: true };
  await Plotly.react(document.getElementById("duration-chart"), traces, {
    paper_bgcolor: c.panel, plot_bgcolor: c.panel, font: { family: "system-ui, sans-serif", size: 13, color: c.text },
    height: 400, margin: { l: 70, r: 20, t: 60, b: 50 }, hovermode: "closest",
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
    xaxis: { ...axis, range: [0, 100], title: { text: "Share of the time that power is above [%]" } },
    yaxis: { ...axis, rangemode: "tozero", title: { text: "Power [MW]" } },
  }, CONFIG);
}

async function drawSpectrum(data) {
  const chart = document.getElementById("spectrum-chart");
  if (!chart) return;
  const c = colours();
  const own = { site: c.fleet, ai: c.ai, within: c.limit };
  const traces = data.spectrum.map(({ name, title, frequency_hz, density }) => ({
    name: title, x: frequency_hz, y: density, mode: "lines", line: { width: 1.8, color: own[name] },
    hovertemplate: "%{y:.3~g} MW²/Hz at %{x:.3~g} Hz",
  }));
  const axis = { gridcolor: c.rule, zerolinecolor: c.rule, linecolor: c.rule, automargin: true, type: "log",
    exponentformat: "power", dtick: 1 };
  await Plotly.react(chart, traces, {
    paper_bgcolor: c.panel, plot_bgcolor: c.panel, font: { family: "system-ui, sans-serif", size: 13, color: c.text },
    height: 400, margin: { l: 70, r: 20, t: 60, b: 50 }, hovermode: "closest",
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
    xaxis: { ...axis, title: { text: "Frequency [Hz]" } },
    yaxis: { ...axis, dtick: 2, title: { text: "Power spectral density [MW²/Hz]" } },
  }, CONFIG);
}

// -- controls -------------------------------------------------------------------------------------------------

function addButton(parent, text, label, action) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  if (label) button.setAttribute("aria-label", label);
  button.addEventListener("click", action);
  parent.append(button);
}

function addControls(charts) {
  const bar = document.getElementById("power-controls");
  const { end_s } = charts.data;
  const middle = () => 0.5 * (charts.from + charts.to), span = () => charts.to - charts.from;
  const around = (length) => charts.show(middle() - 0.5 * length, middle() + 0.5 * length);
  addButton(bar, "Whole run", "", () => charts.show(0, end_s));
  for (const [text, length] of SPANS) if (length < end_s) addButton(bar, text, "", () => around(length));
  addButton(bar, "−", "Zoom out", () => around(2 * span()));
  addButton(bar, "+", "Zoom in", () => around(0.5 * span()));
  addButton(bar, "◀", "Earlier", () => charts.show(charts.from - 0.5 * span(), charts.to - 0.5 * span()));
  addButton(bar, "▶", "Later", () => charts.show(charts.from + 0.5 * span(), charts.to + 0.5 * span()));
  document.querySelectorAll("button[data-from]").forEach((button) => {
    button.disabled = false;
    button.addEventListener("click", async () => {
      await charts.show(Number(button.dataset.from), Number(button.dataset.to));
      charts.element.scrollIntoView({ block: "nearest" });
    });
  });
}

async function start() {
  const data = JSON.parse(document.getElementById("chart-data").textContent);
  const power = await openLayer(data.power);
  const price = data.price ? await openLayer(data.price) : null;
  const moments = [];
  for (const moment of data.moments) moments.push({ ...moment, power: moment.power && (await openLayer(moment.power)) });
  const charts = new Charts(data, power, price, moments);
  const drawAll = () => Promise.all([charts.draw(), drawDuration(data), drawSpectrum(data)]);
  await drawAll();
  charts.listen();
  addControls(charts);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  // paper is light, narrower than a screen, and cannot be unfolded
  const onPaper = (printing) => {
    document.documentElement.classList.toggle("printing", printing);
    if (printing) document.querySelectorAll("details").forEach((group) => (group.open = true));
    document.querySelectorAll(".chart").forEach((chart) => Plotly.Plots.resize(chart));
    return drawAll();
  };
  addEventListener("beforeprint", () => onPaper(true));
  addEventListener("afterprint", () => onPaper(false));
  document.documentElement.dataset.ready = "1";
}

start();
