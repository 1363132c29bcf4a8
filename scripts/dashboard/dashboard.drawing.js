/* global uPlot, document */
// Runs in the browser: draws what dashboard.panels.mjs has read.

const COLOURS = ['#2a78d6', '#e07b00', '#1a9c6b', '#c2367f', '#6b4fc4', '#8a7400', '#c4312b', '#3a8fa3'];
const AXIS = { stroke: '#68707f', grid: { stroke: '#eceff3', width: 1 }, ticks: { show: false } };
const UNITS = {
  none: (value) => String(Number(value.toFixed(2))),
  ops: (value) => `${Number(value.toFixed(2))}/s`,
  s: (value) => (value === 0 ? '0' : value < 1 ? `${Number((value * 1000).toFixed(1))} ms` : `${value} s`),
};

globalThis.drawDashboard = ({ title, facts, note, times, panels }) => {
  const header = add(document.body, 'header');
  add(header, 'h1', title);
  for (const [name, value] of facts) {
    const fact = add(header, 'span', `${name} `);
    add(fact, 'b', value);
  }
  const main = add(document.body, 'main');
  for (const panel of panels) drawPanel(main, panel, times);
  add(add(document.body, 'footer'), 'span', note);
};

function drawPanel(main, panel, times) {
  const { x, y, w, h } = panel.gridPos;
  const section = add(main, 'section');
  section.style.gridArea = `${y + 1} / ${x + 1} / span ${h} / span ${w}`;
  add(section, 'h2', panel.title);
  if (panel.type === 'stat') return drawStats(section, panel);
  if (panel.description) add(section, 'p', panel.description);
  return drawSeries(section, panel, times);
}

function drawStats(section, { series, unit, mappings = [], thresholds }) {
  const stats = add(section, 'div', '', 'stats');
  for (const { name, values } of series) {
    const value = values.findLast((one) => one !== null);
    const stat = add(stats, 'div', '', 'stat');
    const { text, color } = mappings.find(({ options }) => value in options)?.options[value] ?? {};
    const step = thresholds?.steps.findLast((one) => one.value === null || one.value <= value);
    stat.style.background = { green: 'var(--good)', red: 'var(--bad)' }[color ?? step?.color];
    add(stat, 'strong', text ?? UNITS[unit](value));
    add(stat, 'span', name);
  }
}

function drawSeries(section, { series, unit, min }, times) {
  const plot = add(section, 'div', '', 'plot');
  const isFlat = ({ values }) => values.every((value) => !value);
  const lively = series.filter((one) => !isFlat(one)).toSorted((a, b) => a.name.localeCompare(b.name));
  const flat = series.filter(isFlat);
  drawLegend(section, lively, flat);
  const colour = (index) => COLOURS[index % COLOURS.length];
  const drawn = [...flat, ...lively];
  const lines = drawn.map((_, index) => {
    const stroke = index < flat.length ? '#b8bfca' : colour(index - flat.length);
    const isAlone = lively.length === 1 && index >= flat.length;
    return { stroke, width: 1.5, points: { show: false }, ...(isAlone && { fill: `${stroke}1a` }) };
  });
  const options = {
    width: plot.clientWidth,
    height: plot.clientHeight,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, low, high) => rangeFrom(min ?? low, high) } },
    axes: [
      { ...AXIS, size: 26, gap: 8, space: 70, values: (_, splits) => splits.map(clock) },
      { ...AXIS, size: 58, space: 26, values: (_, splits) => splits.map(UNITS[unit]) },
    ],
    series: [{}, ...lines],
  };
  return new uPlot(options, [times, ...drawn.map(({ values }) => values)], plot);
}

function drawLegend(section, lively, flat) {
  const legend = add(section, 'div', '', 'legend');
  for (const [index, { name }] of lively.entries()) addKey(legend, COLOURS[index % COLOURS.length], name);
  if (flat.length === 0) return;
  const isFew = lively.length === 0 && flat.length < 3;
  const names = isFew
    ? flat.map(({ name }) => name).join(', ')
    : `${flat.length}${lively.length ? ' more' : ''}`;
  addKey(legend, '#b8bfca', `${names} at 0`);
}

function addKey(legend, colour, name) {
  const key = add(legend, 'span');
  add(key, 'i').style.background = colour;
  key.append(name);
}

function rangeFrom(low, high) {
  return [low, high > low ? high * 1.08 : low + 1];
}

function clock(second) {
  return new Date(second * 1000).toISOString().slice(11, 19);
}

function add(parent, name, text = '', className = '') {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.textContent = text;
  parent.append(element);
  return element;
}
