"use strict";

/* Looks at a study's table from where its reader wants: one column against another, a map over two axes, and how far each
   axis moves a metric. The table holds all numbers; nothing is asked of any server. */

const SVG = "http://www.w3.org/2000/svg";
const short = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });

function element(name, attributes = {}, text = "") {
  const one = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  if (text) one.textContent = text;
  return one;
}

function drawing(width, height, label) {
  return element("svg", { viewBox: `0 0 ${width} ${height}`, class: "drawn", role: "img", "aria-label": label });
}

/* The columns of the table: its axes first, then metrics, with half the width of their intervals where there is one; a
   cell that is no number stays a word. */
function columnsOf(table) {
  const count = Number(table.dataset.axes), rows = Array.from(table.tBodies[0].rows);
  const number = (text) => Number(text.replace(/[±,\s]/g, "")) || 0;
  return Array.from(table.tHead.rows[0].cells, (head, place) => ({
    name: head.textContent,
    isAxis: place < count,
    values: rows.map((row) => keyOf(row.cells[place])),
    halves: rows.map((row) => number(row.cells[place].querySelector("small")?.textContent ?? "")),
  }));
}

const isNumeric = (column) => column.values.every((value) => typeof value === "number");
const distinct = (values) => [...new Set(values)];
const text = (value) => (typeof value === "number" ? short.format(value) : value);

function mean(values) {
  const known = values.filter((value) => typeof value === "number");
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : NaN;
}

function scale(values, from, to) {
  const low = Math.min(...values), high = Math.max(...values), span = high - low || Math.abs(high) || 1;
  return Object.assign((value) => from + ((to - from) * (value - low)) / span, { low, high: low + span });
}

function choice(parent, label, names, chosen, change) {
  const frame = document.createElement("label"), select = document.createElement("select");
  for (const name of names) select.append(new Option(name, name, false, name === chosen));
  frame.append(`${label} `, select);
  parent.append(frame);
  select.addEventListener("change", () => change(select.value));
}

// -- one column against another ---------------------------------------------------------------------------------

/* Round numbers within a scale, about five of them. */
function roundMarks({ low, high }) {
  const least = (high - low) / 6, power = 10 ** Math.floor(Math.log10(least));
  const step = power * [1, 2, 5, 10].find((one) => one * power >= least), first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function axisMarks(svg, across, upwards, names) {
  for (const y of roundMarks(upwards)) {
    svg.append(element("line", { class: "grid", x1: 90, x2: 880, y1: upwards(y), y2: upwards(y) }));
    svg.append(element("text", { x: 82, y: upwards(y) + 4, "text-anchor": "end" }, short.format(y)));
  }
  for (const x of roundMarks(across)) {
    svg.append(element("line", { class: "grid", x1: across(x), x2: across(x), y1: 24, y2: 298 }));
    svg.append(element("text", { x: across(x), y: 318, "text-anchor": "middle" }, short.format(x)));
  }
  svg.append(element("text", { x: 485, y: 342, "text-anchor": "middle", class: "name" }, names[0]));
  svg.append(element("text", { x: 90, y: 14, class: "name" }, names[1]));
}

const whisker = (ends) => element("line", { ...ends, stroke: "currentColor", "stroke-width": 1.5 });

function against(columns, x, y) {
  const svg = drawing(900, 350, `${y.name} against ${x.name}`);
  const known = x.values.map((_, i) => i).filter((i) => [x, y].every((one) => typeof one.values[i] === "number"));
  if (!known.length) return [svg];
  const ends = (column) => known.flatMap((i) => [-1, 1].map((way) => column.values[i] + way * column.halves[i]));
  const across = scale(ends(x), 100, 870), upwards = scale(ends(y), 290, 30);
  axisMarks(svg, across, upwards, [x.name, y.name]);
  const axes = columns.filter((one) => one.isAxis && distinct(one.values).length > 1);
  const along = x.isAxis ? x : axes.findLast(isNumeric);
  const others = axes.filter((one) => one !== along);
  const lines = new Map();
  for (const i of known) {
    const name = others.map((one) => `${one.name} = ${text(one.values[i])}`).join(", ");
    lines.set(name, [...(lines.get(name) ?? []), i]);
  }
  [...lines].forEach(([name, places], place) => {
    const group = element("g", { class: `k${place % 8}` });
    if (along) places.sort((one, other) => along.values[one] - along.values[other]);
    const points = places.map((i) => [across(x.values[i]), upwards(y.values[i])]);
    if (along) group.append(element("polyline", { class: "line", points: points.map((at) => at.join(",")).join(" ") }));
    places.forEach((i, n) => {
      const [left, top] = points[n], half = y.halves[i], side = x.halves[i];
      const dot = element("circle", { cx: left, cy: top, r: 5, fill: "currentColor" });
      const at = along ? `, ${along.name} = ${text(along.values[i])}` : "";
      dot.append(element("title", {}, `${name || "all"}${at}: ${text(x.values[i])}, ${text(y.values[i])}`));
      group.append(dot);
      if (half) group.append(whisker({ x1: left, x2: left, y1: upwards(y.values[i] - half), y2: upwards(y.values[i] + half) }));
      if (side) group.append(whisker({ y1: top, y2: top, x1: across(x.values[i] - side), x2: across(x.values[i] + side) }));
      if (along && along !== x) group.append(element("text", { x: left + 9, y: top + 4 }, text(along.values[i])));
    });
    svg.append(group);
  });
  return [...(lines.size > 1 ? [legendOf([...lines.keys()])] : []), svg];
}

function legendOf(names) {
  const list = document.createElement("ul");
  list.className = "legend";
  names.forEach((name, place) => {
    const item = document.createElement("li"), swatch = document.createElement("span");
    swatch.className = `swatch k${place % 8}`;
    item.append(swatch, name);
    list.append(item);
  });
  return list;
}

// -- a map over two axes ----------------------------------------------------------------------------------------

function map(across, down, y) {
  const xs = distinct(across.values), ys = distinct(down.values), wide = 760 / xs.length;
  const svg = drawing(900, 60 + 34 * ys.length, `${y.name} by ${across.name} and ${down.name}`);
  const cells = ys.map((row) => xs.map((column) => mean(y.values.filter(
    (_, i) => across.values[i] === column && down.values[i] === row))));
  const known = cells.flat().filter(Number.isFinite), shade = scale(known.length ? known : [0], 0.08, 0.85);
  svg.append(element("text", { x: 10, y: 14, class: "name" }, `${down.name} down, ${across.name} across`));
  xs.forEach((value, i) => svg.append(
    element("text", { x: 130 + (i + 0.5) * wide, y: 34, "text-anchor": "middle" }, text(value))));
  ys.forEach((value, j) => {
    svg.append(element("text", { x: 122, y: 62 + 34 * j, "text-anchor": "end" }, text(value)));
    cells[j].forEach((cell, i) => {
      if (!Number.isFinite(cell)) return;
      const at = { x: 130 + i * wide, y: 42 + 34 * j, width: wide - 2, height: 32 };
      svg.append(element("rect", { ...at, class: "ai", fill: "currentColor", "fill-opacity": 0.55 * shade(cell) }));
      svg.append(element("text", { x: at.x + wide / 2, y: at.y + 21, "text-anchor": "middle", class: "name" }, short.format(cell)));
    });
  });
  return svg;
}

// -- how far each axis moves a metric ---------------------------------------------------------------------------

function tornado(axes, y) {
  const bars = axes.map((axis) => {
    const ends = distinct(axis.values).map((value) => [mean(y.values.filter((_, i) => axis.values[i] === value)), value]);
    ends.sort(([one], [other]) => one - other);
    return { axis, least: ends[0], most: ends.at(-1) };
  }).filter(({ least, most }) => Number.isFinite(most[0] - least[0]));
  bars.sort((one, other) => other.most[0] - other.least[0] - (one.most[0] - one.least[0]));
  const svg = drawing(900, 30 + 50 * bars.length, `How far each axis moves ${y.name}`);
  if (!bars.length) return svg;
  const across = scale(bars.flatMap(({ least, most }) => [least[0], most[0]]), 150, 750), middle = across(mean(y.values));
  svg.append(element("line", { class: "grid", x1: middle, x2: middle, y1: 4, y2: 24 + 50 * bars.length }));
  bars.forEach(({ axis, least, most }, place) => {
    const top = 20 + 50 * place, from = across(least[0]), to = across(most[0]);
    svg.append(element("text", { x: 10, y: top, class: "name" }, axis.name));
    svg.append(element("rect", { x: from, y: top + 6, width: Math.max(1, to - from), height: 20, class: "price", fill: "currentColor", "fill-opacity": 0.6 }));
    svg.append(element("text", { x: from - 6, y: top + 21, "text-anchor": "end" }, `${short.format(least[0])} at ${text(least[1])}`));
    svg.append(element("text", { x: to + 6, y: top + 21 }, `${short.format(most[0])} at ${text(most[1])}`));
  });
  return svg;
}

// -- the section ------------------------------------------------------------------------------------------------

function addLook(table) {
  const columns = columnsOf(table), axes = columns.filter((one) => one.isAxis && distinct(one.values).length > 1);
  const numeric = columns.filter(isNumeric), metrics = numeric.filter((one) => !one.isAxis && distinct(one.values).length > 1);
  if (!axes.length || !metrics.length) return;
  const named = (name) => columns.find((one) => one.name === name);
  const isMean = (one) => !/ P\d+$/.test(one.name), { x: firstX, y: firstY } = table.dataset;
  const along = axes.findLast(isNumeric);
  const state = { x: (named(firstX) ?? along ?? numeric[0]).name, y: (named(firstY) ?? metrics.findLast(isMean) ?? metrics[0]).name, across: axes.at(-1).name, down: axes[0].name };
  const section = document.createElement("section"), bar = document.createElement("p"), place = document.createElement("div");
  const title = Object.assign(document.createElement("h2"), { textContent: "Look closer" });
  bar.className = "controls";
  place.className = "scroll look";
  place.tabIndex = 0;
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", "Look closer");
  section.append(title, bar, place);
  const draw = () => {
    const heading = (words) => Object.assign(document.createElement("h3"), { textContent: words });
    const shown = [heading(`${state.y} against ${state.x}`), ...against(columns, named(state.x), named(state.y))];
    if (axes.length > 1 && state.across !== state.down) {
      shown.push(heading(`${state.y} by two axes`), map(named(state.across), named(state.down), named(state.y)));
    }
    shown.push(heading(`How far each axis moves ${state.y}, the others averaged`), tornado(axes, named(state.y)));
    const rest = along ? metrics.filter((one) => isMean(one) && (one.name !== state.y || state.x !== along.name)) : [];
    for (const one of rest) shown.push(heading(`${one.name} by ${along.name}`), ...against(columns, along, one));
    place.replaceChildren(...shown);
  };
  const pick = (key) => (name) => { state[key] = name; draw(); };
  choice(bar, "Up", metrics.map((one) => one.name), state.y, pick("y"));
  choice(bar, "Across", numeric.map((one) => one.name), state.x, pick("x"));
  if (axes.length > 1) {
    choice(bar, "Map across", axes.map((one) => one.name), state.across, pick("across"));
    choice(bar, "Map down", axes.map((one) => one.name), state.down, pick("down"));
  }
  draw();
  table.closest("section").after(section);
}

for (const table of document.querySelectorAll("table[data-axes]")) addLook(table);
