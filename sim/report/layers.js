"use strict";

/* Opens the data embedded in a result page, and reduces it to what is in view.

   Power comes as a layer: either exact (value at the start and limit at the end of each segment between two
   breakpoints) or binned (exact minimum, mean and maximum of each bin). For every view the layer is reduced to
   what fits on the screen, and minima and maxima are always carried along, so that no dip gets lost. */

const NICE_WIDTHS_S = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600,
  86400, 604800,
];
const MOST_SEGMENTS = 4000; // up to so many segments in view are drawn exactly
const MOST_BINS = 1000; // else the view is cut into at most so many bins

// -- unpacking ------------------------------------------------------------------------------------------------

async function inflate(text) {
  const packed = atob(text);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/* The inverse of pack() in packing.py: byte planes, folded differences, whole multiples of a step. */
async function unpack(packed) {
  const raw = await inflate(packed.data);
  const values = new Float64Array(packed.count);
  let sum = 0;
  for (let i = 0; i < packed.count; i++) {
    let code = 0;
    for (let plane = packed.bytes - 1; plane >= 0; plane--) code = code * 256 + raw[plane * packed.count + i];
    sum += code % 2 ? -(code + 1) / 2 : code / 2;
    values[i] = sum * packed.step;
  }
  return values;
}

async function unpackAll(channels) {
  const found = {};
  for (const [name, arrays] of Object.entries(channels)) {
    found[name] = {};
    for (const [part, packed] of Object.entries(arrays)) found[name][part] = await unpack(packed);
  }
  return found;
}

async function openLayer(packed) {
  const channels = await unpackAll(packed.channels);
  if (packed.kind === "exact") return new ExactLayer(await unpack(packed.time_s), packed.end_s, channels);
  return new BinLayer(packed.width_s, packed.end_s, channels);
}

// -- layers ---------------------------------------------------------------------------------------------------

function niceWidth(least) {
  return NICE_WIDTHS_S.find((width) => width >= least) || Math.ceil(least / 604800) * 604800;
}

/* Index of the last element that is not above a value. */
function lastNotAbove(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/* Corners of steps: each bin twice, at its start and at its end. */
function stepView(edges, width, channels) {
  const view = { exact: false, width, x: [], channels: {} };
  for (let i = 0; i + 1 < edges.length; i++) view.x.push(edges[i], edges[i + 1]);
  for (const [name, parts] of Object.entries(channels)) {
    view.channels[name] = {};
    for (const part of ["low", "mean", "high"]) {
      view.channels[name][part] = Array.from(parts[part]).flatMap((value) => [value, value]);
    }
  }
  return view;
}

class ExactLayer {
  constructor(time, end, channels) {
    Object.assign(this, { time, start: time[0], end, channels });
  }

  endOf(i) {
    return i + 1 < this.time.length ? this.time[i + 1] : this.end;
  }

  view(from, to) {
    const first = lastNotAbove(this.time, from), last = lastNotAbove(this.time, to);
    if (last - first < MOST_SEGMENTS) return this.segments(first, last);
    return this.binned(first, from, to, niceWidth((to - from) / MOST_BINS));
  }

  segments(first, last) {
    const view = { exact: true, width: 0, x: [], channels: {} };
    for (let i = first; i <= last; i++) view.x.push(this.time[i], this.endOf(i));
    for (const [name, { from, to }] of Object.entries(this.channels)) {
      const corners = [];
      for (let i = first; i <= last; i++) corners.push(from[i], to[i]);
      view.channels[name] = { low: corners, mean: corners, high: corners };
    }
    return view;
  }

  binned(first, from, to, width) {
    const origin = Math.floor(from / width), count = Math.ceil(Math.min(to, this.end) / width) - origin;
    const edges = Array.from({ length: count + 1 }, (_, bin) => {
      return Math.min(Math.max((origin + bin) * width, this.start), this.end);
    });
    const start = lastNotAbove(this.time, edges[0]);
    const channels = {};
    for (const [name, parts] of Object.entries(this.channels)) channels[name] = this.reduce(parts, start, edges);
    return stepView(edges, width, channels);
  }

  /* Minimum, mean and maximum of one channel in each bin; a segment that reaches over an edge is cut there. */
  reduce({ from, to }, start, edges) {
    const count = edges.length - 1;
    const low = new Float64Array(count).fill(Infinity), high = new Float64Array(count).fill(-Infinity);
    const mean = new Float64Array(count);
    let bin = 0;
    for (let i = start; i < this.time.length && this.time[i] < edges[count]; i++) {
      const begin = this.time[i], finish = this.endOf(i);
      const at = (t) => (finish > begin ? from[i] + ((to[i] - from[i]) * (t - begin)) / (finish - begin) : to[i]);
      let t = Math.max(begin, edges[0]);
      do {
        while (bin + 1 < count && edges[bin + 1] <= t) bin++;
        const stop = Math.min(finish, edges[bin + 1]);
        const a = t === begin ? from[i] : at(t), b = at(stop);
        low[bin] = Math.min(low[bin], a, b);
        high[bin] = Math.max(high[bin], a, b);
        mean[bin] += 0.5 * (a + b) * (stop - t);
        t = stop;
      } while (t < finish && t < edges[count]);
    }
    for (let i = 0; i < count; i++) mean[i] /= edges[i + 1] - edges[i];
    return { low, mean, high };
  }
}

class BinLayer {
  constructor(width, end, channels) {
    Object.assign(this, { width, end, channels, count: Math.ceil(end / width - 1e-6) });
  }

  /* Bins are joined in whole groups, aligned to the start, so that panning does not change them. */
  view(from, to) {
    const wanted = niceWidth((to - from) / MOST_BINS);
    const group = Math.max(1, Math.round(wanted / this.width));
    const first = Math.max(0, Math.floor(from / this.width / group));
    const last = Math.min(Math.ceil(this.count / group), Math.ceil(to / this.width / group));
    const edges = [];
    for (let i = first; i <= last; i++) edges.push(Math.min(i * group * this.width, this.end));
    const channels = {};
    for (const [name, parts] of Object.entries(this.channels)) {
      channels[name] = this.reduce(parts, first * group, group, edges.length - 1);
    }
    return stepView(edges, group * this.width, channels);
  }

  reduce({ minimum, mean, maximum }, first, group, count) {
    const joined = { low: new Float64Array(count), mean: new Float64Array(count), high: new Float64Array(count) };
    for (let bin = 0; bin < count; bin++) {
      let low = Infinity, high = -Infinity, area = 0, length = 0;
      const start = first + bin * group, stop = Math.min(start + group, this.count);
      for (let i = start; i < stop; i++) {
        const width = Math.min((i + 1) * this.width, this.end) - i * this.width;
        low = Math.min(low, minimum[i]);
        high = Math.max(high, maximum[i]);
        area += mean[i] * width;
        length += width;
      }
      joined.low[bin] = low;
      joined.mean[bin] = area / length;
      joined.high[bin] = high;
    }
    return joined;
  }
}
