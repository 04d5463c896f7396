'use strict';
// Draws the facts that stand in the page. All text from the model goes in as text nodes, never as markup.
const facts = JSON.parse(document.getElementById('facts').textContent);
const plan = facts.plan;
const byId = id => document.getElementById(id);
const svgNames = 'http://www.w3.org/2000/svg';

function element(tag, attributes = {}, ...children) {
  const svg = ['svg', 'g', 'path', 'rect', 'line', 'text', 'title'].includes(tag);
  const e = svg ? document.createElementNS(svgNames, tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) e.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) e.setAttribute(key, value === true ? '' : value);
  }
  e.append(...children.filter(c => c !== undefined && c !== null));
  return e;
}

// ---- Numbers: formulas over dimensions, at the sizes that the reader chooses

const sizes = new Map(facts.symbols.map(s => [s.name, s.assumed]));
const operators = {
  floordiv: (a, b) => Math.floor(a / b), ceildiv: (a, b) => Math.ceil(a / b), mod: (a, b) => a - b * Math.floor(a / b),
  max: Math.max, min: Math.min, align: (a, b) => Math.ceil(a / b) * b,
};
const compiled = new Map();

// A formula as a function without arguments; NaN where a size is not known.
function formula(text) {
  if (compiled.has(text)) return compiled.get(text);
  const tokens = String(text).match(/\d+|[A-Za-z_][A-Za-z_0-9]*|[-+*(),]/g) || [];
  let at = 0;
  const sum = () => {
    let left = product();
    while (tokens[at] === '+' || tokens[at] === '-') {
      const sign = tokens[at++] === '+' ? 1 : -1, a = left, b = product();
      left = () => a() + sign * b();
    }
    return left;
  };
  const product = () => {
    let left = factor();
    while (tokens[at] === '*') {
      ++at;
      const a = left, b = factor();
      left = () => a() * b();
    }
    return left;
  };
  const factor = () => {
    const token = tokens[at++];
    if (token === '-') { const a = factor(); return () => -a(); }
    if (token === '(') { const a = sum(); ++at; return a; }
    if (/^\d/.test(token)) return () => Number(token);
    if (tokens[at] === '(' && operators[token]) {
      ++at;
      const a = sum(); ++at;
      const b = sum(); ++at;
      return () => operators[token](a(), b());
    }
    return () => sizes.has(token) ? sizes.get(token) : NaN;
  };
  const result = tokens.length ? sum() : () => NaN;
  compiled.set(text, result);
  return result;
}
const valueOf = text => formula(text)();

function scaled(value, units, step) {
  if (!Number.isFinite(value)) return 'by data';
  let unit = 0;
  while (Math.abs(value) >= step && unit + 1 < units.length) { value /= step; ++unit; }
  const digits = unit === 0 && Number.isInteger(value) ? 0 : value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(digits) + (units[unit] ? '\u202f' + units[unit] : '');
}
const count = n => Number.isFinite(n) ? n.toLocaleString('en-US') : 'by data';
const flop = n => scaled(n, ['FLOP', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP'], 1000);
const bytes = n => scaled(n, ['B', 'kB', 'MB', 'GB', 'TB'], 1000);
const plain = n => scaled(n, ['', 'k', 'M', 'G'], 1000);
const time = us => !Number.isFinite(us) ? '–' : us > 0 && us < 0.01 ? '<\u202f0.01\u202fµs' : us < 1000 ? scaled(us, ['µs'], 1e9) : scaled(us / 1000, ['ms', 's'], 1000);
// "100 %" is all of it, "0 %" nothing.
const percent = share => !Number.isFinite(share) ? '–' : share > 0 && share < 0.0001 ? '<\u202f0.01\u202f%'
  : (100 * share).toFixed(share === 0 || share === 1 ? 0 : share >= 0.1 && share < 0.99 ? 0 : share >= 0.001 ? 1 : 2) + '\u202f%';

// Microseconds on one core: what is slower, arithmetic or memory.
function stepTime(step) {
  if (!plan.predicts_time || !step.flops_per_cycle) return NaN;
  const cycles = Math.max(valueOf(step.flop) / step.flops_per_cycle, valueOf(step.bytes) / plan.bytes_per_cycle);
  return cycles / (plan.clock_ghz * 1000);
}
const countingRule = 'A multiply-add counts as two. Both branches of an If count, of a loop one iteration.';
const predictionRule = plan && plan.predicts_time ? 'Times are predicted, not measured: on one core the longer of arithmetic, with everything in the L1 cache, ' +
  `and memory traffic, each byte once. Assumed are ${plan.clock_ghz} GHz and ${plan.bytes_per_cycle} bytes a cycle (${plan.clock_ghz * plan.bytes_per_cycle} GB/s) ` +
  "from memory. 'ingot bench' measures." : '';
const finite = n => Number.isFinite(n) ? n : 0;
const total = (list, get) => list.reduce((sum, item) => sum + finite(get(item)), 0);

const operatorOf = n => n.domain ? n.domain + '.' + n.op : n.op;
const typeText = t => t.dims ? t.type + '[' + t.dims.join(', ') + ']' : t.type;
const shortType = t => t.dims ? t.type + ' ' + (t.dims.length ? t.dims.join('×') : 'scalar') : t.type;
const cut = (text, most) => text.length > most ? text.slice(0, most - 1) + '…' : text;

// Hues far apart for things that are counted one after the other.
const hue = index => Math.round(24 + index * 137.508) % 360;
const fill = h => h === undefined ? '' : `hsl(${h} var(--saturation) var(--tint))`;
const stripe = h => h === undefined ? '' : `hsl(${h} var(--saturation) var(--stripe))`;

// Operators, the commonest first, have their hue by rank.
const hueOfOperator = new Map();
{
  const often = new Map();
  for (const n of facts.nodes) often.set(operatorOf(n), (often.get(operatorOf(n)) || 0) + 1);
  [...often].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).forEach(([op], i) => hueOfOperator.set(op, hue(i)));
}

// Who makes and who uses each value.
const makers = new Map(), users = new Map();
facts.nodes.forEach((n, i) => {
  n.outputs.forEach(v => makers.set(v, i));
  n.inputs.forEach(v => { if (v >= 0) (users.get(v) || users.set(v, []).get(v)).push(i); });
});

// ---- Tables that sort and filter

// columns: {title, get, show(row) → text or element, number, share}
function table(id, columns, rows, options = {}) {
  const body = element('tbody');
  const shown = element('output');
  const filter = element('input', {type: 'search', id: id + '-filter', placeholder: options.placeholder || 'Filter', 'aria-label': 'Filter', oninput: draw});
  let sorted = options.sort ?? -1, down = options.sort !== undefined;
  const heads = columns.map((c, k) => element('th', {scope: 'col', class: c.number ? 'number' : undefined},
    element('button', {type: 'button', title: c.help, onclick: () => {
      down = sorted === k ? !down : Boolean(c.number);
      sorted = k;
      draw();
    }}, c.title)));
  const node = element('div', {},
    rows.length > 5 ? element('div', {class: 'bar'}, filter, shown) : null,
    element('div', {class: 'scroll'}, element('table', {id}, element('thead', {}, element('tr', {}, ...heads)), body)));
  function draw() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const keys = rows.map(r => columns.map(c => c.get(r)));
    let order = rows.map((_, i) => i).filter(i => {
      const text = keys[i].join('\n').toLowerCase();
      return words.every(w => text.includes(w));
    });
    if (sorted >= 0) {
      const sign = down ? -1 : 1;
      order.sort((a, b) => {
        const x = keys[a][sorted], y = keys[b][sorted];
        const way = typeof x === 'number' ? finite(x) - finite(y) : String(x).localeCompare(String(y), 'en', {numeric: true});
        return sign * way || a - b;
      });
    }
    heads.forEach((h, k) => k === sorted ? h.setAttribute('aria-sort', down ? 'descending' : 'ascending') : h.removeAttribute('aria-sort'));
    // A bar is as long as its row's part of the largest row: of many rows a part of the sum would be too short to see.
    const sums = columns.map(c => c.share ? total(rows, c.get) : 0);
    const most = columns.map((c, k) => c.share ? keys.reduce((m, row) => Math.max(m, finite(row[k])), 0) : 0);
    body.replaceChildren(...order.map(i => element('tr', options.row ? options.row(rows[i]) : {}, ...columns.map((c, k) => {
      const content = c.show ? c.show(rows[i]) : String(keys[i][k]);
      const cell = element('td', {class: c.number ? 'number' : c.class}, content);
      if (c.share) {
        const part = sums[k] ? finite(keys[i][k]) / sums[k] : 0, length = most[k] ? finite(keys[i][k]) / most[k] : 0;
        cell.append(element('span', {class: 'share', title: percent(part) + ' of all'}, element('i', {style: `width:${(100 * length).toFixed(1)}%`})));
      }
      return cell;
    }))));
    if (!order.length) body.append(element('tr', {}, element('td', {class: 'empty', colspan: columns.length}, 'Nothing here')));
    shown.textContent = words.length ? `${count(order.length)} of ${count(rows.length)}` : count(rows.length) + (options.noun ? ' ' + options.noun : '');
  }
  draw();
  return {node, draw, filter(text) { filter.value = text; draw(); }};
}

// ---- Tabs

const tabs = [];
function addTab(id, title) {
  const tab = element('button', {type: 'button', role: 'tab', id: 'tab-' + id, 'aria-controls': id, 'aria-selected': 'false', tabindex: -1,
    'data-title': title, onclick: () => openTab(id)}, title);
  byId(id).dataset.title = title;
  tabs.push({id, tab});
  byId('tabs').append(tab);
}
function openTab(id) {
  for (const t of tabs) {
    const open = t.id === id;
    t.tab.setAttribute('aria-selected', String(open));
    t.tab.tabIndex = open ? 0 : -1;
    byId(t.id).hidden = !open;
  }
  if (id === 'graph') requestAnimationFrame(paint);
}
byId('tabs').addEventListener('keydown', event => {
  const at = tabs.findIndex(t => t.tab === document.activeElement);
  const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
  if (at < 0 || !step) return;
  const next = tabs[(at + step + tabs.length) % tabs.length];
  openTab(next.id);
  next.tab.focus();
});

// What depends on sizes is drawn again when they change.
const redraws = [];
function drawn(draw) {
  redraws.push(draw);
  draw();
}

// ---- Head

function head() {
  byId('title').textContent = facts.file || facts.name || 'model';
  const parts = [];
  if (plan) parts.push(`${plan.library} for ${plan.target}`);
  if (facts.producer) parts.push('made by ' + facts.producer.trim());
  parts.push(facts.opsets.map(o => `${o.domain || 'ONNX'} opset ${o.version}`).join(', '), 'Ingot ' + facts.ingot);
  byId('subtitle').textContent = parts.filter(Boolean).join(' · ');
  const tiles = [
    ['nodes', 'nodes', () => count(facts.nodes.length)],
    ['parameters', 'parameters', () => plain(facts.parameters)],
  ];
  if (plan) {
    tiles.push(['flop', 'work of one run', () => flop(valueOf(plan.flop)), countingRule], ['kernel-count', 'kernels', () => count(plan.kernels.length)],
      ['weight-bytes', 'weights', () => bytes(plan.weight_bytes)], ['workspace', 'workspace', () => bytes(valueOf(plan.workspace))],
      ['source-bytes', 'kernels’ source', () => bytes(plan.source_bytes)]);
    if (plan.predicts_time)
      tiles.push(['time', 'predicted, one core', () => time(total(plan.steps, stepTime)), predictionRule]);
  }
  drawn(() => byId('tiles').replaceChildren(...tiles.map(([id, title, get, help]) =>
    element('div', {class: 'tile', id: 'tile-' + id, title: help}, element('b', {}, get()), element('span', {}, title)))));
  if (!facts.symbols.length) return;
  const form = byId('symbols');
  form.hidden = false;
  form.append('Numbers are for', ...facts.symbols.map(s => element('label', {}, s.onnx || s.name,
    element('input', {type: 'number', min: s.low, max: s.high ?? undefined, step: 1, value: s.assumed, 'data-symbol': s.name, oninput: event => {
      const n = event.target.valueAsNumber;
      if (!(n >= 0)) return;
      sizes.set(s.name, n);
      redraws.forEach(draw => draw());
    }}))));
  form.addEventListener('submit', event => event.preventDefault());
}

byId('theme').addEventListener('click', () => {
  const dark = document.documentElement.dataset.theme !== 'dark';
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
});
document.documentElement.dataset.theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', event => {
  document.documentElement.dataset.theme = event.matches ? 'dark' : 'light';
});

// ---- The graph

const canvas = byId('canvas');
const world = element('g');
const farLayer = element('g', {class: 'far'}), lineLayer = element('g'), litLayer = element('g'), boxLayer = element('g'), ringLayer = element('g');
world.append(farLayer, lineLayer, litLayer, boxLayer, ringLayer);
canvas.append(world);
const view = {x: 0, y: 0, scale: 1};
const bandHeight = 1200; // boxes are made and shown by bands
const nearScale = 0.32;  // below it there is no text
let current = null;      // what is drawn: {graph, boxes, lines, bands}
let selected = -1;       // box

// Boxes of a graph: inputs, nodes, outputs, in the order of its drawing.
function boxesOf(g) {
  const list = [];
  for (const v of g.inputs) list.push({kind: 'input', value: v, title: facts.values[v].name, type: facts.values[v]});
  for (const n of g.drawing.nodes) {
    const node = facts.nodes[n];
    list.push({kind: 'node', node: n, title: operatorOf(node), type: facts.values[node.outputs.find(v => v >= 0)]});
  }
  for (const v of g.outputs) if (list.length < g.drawing.boxes.length) list.push({kind: 'output', value: v, title: facts.values[v].name, type: facts.values[v]});
  list.forEach((b, i) => [b.x, b.y, b.w, b.h] = g.drawing.boxes[i]);
  return list;
}

// Points as a curve that leaves and arrives vertically.
function curve(points) {
  let path = `M${points[0]} ${points[1]}`;
  for (let i = 2; i < points.length; i += 2) {
    const [x0, y0, x, y] = [points[i - 2], points[i - 1], points[i], points[i + 1]];
    const bend = Math.max((y - y0) / 2, 0);
    path += x0 === x ? `V${y}` : `C${x0} ${y0 + bend} ${x} ${y - bend} ${x} ${y}`;
  }
  return path;
}

function hueOf(box) {
  if (box.kind !== 'node') return undefined;
  const node = facts.nodes[box.node];
  const mode = byId('colour').value;
  if (mode === 'operator') return hueOfOperator.get(operatorOf(node));
  if (mode === 'kernel') return node.steps.length ? hue(node.steps[0]) : undefined;
  const most = Math.max(1, ...facts.nodes.map(n => finite(valueOf(n.flop))));
  const part = finite(valueOf(node.flop)) / most;
  return part > 0 ? Math.round(210 - 200 * Math.max(0, 1 + Math.log10(part) / 4)) : undefined;
}

function openGraph(index, box) {
  const g = facts.graphs[index];
  current = {index, graph: g, boxes: boxesOf(g), bands: new Map()};
  byId('graph-select').value = index;
  current.lines = g.drawing.lines.map(([value, points]) => ({value, points, path: curve(points)}));
  current.boxOfNode = new Map(current.boxes.map((b, i) => [b.node, i]).filter(([n]) => n !== undefined));
  const paths = [];
  for (let i = 0; i < current.lines.length; i += 200)
    paths.push(element('path', {class: 'line', d: current.lines.slice(i, i + 200).map(l => l.path).join('')}));
  const stubs = g.drawing.remote.map(([, b]) => {
    const box = current.boxes[b];
    return `M${box.x + box.w - 14} ${box.y}v-20`;
  });
  lineLayer.replaceChildren(...paths, element('path', {class: 'line remote', d: stubs.join('')}));
  const overview = byId('overview');
  overview.setAttribute('viewBox', `0 0 ${Math.max(1, g.drawing.width)} ${Math.max(1, g.drawing.height)}`);
  overview.setAttribute('preserveAspectRatio', 'none');
  colourGraph();
  select(box ?? -1);
  if (box === undefined) showTop();
}

// All boxes as one path per colour: what is seen from afar and in the overview.
function colourGraph() {
  const groups = new Map();
  current.boxes.forEach(b => {
    b.hue = hueOf(b);
    groups.set(b.hue, (groups.get(b.hue) || '') + `M${b.x} ${b.y}h${b.w}v${b.h}h${-b.w}z`);
  });
  const make = () => [...groups].map(([h, d]) => element('path', {d, style: `fill:${stripe(h) || 'var(--edge)'}`}));
  farLayer.replaceChildren(...make());
  byId('overview').replaceChildren(...make(), element('rect', {class: 'view'}));
  current.bands.clear();
  paint();
}

function band(k) {
  if (!current.bands.has(k)) {
    const group = element('g');
    current.boxes.forEach((b, i) => {
      if (Math.floor(b.y / bandHeight) !== k) return;
      const middle = b.x + b.w / 2;
      const room = Math.floor((b.w - 16) / 6.9);
      const g = element('g', {'data-box': i, 'data-node': b.node !== undefined ? facts.nodes[b.node].name : undefined},
        element('title', {}, b.node !== undefined ? facts.nodes[b.node].name : b.title),
        element('rect', {class: b.kind === 'node' ? 'box' : 'box end', x: b.x, y: b.y, width: b.w, height: b.h, rx: b.kind === 'node' ? 6 : 20,
          style: b.hue === undefined ? undefined : `fill:${fill(b.hue)};stroke:${stripe(b.hue)}`}),
        element('text', {x: middle, y: b.y + (b.type ? 19 : 27)}, cut(b.title, Math.floor((b.w - 16) / 8.2))));
      if (b.type) g.append(element('text', {class: 'type', x: middle, y: b.y + 34}, cut(shortType(b.type), room)));
      group.append(g);
    });
    current.bands.set(k, group);
  }
  return current.bands.get(k);
}

function paint() {
  if (!current || byId('graph').hidden) return;
  const {width, height} = canvas.getBoundingClientRect();
  world.setAttribute('transform', `translate(${view.x.toFixed(2)} ${view.y.toFixed(2)}) scale(${view.scale.toFixed(5)})`);
  const near = view.scale >= nearScale;
  farLayer.style.display = near ? 'none' : '';
  boxLayer.style.display = near ? '' : 'none';
  lineLayer.setAttribute('class', near ? '' : 'far');
  if (near) {
    const first = Math.floor((-view.y / view.scale - 100) / bandHeight), last = Math.floor((height - view.y) / view.scale / bandHeight);
    const wanted = [];
    for (let k = Math.max(0, first); k <= last && k * bandHeight <= current.graph.drawing.height; ++k) wanted.push(band(k));
    if (wanted.length !== boxLayer.childNodes.length || wanted.some((g, i) => boxLayer.childNodes[i] !== g)) boxLayer.replaceChildren(...wanted);
  }
  const frame = byId('overview').querySelector('.view');
  if (frame) {
    frame.setAttribute('x', -view.x / view.scale);
    frame.setAttribute('width', width / view.scale);
    frame.setAttribute('y', Math.max(0, -view.y / view.scale));
    frame.setAttribute('height', height / view.scale);
  }
}
function zoom(factor, x, y) {
  const {width, height} = canvas.getBoundingClientRect();
  x ??= width / 2;
  y ??= height / 2;
  const scale = Math.min(3, Math.max(0.004, view.scale * factor));
  view.x = x - (x - view.x) * scale / view.scale;
  view.y = y - (y - view.y) * scale / view.scale;
  view.scale = scale;
  paint();
}
function fit() {
  const {width, height} = canvas.getBoundingClientRect();
  const d = current.graph.drawing;
  view.scale = Math.min(1.2, width / Math.max(d.width, 1), height / Math.max(d.height, 1));
  view.x = (width - d.width * view.scale) / 2;
  view.y = Math.max(0, (height - d.height * view.scale) / 2);
  paint();
}
// The first boxes at reading size.
function showTop() {
  const {width, height} = canvas.getBoundingClientRect();
  const d = current.graph.drawing;
  const whole = Math.min(width / Math.max(d.width, 1), height / Math.max(d.height, 1));
  view.scale = Math.min(1, Math.max(0.7, whole));
  const first = current.boxes.reduce((a, b) => !a || b.y < a.y ? b : a, null);
  const middle = d.width * view.scale <= width ? d.width / 2 : first ? first.x + first.w / 2 : 0;
  view.x = width / 2 - middle * view.scale;
  view.y = d.height * view.scale < height ? (height - d.height * view.scale) / 2 : 8;
  paint();
}
function centre(box) {
  const {width, height} = canvas.getBoundingClientRect();
  const b = current.boxes[box];
  if (view.scale < nearScale) view.scale = 0.8;
  view.x = width / 2 - (b.x + b.w / 2) * view.scale;
  view.y = height / 2 - (b.y + b.h / 2) * view.scale;
  paint();
}

const valuesOf = b => b.kind === 'node'
  ? {inputs: facts.nodes[b.node].inputs.filter(v => v >= 0), outputs: facts.nodes[b.node].outputs.filter(v => v >= 0)}
  : b.kind === 'input' ? {inputs: [], outputs: [b.value]} : {inputs: [b.value], outputs: []};
function ring(i, name) {
  const b = current.boxes[i];
  return element('rect', {class: name, x: b.x - 3, y: b.y - 3, width: b.w + 6, height: b.h + 6, rx: b.kind === 'node' ? 8 : 22});
}
function select(i) {
  selected = i;
  if (i < 0) {
    litLayer.replaceChildren();
    ringLayer.replaceChildren();
    describeNothing();
    return;
  }
  const box = current.boxes[i], {inputs, outputs} = valuesOf(box);
  // Of a value that branches, the parts that touch this box.
  const ends = points => points[points.length - 1] === box.y && points[points.length - 2] >= box.x && points[points.length - 2] <= box.x + box.w;
  litLayer.replaceChildren(...current.lines
    .filter(l => outputs.includes(l.value) || inputs.includes(l.value) && (ends(l.points) || !users.get(l.value) || users.get(l.value).length < 4))
    .map(l => element('path', {class: 'lit', d: l.path})));
  const near = [...neighbours(i, true), ...neighbours(i, false)];
  ringLayer.replaceChildren(...near.map(n => ring(n, 'ring near')), ring(i, 'ring'));
  box.kind === 'node' ? describeNode(box.node) : describeEnd(box);
}
// Boxes that make what this one reads, or read what it makes, from left to right.
function neighbours(i, up) {
  const {inputs, outputs} = valuesOf(current.boxes[i]);
  const found = new Set();
  current.boxes.forEach((b, k) => {
    const other = valuesOf(b);
    if (k !== i && (up ? other.outputs.some(v => inputs.includes(v)) : other.inputs.some(v => outputs.includes(v)))) found.add(k);
  });
  return [...found].sort((a, b) => current.boxes[a].x - current.boxes[b].x);
}
function showNode(n) {
  openTab('graph');
  const node = facts.nodes[n];
  if (current.index !== node.graph) openGraph(node.graph, -1);
  const box = current.boxOfNode.get(n);
  if (box === undefined) { // a constant: beside the node that uses it
    const user = (users.get(node.outputs[0]) || []).find(u => current.boxOfNode.has(u));
    if (user !== undefined) centre(current.boxOfNode.get(user));
    select(-1);
    return describeNode(n);
  }
  select(box);
  centre(box);
}
function showValue(v) {
  if (makers.has(v)) return showNode(makers.get(v));
  const box = current.boxes.findIndex(b => b.value === v);
  if (box < 0) return;
  select(box);
  centre(box);
}

// ---- The pane beside it

const link = (text, action) => element('button', {type: 'button', class: 'link', onclick: action}, text);
const heading = text => element('h3', {}, text);
const definition = pairs => element('dl', {}, ...pairs.filter(p => p && p[1] !== '' && p[1] !== undefined)
  .flatMap(([k, v]) => [element('dt', {}, k), element('dd', {}, v)]));
const items = list => element('ul', {}, ...list.map(i => element('li', {}, ...(Array.isArray(i) ? i : [i]))));
const typed = v => [facts.values[v].name, element('br'), element('span', {class: 'soft mono'}, typeText(facts.values[v]))];

function describeNothing() {
  const g = current.graph;
  byId('details').replaceChildren(element('h2', {}, g.name || 'graph'),
    definition([['nodes', count(g.nodes.length)], g.parent >= 0 ? ['of', link(facts.nodes[g.parent].name, () => showNode(g.parent))] : null]),
    heading('Inputs'), items(g.inputs.map(v => typed(v))), heading('Outputs'), items(g.outputs.map(v => typed(v))),
    element('p', {class: 'note'}, 'Click a node to see what it is' + (plan ? ' and which kernels compute it' : '') + '. Drag or scroll to move, Ctrl + scroll to zoom; ' +
      'with the graph in focus arrow keys go from node to node.'));
}
function describeEnd(box) {
  byId('details').replaceChildren(element('h2', {}, box.title), definition([['is an', box.kind + ' of the graph'], ['type', typeText(facts.values[box.value])]]),
    ...(users.has(box.value) && box.kind === 'input' ? [heading('Used by'), items(users.get(box.value).map(n => link(facts.nodes[n].name, () => showNode(n))))] : []));
}
function describeNode(n) {
  const node = facts.nodes[n];
  const inputs = node.inputs.map(v => {
    if (v < 0) return [element('span', {class: 'soft'}, 'left out')];
    const value = facts.values[v];
    const type = element('span', {class: 'soft mono'}, typeText(value) + (value.bytes !== undefined ? `, ${bytes(value.bytes)}` : ''));
    return [value.bytes !== undefined ? value.name : link(value.name, () => showValue(v)), element('br'), type];
  });
  const outputs = node.outputs.filter(v => v >= 0).map(v => [facts.values[v].name, element('br'), element('span', {class: 'soft mono'}, typeText(facts.values[v])),
    ...(users.get(v) || []).slice(0, 12).flatMap(u => [element('br'), '→ ', link(facts.nodes[u].name, () => showNode(u))])]);
  const pane = byId('details');
  pane.replaceChildren(element('h2', {id: 'details-title'}, operatorOf(node)),
    definition([['name', node.name], ['domain', node.domain || 'ai.onnx'], ['since version', String(node.since)],
      ['parameters', node.parameters ? count(node.parameters) : ''],
      plan ? ['work', node.flop === '0' ? 'none of its own' : flop(valueOf(node.flop))] : null,
      plan && !/^\d+$/.test(node.flop) ? ['formula', element('code', {}, node.flop)] : null]));
  if (node.graphs.length)
    pane.append(heading('Subgraphs'), items(node.graphs.map(([name, g]) => link(`${name}: ${count(facts.graphs[g].nodes.length)} nodes`, () => openGraph(g)))));
  if (node.attributes.length)
    pane.append(heading('Attributes'), definition(node.attributes.map(([name, text]) => [name, element('span', {class: 'mono'}, text)])));
  if (inputs.length) pane.append(heading('Inputs'), items(inputs));
  if (outputs.length) pane.append(heading('Outputs'), items(outputs));
  if (plan)
    pane.append(heading('Kernels'), node.steps.length
      ? items(node.steps.map(s => [link(plan.steps[s].name, () => showStep(s)),
        element('span', {class: 'soft'}, plan.steps[s].nodes.length > 1 ? ` with ${plan.steps[s].nodes.length - 1} more` : '')]))
      : element('p', {class: 'note'}, 'None: computed while compiling, a view of memory, or not needed.'));
  pane.scrollTop = 0;
}

// ---- Mouse, keyboard, search

function boxAt(event) {
  const r = canvas.getBoundingClientRect();
  const x = (event.clientX - r.left - view.x) / view.scale, y = (event.clientY - r.top - view.y) / view.scale;
  return current.boxes.findIndex(b => x >= b.x && x <= b.x + b.w && y >= b.y && y <= b.y + b.h);
}
let drag = null;
canvas.addEventListener('pointerdown', event => {
  if (event.button !== 0) return;
  drag = {x: event.clientX, y: event.clientY, moved: false};
  canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener('pointermove', event => {
  if (!drag) return;
  const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
  if (!drag.moved && Math.hypot(dx, dy) < 4) return;
  drag = {x: event.clientX, y: event.clientY, moved: true};
  canvas.classList.add('moving');
  view.x += dx;
  view.y += dy;
  paint();
});
canvas.addEventListener('pointerup', event => {
  if (drag && !drag.moved) select(boxAt(event));
  drag = null;
  canvas.classList.remove('moving');
});
canvas.addEventListener('pointercancel', () => { drag = null; });
canvas.addEventListener('dblclick', event => {
  const box = current.boxes[boxAt(event)];
  if (box && box.node !== undefined && facts.nodes[box.node].graphs.length) openGraph(facts.nodes[box.node].graphs[0][1]);
});
canvas.addEventListener('wheel', event => {
  event.preventDefault();
  const r = canvas.getBoundingClientRect();
  const unit = event.deltaMode === 1 ? 24 : event.deltaMode === 2 ? r.height : 1;
  if (event.ctrlKey || event.metaKey) return zoom(Math.exp(-event.deltaY * unit / 300), event.clientX - r.left, event.clientY - r.top);
  view.x -= (event.shiftKey ? event.deltaY : event.deltaX) * unit;
  view.y -= (event.shiftKey ? 0 : event.deltaY) * unit;
  paint();
}, {passive: false});
canvas.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const go = i => { if (i !== undefined && i >= 0) { select(i); centre(i); } };
  const keys = {
    '+': () => zoom(1.25), '=': () => zoom(1.25), '-': () => zoom(0.8), '0': fit, Home: showTop, Escape: () => select(-1),
    ArrowDown: () => selected < 0 ? go(0) : go(neighbours(selected, false)[0]),
    ArrowUp: () => selected < 0 ? go(0) : go(neighbours(selected, true)[0]),
    ArrowRight: () => beside(1), ArrowLeft: () => beside(-1),
    Enter: () => {
      const n = selected >= 0 ? current.boxes[selected].node : undefined;
      if (n !== undefined && facts.nodes[n].graphs.length) openGraph(facts.nodes[n].graphs[0][1]);
    },
  };
  // The next box of the same layer.
  function beside(way) {
    if (selected < 0) return go(0);
    const me = current.boxes[selected];
    const row = current.boxes.map((b, i) => [b.x, i, b.y]).filter(([x, i, y]) => Math.abs(y - me.y) < 40 && way * (x - me.x) > 0).sort((a, b) => way * (a[0] - b[0]));
    if (row.length) go(row[0][1]);
  }
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
byId('overview').addEventListener('pointerdown', event => {
  const r = byId('overview').getBoundingClientRect();
  const {width, height} = canvas.getBoundingClientRect();
  view.x = width / 2 - (event.clientX - r.left) / r.width * current.graph.drawing.width * view.scale;
  view.y = height / 2 - (event.clientY - r.top) / r.height * current.graph.drawing.height * view.scale;
  paint();
});
byId('zoom-in').addEventListener('click', () => zoom(1.25));
byId('zoom-out').addEventListener('click', () => zoom(0.8));
byId('fit').addEventListener('click', () => fit());
byId('top').addEventListener('click', () => showTop());
byId('colour').addEventListener('change', colourGraph);
byId('graph-select').addEventListener('change', event => openGraph(Number(event.target.value)));
new ResizeObserver(() => paint()).observe(canvas);

let hits = [], hit = -1;
function find() {
  const text = byId('find').value.trim().toLowerCase();
  hits = text ? facts.nodes.map((n, i) => i).filter(i => {
    const n = facts.nodes[i];
    return n.name.toLowerCase().includes(text) || operatorOf(n).toLowerCase().includes(text) || n.outputs.some(v => v >= 0 && facts.values[v].name.toLowerCase().includes(text));
  }) : [];
  hit = -1;
  byId('found').textContent = text ? `${count(hits.length)} found` : '';
}
byId('find').addEventListener('input', find);
byId('find').addEventListener('keydown', event => {
  if (event.key !== 'Enter' || !hits.length) return;
  event.preventDefault();
  hit = (hit + (event.shiftKey ? hits.length - 1 : 1)) % hits.length;
  showNode(hits[hit]);
  byId('found').textContent = `${hit + 1} of ${count(hits.length)}`;
});
document.addEventListener('keydown', event => {
  if (event.key !== '/' || event.target.matches('input, select, textarea')) return;
  event.preventDefault();
  openTab('graph');
  byId('find').focus();
});

// ---- Operators

function operatorTab() {
  addTab('operators', 'Operators');
  const groups = new Map();
  for (const n of facts.nodes) {
    const key = operatorOf(n);
    if (!groups.has(key)) groups.set(key, {op: key, nodes: [], parameters: 0});
    groups.get(key).nodes.push(n);
    groups.get(key).parameters += n.parameters;
  }
  const work = g => total(g.nodes, n => valueOf(n.flop));
  const columns = [
    {title: 'Operator', get: g => g.op, show: g => link(g.op, () => {
      byId('find').value = g.op;
      find();
      openTab('graph');
      showNode(facts.nodes.indexOf(g.nodes[0]));
    })},
    {title: 'Count', number: true, get: g => g.nodes.length, show: g => count(g.nodes.length)},
    {title: 'Parameters', number: true, share: true, get: g => g.parameters, show: g => plain(g.parameters)},
  ];
  if (plan) {
    columns.push({title: 'Work', number: true, get: work, show: g => flop(work(g)), help: 'arithmetic of one run, before fusion'},
      {title: 'Share of work', number: true, share: true, get: work, show: g => percent(work(g) / Math.max(1, total([...groups.values()], work)))});
  }
  const t = table('operator-table', columns, [...groups.values()], {sort: 1, noun: 'operators'});
  byId('operators').append(t.node);
  if (plan)
    byId('operators').append(element('p', {class: 'note'}, `Work is counted node by node before fusion. ${countingRule} What is computed while compiling counts nothing.`));
  redraws.push(t.draw);
}

// ---- Kernels

let stepTable = null;
function showStep(s) {
  openTab('kernels');
  stepTable.filter('');
  document.querySelectorAll('#step-table tr.chosen').forEach(r => r.classList.remove('chosen'));
  const row = document.querySelector(`#step-table tr[data-step="${s}"]`);
  row.classList.add('chosen');
  row.scrollIntoView({block: 'center'});
}
function names(list, most = 4) {
  const cell = element('span');
  const put = (from, to) => list.slice(from, to).forEach((n, i) => {
    if (from + i) cell.append(', ');
    cell.append(n.node === undefined ? n.text : link(n.text, () => showNode(n.node)));
  });
  put(0, most);
  if (list.length > most) {
    cell.append(' ');
    const more = link(`and ${list.length - most} more`, () => { more.remove(); put(most, list.length); });
    cell.append(more);
  }
  return cell;
}
function kernelTab() {
  addTab('kernels', 'Kernels');
  const steps = plan.steps.map((s, i) => ({...s, index: i, covers: [
    ...s.nodes.map(n => ({text: facts.nodes[n].name, node: n})),
    ...s.origin.filter(o => !s.nodes.some(n => facts.nodes[n].label === o)).map(o => ({text: o}))]}));
  const columns = [
    {title: 'Step', number: true, get: s => s.index + 1},
    {title: 'Kernel', get: s => s.name, show: s => element('span', {class: 'mono'}, '· '.repeat(s.depth) + s.name)},
    {title: 'ONNX nodes', class: 'names', get: s => s.covers.map(c => c.text).join(' '), show: s => names(s.covers)},
    {title: 'Work', number: true, get: s => valueOf(s.flop), show: s => flop(valueOf(s.flop))},
    {title: 'Memory', number: true, get: s => valueOf(s.bytes), show: s => bytes(valueOf(s.bytes)), help: 'read and written, each byte once'},
  ];
  if (plan.predicts_time)
    columns.push({title: 'Predicted', number: true, share: true, get: stepTime, show: s => time(stepTime(s)),
      help: 'one core: arithmetic or memory, whichever is slower'});
  stepTable = table('step-table', columns, steps, {noun: 'steps', placeholder: 'Filter by kernel or node', row: s => ({'data-step': s.index})});
  const launches = plan.kernels.map((_, k) => plan.steps.filter(s => s.kernel === k));
  const kernels = plan.kernels.map((k, i) => ({...k, index: i}));
  const kernelTable = table('kernel-table', [
    {title: 'Kernel', get: k => k.name, show: k => element('span', {class: 'mono'}, k.name)},
    {title: 'Launches', number: true, get: k => launches[k.index].length},
    {title: 'Tile', get: k => k.tile || '', help: 'rows × columns of sums in registers', show: k => (k.tile || '').replace('x', ' × ')},
    {title: 'Source', number: true, get: k => k.source_bytes, show: k => bytes(k.source_bytes)},
    {title: 'What it does', class: 'names', get: k => k.doc, show: k => cut(k.doc.split('\n').slice(-1)[0], 160)},
  ], kernels, {noun: 'kernels'});
  byId('kernels').append(element('h2', {}, 'What a run does'),
    element('p', {class: 'note'}, ['One row per launch, in order, with the ONNX nodes that it covers.', countingRule, predictionRule].filter(Boolean).join(' ')), stepTable.node,
    element('h2', {}, 'Kernels of the library'), kernelTable.node);
  redraws.push(stepTable.draw);
}

// ---- The arena

function memoryTab() {
  addTab('memory', 'Memory');
  const panel = byId('memory');
  panel.append(element('h2', {}, 'Arena'), element('p', {class: 'note'}, 'Buffers of the workspace: from left to right the steps of a run, from bottom to top ' +
    'their place in bytes. Buffers that do not live at the same time share memory.'));
  if (!plan.arena.length) {
    panel.append(element('p', {class: 'empty'}, 'The model needs no buffers.'));
    return;
  }
  const picture = element('svg', {id: 'arena', role: 'img', 'aria-label': 'Buffers over time and place; the table below has the same numbers'});
  const text = element('p', {id: 'arena-text', class: 'mono'});
  panel.append(element('div', {class: 'picture'}, picture, text));
  const describe = b => `${b.name}: ${bytes(valueOf(b.bytes))} at ${count(valueOf(b.offset))}, steps ${b.first + 1} to ${b.last + 1}`;
  drawn(() => {
    const width = 1000, height = 400, left = 70, bottom = 26;
    picture.setAttribute('viewBox', `0 0 ${width + left} ${height + bottom}`);
    picture.setAttribute('preserveAspectRatio', 'none');
    const end = Math.max(1, ...plan.arena.map(b => finite(valueOf(b.offset)) + finite(valueOf(b.bytes))));
    const steps = Math.max(1, plan.steps.length);
    const parts = [];
    for (let k = 0; k <= 4; ++k) {
      const y = height - height * k / 4;
      parts.push(element('line', {class: 'axis', x1: left, x2: width + left, y1: y, y2: y}),
        element('text', {x: left - 6, y: y + (k === 4 ? 11 : 4), 'text-anchor': 'end'}, bytes(end * k / 4)));
      const s = Math.round((steps - 1) * k / 4);
      parts.push(element('text', {x: left + width * (s + 0.5) / steps, y: height + 18, 'text-anchor': k === 4 ? 'end' : k ? 'middle' : 'start'}, (k ? '' : 'step ') + (s + 1)));
    }
    plan.arena.forEach((b, i) => {
      const at = finite(valueOf(b.offset)), size = finite(valueOf(b.bytes));
      const rect = element('rect', {class: 'buffer', 'data-buffer': i, x: left + width * b.first / steps, width: Math.max(0.6, width * (b.last - b.first + 1) / steps),
        y: height - height * (at + size) / end, height: Math.max(0.6, height * size / end), style: `fill:${stripe(hue(i))}`,
        onclick: () => {
          picture.querySelectorAll('.chosen').forEach(r => r.classList.remove('chosen'));
          rect.classList.add('chosen');
          text.textContent = describe(b);
        }}, element('title', {}, describe(b)));
      parts.push(rect);
    });
    picture.replaceChildren(...parts);
    text.textContent = `${count(plan.arena.length)} buffers, ${bytes(total(plan.arena, b => valueOf(b.bytes)))} if none shared; the workspace has ${bytes(valueOf(plan.workspace))}.`;
  });
  const t = table('arena-table', [
    {title: 'Buffer', class: 'names', get: b => b.name},
    {title: 'Bytes', number: true, share: true, get: b => valueOf(b.bytes), show: b => bytes(valueOf(b.bytes))},
    {title: 'Offset', number: true, get: b => valueOf(b.offset), show: b => count(valueOf(b.offset))},
    {title: 'First step', number: true, get: b => b.first + 1},
    {title: 'Last step', number: true, get: b => b.last + 1},
  ], plan.arena, {noun: 'buffers'});
  panel.append(element('h2', {}, 'Buffers'), t.node);
  redraws.push(t.draw);
}

// ---- Weights and interface

function weightTab() {
  const list = facts.values.map((v, i) => ({...v, index: i})).filter(v => v.bytes !== undefined);
  if (!list.length) return;
  addTab('weights', 'Initialisers');
  byId('weights').append(table('weight-table', [
    {title: 'Name', class: 'names', get: v => v.name},
    {title: 'Type', get: v => v.type},
    {title: 'Shape', get: v => v.dims.join(' × '), show: v => v.dims.join(' × ') || 'scalar'},
    {title: 'Bytes', number: true, share: true, get: v => v.bytes, show: v => bytes(v.bytes)},
    {title: 'Used by', class: 'names', get: v => (users.get(v.index) || []).map(n => facts.nodes[n].name).join(' '),
      show: v => names((users.get(v.index) || []).map(n => ({text: facts.nodes[n].name, node: n})), 3)},
  ], list, {sort: 3, noun: 'initialisers'}).node);
}
function interfaceTab() {
  addTab('interface', 'Inputs, outputs');
  const values = (id, title, list) => [element('h2', {}, title), table(id, [
    {title: 'Name', class: 'names', get: v => facts.values[v].name},
    {title: 'Type', get: v => facts.values[v].type},
    {title: 'Shape', get: v => (facts.values[v].dims || ['?']).join(' × '), show: v => facts.values[v].dims ? facts.values[v].dims.join(' × ') || 'scalar' : 'any'},
  ], list).node];
  byId('interface').append(...values('input-table', 'Inputs', facts.inputs), ...values('output-table', 'Outputs', facts.outputs));
  if (facts.symbols.length)
    byId('interface').append(element('h2', {}, 'Dimensions'), table('symbol-table', [
      {title: 'Name, for --dim', get: s => s.onnx},
      {title: 'In formulas', get: s => s.name},
      {title: 'Least', number: true, get: s => s.low},
      {title: 'Most', number: true, get: s => s.high ?? Infinity, show: s => s.high === null ? 'open' : count(s.high)},
    ], facts.symbols).node);
  const file = [['file', facts.file], ['SHA-256', facts.sha256], ['graph', facts.name], ['producer', facts.producer], ['IR version', String(facts.ir_version)],
    ...facts.opsets.map(o => ['opset of ' + (o.domain || 'ai.onnx'), String(o.version)])];
  byId('interface').append(element('h2', {}, 'File'), element('div', {class: 'scroll'}, element('table', {}, element('tbody', {},
    ...file.filter(([, v]) => v).map(([k, v]) => element('tr', {}, element('td', {}, k), element('td', {class: 'mono'}, v)))))));
}

// ---- All of it

head();
addTab('graph', 'Graph');
const choice = byId('graph-select');
facts.graphs.forEach((g, i) => {
  let depth = 0, attribute = '';
  for (let at = g; at.parent >= 0; at = facts.graphs[facts.nodes[at.parent].graph]) ++depth;
  if (g.parent >= 0) attribute = facts.nodes[g.parent].graphs.find(([, k]) => k === i)[0] + ' of ' + facts.nodes[g.parent].name;
  choice.append(element('option', {value: i}, '\u2003'.repeat(depth) + (attribute || g.name || 'graph') + ` (${g.nodes.length})`));
});
byId('graph-choice').hidden = facts.graphs.length < 2;
if (plan)
  byId('colour').append(element('option', {value: 'kernel'}, 'by kernel'), element('option', {value: 'work'}, 'by work'));
operatorTab();
if (plan) kernelTab();
if (plan) memoryTab();
weightTab();
interfaceTab();
openTab('graph');
openGraph(0);
redraws.push(() => { if (byId('colour').value === 'work') colourGraph(); if (selected >= 0) select(selected); });
// On paper the whole graph is shown.
addEventListener('beforeprint', () => { openTab('graph'); fit(); });
