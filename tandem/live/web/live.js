"use strict";

// The page: asks its own server for what has changed, ten times a second, and tells it which button was pressed.

const POLL = 100;
const element = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const grouped = new Intl.NumberFormat("en-US");
const UNITS = { ms: "ms", times: "times", items: "items", objects: "objects" };
const WHY = {
  busy: "many short callbacks added up, no single line is to blame",
  gc: "it was collecting garbage",
  native: "a native call held the GIL, so nobody could look",
  gil: "another thread held the GIL, so nobody could look",
  descheduled: "its process got no CPU, so no line is to blame",
};

let setup, lanes = [], cards = new Map();
let offsets = [], presses = [], told = new Set(), paused = false;

function make(name, properties = {}, ...inside) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...inside);
  return made;
}

async function ask(path, options) {
  const answer = await fetch(path, { cache: "no-store", ...options });
  const body = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(body.detail ?? answer.statusText), { refused: true });
  return body;
}

// Milliseconds of the laboratory's clock: the best of the last answers, the one that was on its way for the least time.
function clock() {
  return performance.now() + Math.max(...offsets);
}

const chosen = (name) => Number(document.querySelector(`input[name=${name}]:checked`).value);
// A title as it begins a sentence; the name of a function stays as it is.
const sentence = (title) => (/^\S*[._]/.test(title) ? title : title[0].toUpperCase() + title.slice(1));
const plural = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;
const seconds = (value) => `${value < 0.095 ? value.toFixed(3) : value.toFixed(2)} s`;
const of = ([late, all]) => `${late} of ${all} late`;
const amount = (number, value, unit) => `${number} × ${grouped.format(value)} ${UNITS[unit] ?? unit}`;

// --- what is built once

function build() {
  element("rule").textContent =
    `${setup.rate} requests per second come to each lane, at the same moments; late is later than ${setup.target_ms} ms.`
    + (setup.shared ? " The lanes share one CPU here: what computes in one slows the others, too." : "");
  lanes = setup.lanes.map(lane);
  choices("times", setup.times.map((times) => [times, times === 1 ? "short" : `long (${times} ×)`]), Math.max(...setup.times));
  choices("numbers", setup.numbers.map((number) => [number, String(number)]), setup.numbers[0]);
  element("cards").replaceChildren(...setup.kinds.map(card));
  element("pause").addEventListener("click", pause);
  for (const each of ["times", "numbers"]) element(each).addEventListener("change", () => { amounts(); expect(); });
  amounts();
  expect();
  setInterval(expect, 3000);
  new ResizeObserver(stays).observe(element("stage"));
  addEventListener("resize", stays);
}

// The lanes stay in sight while one looks for a button, where they leave room for the buttons; what has the focus is never behind them.
function stays() {
  const height = element("stage").offsetHeight, fits = height < 0.8 * innerHeight;
  element("stage").classList.toggle("stays", fits);
  document.documentElement.style.scrollPaddingTop = fits ? `${height + 12}px` : "";
}

function lane(given, number) {
  const slots = given.slots === null
    ? `${plural(given.processes, "event loop")}`
    : `${plural(given.slots, "slot")} in ${plural(given.processes, "process").replace("processs", "processes")}`;
  const svg = node("svg", { role: "img", "aria-label": `${given.name}: when requests were due, and how long each waited` });
  const figures = { waiting: make("dd"), late: make("dd") };
  const stood = make("div", { className: "stood" }, make("p", {}, "Press a button: the line that stands is named here."));
  const section = make("section", { className: "lane" },
    make("h2", { id: `lane-${number}` }, given.title, " ", make("small", {}, `${given.name}, ${slots}`)),
    make("div", { className: "picture" }, svg),
    make("div", { className: "beside" },
      make("dl", { className: "figures" },
        make("div", {}, make("dt", {}, "waiting now"), figures.waiting),
        make("div", {}, make("dt", {}, "late, of the last 10 s"), figures.late)),
      stood));
  section.setAttribute("aria-labelledby", `lane-${number}`);
  section.dataset.lane = given.name;
  element("lanes").append(section);
  return { ...given, picture: new Picture(svg, setup.target_ms), figures, stood, changes: 0, standing: null };
}

function choices(id, values, usual) {
  for (const [value, text] of values)
    element(id).append(make("label", {}, make("input", { type: "radio", name: id, value, checked: value === usual }), text));
}

function card(kind) {
  const heading = make("h3", { id: `kind-${kind.name}` }, sentence(kind.title));
  const found = { kind, much: make("p", { className: "note" }), ways: {} };
  const body = make("article", { className: "card" }, heading, make("p", { className: "happens" }, ...marked(kind.happens)), found.much);
  body.setAttribute("aria-labelledby", heading.id);
  const ways = body.appendChild(make("div", { className: "ways" }));
  for (const way of kind.right ? ["wrong", "right"] : ["wrong"]) {
    const name = kind.right ? `Done ${way}` : "Start";
    const button = make("button", { type: "button", className: way, id: `${kind.name}-${way}` }, name);
    const expected = make("p", { className: "expected", id: `${kind.name}-${way}-expected` });
    button.setAttribute("aria-labelledby", `${button.id} ${heading.id}`);
    button.setAttribute("aria-describedby", expected.id);
    button.addEventListener("click", () => press(kind, way));
    found.ways[way] = { button, expected, name };
    ways.append(make("div", {}, button, expected));
  }
  cards.set(kind.name, found);
  return body;
}

// Text in which backticks mark code.
function marked(text) {
  return text.split("`").map((part, number) => (number % 2 ? make("code", {}, part) : part));
}

function amounts() {
  const at = setup.times.indexOf(chosen("times"));
  for (const { kind, much } of cards.values()) much.textContent = `${amount(chosen("numbers"), kind.amounts[at], kind.unit)} in each lane`;
}

// --- before and after a press

async function expect() {
  try {
    const found = await ask(`predictions?times=${chosen("times")}&number=${chosen("numbers")}`);
    for (const [name, ways] of Object.entries(found))
      for (const [way, { lanes: counts, too_long }] of Object.entries(ways)) expected(name, way, counts, too_long);
  } catch { /* the next poll says what is wrong */ }
}

function expected(name, way, counts, tooLong) {
  const told = cards.get(name).ways[way];
  const lines = tooLong
    ? [["", "would block for too long: choose fewer, or shorter"]]
    : counts.map((count, number) => [`${lanes[number].name}: `, typeof count === "string" ? count : count ? `about ${of(count)}` : "after the first press"]);
  told.expected.replaceChildren(...lines.map(([lane, count]) => make("span", {}, make("small", {}, lane), count)));
  told.tooLong = tooLong;
  buttons();
}

function buttons() {
  for (const [name, { ways }] of cards)
    for (const [way, told] of Object.entries(ways)) {
      const runs = presses.some((each) => !each.over && each.kind === name && each.wrong === (way === "wrong"));
      told.button.setAttribute("aria-disabled", String(runs || Boolean(told.tooLong)));
      told.button.textContent = runs ? "Running …" : told.name;
    }
}

async function press(kind, way) {
  const { button } = cards.get(kind.name).ways[way];
  if (button.getAttribute("aria-disabled") === "true") return;
  if (!element("stage").classList.contains("stays")) element("stage").scrollIntoView({ block: "start" });
  try {
    const asked = { kind: kind.name, wrong: way === "wrong", times: chosen("times"), number: chosen("numbers") };
    await ask("press", { method: "POST", body: JSON.stringify(asked), headers: { "content-type": "application/json" } });
  } catch (error) {
    say(error.refused ? error.message : "The laboratory does not answer.");
  }
}

function say(text) {
  element("told").textContent = text;
}

const way = (press) => (cards.get(press.kind)?.kind.right ? (press.wrong ? ", done wrong" : ", done right") : "");
const named = (press) => `${sentence(press.title)}${way(press)} (${amount(press.number, press.amount, press.unit)})`;

function summary(part, lane) {
  const held = part.stood?.place ? `; the ${lane.slots === null ? "loop" : "slots"} stood in ${part.stood.place}` : "";
  return `${lane.name}: ${of(part.counted)}${held}`;
}

function results(found) {
  if (!offsets.length) found.forEach((each) => told.add(`${each.id} ${each.over}`));  // from before this page was opened
  presses = found;
  for (const each of found) {
    const step = `${each.id} ${each.over}`;
    if (told.has(step)) continue;
    told.add(step);
    if (each.over) {
      say(`${named(each)}\n${each.parts.map((part, number) => summary(part, lanes[number])).join(" · ")}`);
      expect();
    } else say(`Started in every lane: ${named(each)}.`);
  }
  const over = found.filter((each) => each.over).reverse();
  if (over.map((each) => each.id).join() !== element("results").dataset.shown) {
    element("results").dataset.shown = over.map((each) => each.id).join();
    element("results").replaceChildren(...over.map(result));
    element("none-yet").hidden = over.length > 0;
  }
  lanes.forEach((each, number) => {
    each.picture.spans = found.map((press) => ({ start: press.start, end: press.parts[number].end }));
    const last = found.filter((press) => press.parts[number].end !== null && (press.over || press.parts[number].stood)).at(-1);
    const running = found.findLast((press) => press.parts[number].end === null);
    stand(each, last?.parts[number] ?? null, running ?? null, number);
  });
  buttons();
}

function result(press) {
  const parts = press.parts.map((part, number) => {
    const [late, all] = part.counted;
    const count = make("b", { className: late ? "bad" : "good" }, `${late} of ${all} late`);
    const arithmetic = part.predicted ? ` (arithmetic on this schedule: ${part.predicted[0]} of ${part.predicted[1]})` : "";
    const refused = part.completed < press.number ? `; ${press.number - part.completed} of ${press.number} blockers got no good answer` : "";
    const held = part.stood?.place ? make("span", {}, "; stood in ", make("code", {}, part.stood.place)) : "";
    return make("li", {}, `${lanes[number].name}: `, count, arithmetic, refused, held);
  });
  return make("li", {}, make("strong", {}, named(press)), make("ul", {}, ...parts));
}

// What stood in a lane, beside its picture.
function stand(lane, part, running, number) {
  const key = running ? `running ${running.id} ${running.parts[number].counted}` : part ? JSON.stringify(part) : "";
  if (key === lane.standing) return;
  lane.standing = key;
  if (running) {
    lane.stood.className = "stood";
    lane.stood.replaceChildren(make("p", {}, make("strong", {}, running.title), ` blocks; so far ${of(running.parts[number].counted)}.`));
  } else if (part) {
    lane.stood.className = part.stood ? "stood held" : "stood";
    lane.stood.replaceChildren(...(part.stood ? standing(part.stood, lane) : [make("p", {}, free(lane, part))]));
  }
}

function free(lane, part) {
  return lane.slots === null
    ? "The loop went on: nothing stood in it for 50 ms."
    : `At every moment one of the ${lane.slots} slots was free or soon was: nobody saw all of them stand.`;
}

function standing(stood, lane) {
  const who = lane.slots === null || stood.watched === "loop" ? "The loop" : lane.slots === 1 ? "The slot" : `All ${lane.slots} slots`;
  const many = stood.stalls > 1 ? `, ${stood.stalls} times,` : "";
  const parts = [make("p", {}, `${who} stood${many} for `, make("strong", {}, seconds(stood.seconds)), stood.place ? " in" : `: ${WHY[stood.kind] ?? stood.kind}.`)];
  if (stood.place) {
    parts.push(make("p", {}, make("code", { className: "place" }, stood.place), " in ", make("code", {}, stood.function)));
    if (stood.code) parts.push(make("pre", { title: stood.code }, stood.code));
    parts.push(make("p", { className: "note" }, `seen there in ${stood.count} of ${stood.samples} samples${stood.inside ? `, waiting in ${stood.inside}` : ""}`));
  }
  if (stood.waited) parts.push(make("p", {}, `${plural(stood.waited, "request")} waited inside for a slot.`));
  return parts;
}

// --- what comes again and again

async function poll() {
  try {
    const before = performance.now();
    const state = await ask(`state?since=${lanes.map((each) => each.changes)}`);
    trouble(state.lag_ms > 0 || performance.now() - before > 1000
      ? "This machine is too busy for what is shown: the page's own process was late. Don't trust what you see now." : "");
    state.lanes.forEach((told, number) => take(lanes[number], told));
    results(state.presses);
    offsets = [...offsets.slice(-50), state.now - performance.now()];
    setTimeout(poll, POLL);
  } catch (error) {
    trouble("The laboratory has stopped, or can't be reached: nothing here is new.");
    setTimeout(poll, 1000);
  }
}

let quietUntil = 0;
function trouble(text) {
  if (text) quietUntil = performance.now() + 2000;
  else if (performance.now() < quietUntil) return;
  if (element("trouble").textContent !== text) element("trouble").textContent = text;
  element("trouble").hidden = !text;
  element("rule").hidden = Boolean(text);
}

function take(lane, told) {
  lane.changes = told.changes;
  lane.picture.take(told.dots);
  if (paused) return;
  lane.figures.waiting.textContent = String(told.waiting);
  lane.figures.waiting.className = told.waiting > 2 * setup.rate * setup.target_ms / 1000 ? "bad" : "";
  lane.figures.late.replaceChildren(String(told.recent[0]), make("small", {}, ` of ${told.recent[1]}`));
  lane.figures.late.className = told.recent[0] ? "bad" : "";
}

function pause() {
  paused = !paused;
  element("pause").setAttribute("aria-pressed", String(paused));
}

let top_ = STEPS[0];
function draw() {
  if (paused || !offsets.length) return;
  const now = clock() - DELAY;
  const base = chosen("times") > 1 ? 1250 : STEPS[0];
  const highest = Math.max(base, ...lanes.map((each) => each.picture.highest(now)));
  const goal = STEPS.find((step) => highest <= step) ?? STEPS.at(-1);
  top_ = still.matches || Math.abs(goal - top_) < 3 ? goal : top_ + (goal - top_) * 0.2;
  for (const each of lanes) each.picture.draw(now, top_);
}

function animate() {
  if (!still.matches) draw();
  requestAnimationFrame(animate);
}

(async () => {
  setup = await ask("setup");
  build();
  poll();
  animate();
  setInterval(() => { if (still.matches) draw(); }, 1000);
})().catch(() => trouble("The laboratory does not answer: is it still running?"));
