"use strict";

/* Draws power over time of a result page from its layers (see layers.js); asks nothing of any server. */

const SPANS = [
  ["Month", 30 * 86400], ["Week", 7 * 86400], ["Day", 86400], ["Hour", 3600], ["10 minutes", 600], ["1 minute", 60],
];
const PAPER_PX = 660; // width of a chart on A4, within margins
const ASINH_USD_PER_MWH = 10; // the price axis is linear within, logarithmic beyond, if so wished

const number = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 5 });

function colours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["ai", "fleet", "limit", "price", "site", "text", "rule", "ai-fill", "fleet-fill", "site-fill",
    "site-edge", "price-fill", "limit-fill"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

function withRange(parts, i) {
  const mean = number.format(parts.mean[i]);
  return parts.low[i] === parts.high[i] ? mean : `${mean} (${number.format(parts.low[i])} to ${number.format(parts.high[i])})`;
}

function durationText(seconds) {
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (seconds >= size) return `${number.format(seconds / size)} ${unit}`;
  }
  return `${number.format(seconds)} s`;
}

class Charts {
  constructor(data, power, price, moments) {
    Object.assign(this, { data, power, price, moments, from: 0, to: data.end_s, plots: [], isBent: false, isPaper: false });
    this.element = document.getElementById("power-chart");
    this.status = document.getElementById("power-status");
    this.pointer = document.getElementById("power-pointer");
  }

  // -- what is drawn ------------------------------------------------------------------------------------------

  /* The layer with the most detail that covers what is in view. */
  layer() {
    const rounding = 0.01; // what is left of a time after its way through the chart
    const covers = ({ power, from_s, to_s }) => power && from_s - rounding <= this.from && this.to <= to_s + rounding;
    const inside = this.moments.find(covers);
    return inside ? inside.power : this.power;
  }

  toClock(seconds) {
    return Array.from(seconds, (t) => this.data.start_ms / 1000 + t);
  }

  site(c) {
    const line = (stroke, width = 1) => ({ stroke, width, points: { show: false } });
    const exact = this.view.exact;
    return {
      title: "Site [MW]",
      height: 330,
      series: [
        { ...line(c.ai, 0.5), fill: c["ai-fill"] }, line(c.fleet, 0.5),
        line(exact ? null : c["site-edge"], 0.5), line(exact ? c.site : c["site-edge"], exact ? 1.2 : 0.5),
        line(c["limit-fill"], 0.5), { ...line(c.limit, 1.8), dash: [7, 5] },
      ],
      bands: [
        { series: [2, 1], fill: c["fleet-fill"] }, { series: [4, 3], fill: c["site-fill"] },
        { series: [5, 6], fill: c["limit-fill"] },
      ],
      data: () => {
        const { ai, site, limit, over, drawn = site } = this.view.channels;
        const ceiling = limit.mean.map((value, i) => value + over.high[i]);
        return [this.toClock(this.view.x), ai.mean, drawn.mean, site.low, site.high, ceiling, limit.mean];
      },
    };
  }

  alone(c) {
    return {
      title: "AI alone [MW]",
      height: 170,
      series: [
        { stroke: null, points: { show: false } }, { stroke: null, points: { show: false } },
        { stroke: c.ai, width: 1.6, points: { show: false } },
      ],
      bands: [{ series: [2, 1], fill: c["ai-fill"] }],
      data: () => {
        const { ai } = this.view.channels;
        return [this.toClock(this.view.x), ai.low, ai.high, ai.mean];
      },
    };
  }

  prices(c) {
    return {
      title: "Price [USD/MWh]",
      height: 170,
      isFree: true,
      series: [
        { stroke: null, points: { show: false } }, { stroke: null, points: { show: false } },
        { stroke: c.price, width: 1.6, points: { show: false } },
      ],
      bands: [{ series: [2, 1], fill: c["price-fill"] }],
      data: () => {
        const { price } = this.priceView.channels;
        return [this.toClock(this.priceView.x), price.low, price.high, price.mean];
      },
    };
  }

  /* Make all charts anew: in other colours, or with more dots for paper. */
  build() {
    this.look();
    this.plots.forEach(({ plot }) => plot.destroy());
    const c = colours();
    const panels = [this.site(c), this.alone(c), ...(this.price ? [this.prices(c)] : [])];
    this.plots = panels.map((panel, place) => this.plotOf(panel, c, place === panels.length - 1));
    this.report();
  }

  plotOf({ title, height, series, bands, data, isFree }, c, isLast) {
    const k = this.scale(), font = `${13 * k}px system-ui, sans-serif`;
    const axis = { stroke: c.text, font, labelFont: font, gap: 5 * k,
      grid: { stroke: c.rule, width: k }, ticks: { stroke: c.rule, width: k, size: 5 * k } };
    series.forEach((one) => { if (one.width) one.width *= k; });
    const range = isFree ? undefined : (_, low, high) => [Math.min(0, low ?? 0), 1.04 * (high > 0 ? high : 1)];
    const bent = isFree && this.isBent ? { distr: 4, asinh: ASINH_USD_PER_MWH } : {};
    const options = {
      width: this.width(), height: k * (isLast ? height + 22 : height), series: [{}, ...series], bands,
      legend: { show: false },
      scales: { x: { time: true, range: () => this.toClock([this.from, this.to]) }, y: { ...(range && { range }), ...bent } },
      axes: [
        { ...axis, space: 90 * k, values: (_, at, __, ___, step) => at.map((t) => this.mark(t, step)), size: k * 44,
          ...(isLast && { label: `Local time (${this.data.offset})`, labelSize: 20 * k }) },
        { ...axis, label: title, space: 32 * k, size: 58 * k, labelSize: 20 * k },
      ],
      tzDate: (t) => uPlot.tzDate(new Date(1000 * t), "Etc/UTC"), // local times, which count as UTC here
      cursor: {
        sync: { key: "power" }, points: { show: false }, y: false,
        drag: { x: true, y: false, setScale: false },
        bind: { dblclick: () => () => { this.show(0, this.data.end_s); return null; } },
      },
      hooks: {
        setSelect: [(plot) => {
          if (!(plot.select.width > 2)) return;
          const [from, to] = [plot.select.left, plot.select.left + plot.select.width].map((px) => plot.posToVal(px, "x"));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          this.show(from - this.data.start_ms / 1000, to - this.data.start_ms / 1000);
        }],
        setCursor: [(plot) => this.point(plot)],
      },
    };
    return { plot: new uPlot(options, data(), this.element), data };
  }

  /* On paper the charts are drawn twice as large, and shrunk: a canvas has no finer dots. */
  scale() {
    return this.isPaper ? 2 : 1;
  }

  width() {
    return this.isPaper ? this.scale() * PAPER_PX : Math.max(280, Math.floor(this.element.clientWidth));
  }

  mark(time, step) {
    const text = new Date(Math.round(1e6 * time) / 1e3).toISOString();
    if (step >= 86400) return text.slice(5, 10);
    if (text.slice(11, 19) === "00:00:00" && step >= 60) return `${text.slice(11, 16)}\n${text.slice(5, 10)}`;
    return step >= 60 ? text.slice(11, 16) : step >= 1 ? text.slice(11, 19) : text.slice(14, 23);
  }

  // -- what is in view ----------------------------------------------------------------------------------------

  look() {
    this.view = this.layer().view(this.from, this.to);
    this.priceView = this.price && this.price.view(this.from, this.to);
  }

  show(from, to) {
    const span = Math.min(Math.max(to - from, 0.1), this.data.end_s);
    this.from = Math.min(Math.max(0, from), this.data.end_s - span);
    this.to = this.from + span;
    const wasExact = this.view.exact;
    this.look();
    if (this.view.exact !== wasExact) return this.build();
    this.plots.forEach(({ plot, data }) => plot.setData(data(), true));
    return this.report();
  }

  fit() {
    this.plots.forEach(({ plot }) => plot.setSize({ width: this.width(), height: plot.height }));
  }

  text(t, end = 19) {
    return new Date(this.data.start_ms + 1000 * t).toISOString().slice(0, end).replace("T", " ");
  }

  report() {
    const detail = this.view.exact
      ? "every breakpoint is drawn"
      : `each step covers ${durationText(this.view.width)}; its minimum, mean and maximum are exact`;
    this.status.textContent = `Shown: ${this.text(this.from)} to ${this.text(this.to)} (${this.data.offset}); ${detail}.`;
  }

  /* One line answers the pointer for all charts. */
  point(plot) {
    const i = plot.cursor.idx, left = plot.cursor.left;
    if (plot !== this.plots[0]?.plot || left < 0 || i == null || i >= this.view.x.length) return;
    const { ai, site, limit, drawn } = this.view.channels, loads = drawn ?? site;
    const words = [`${this.text(this.view.x[i], 23)}: site ${withRange(site, i)} MW`, `AI ${withRange(ai, i)} MW`,
      `fleets ${number.format(loads.mean[i] - ai.mean[i])} MW`,
      ...(drawn ? [`battery ${number.format(site.mean[i] - drawn.mean[i])} MW`] : []),
      `limit ${number.format(limit.mean[i])} MW`];
    if (this.priceView) {
      const place = lastNotAbove(this.priceView.x, this.view.x[i]);
      words.push(`price ${withRange(this.priceView.channels.price, place)} USD/MWh`);
    }
    this.pointer.textContent = words.join(" · ");
  }
}

// -- controls -------------------------------------------------------------------------------------------------

function addButton(parent, text, label, action) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  if (label) button.setAttribute("aria-label", label);
  button.addEventListener("click", () => action(button));
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
  if (charts.price) {
    addButton(bar, "Price logarithmic", "Price logarithmic, both ways from zero", (button) => {
      charts.isBent = !charts.isBent;
      button.setAttribute("aria-pressed", String(charts.isBent));
      charts.build();
    });
  }
  document.querySelectorAll("button[data-from]").forEach((button) => {
    button.disabled = false;
    button.addEventListener("click", () => {
      charts.show(Number(button.dataset.from), Number(button.dataset.to));
      document.getElementById("power-title").scrollIntoView({ block: "start" });
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
  charts.build();
  addControls(charts);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.build());
  new ResizeObserver(() => charts.isPaper || charts.fit()).observe(charts.element);
  // paper is light, narrower than a screen, finer, and cannot be unfolded
  const onPaper = (printing) => {
    document.documentElement.classList.toggle("printing", printing);
    if (printing) document.querySelectorAll("details").forEach((group) => (group.open = true));
    charts.isPaper = printing;
    charts.element.style.zoom = 1 / charts.scale();
    charts.build();
  };
  addEventListener("beforeprint", () => onPaper(true));
  addEventListener("afterprint", () => onPaper(false));
  document.documentElement.dataset.ready = "1";
}

start();
