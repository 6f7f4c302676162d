"use strict";

// A lane's picture: each request at the moment at which it was due, as high as it waits or waited. It is drawn as it was DELAY
// milliseconds ago, so that everything is known by then and moves evenly.

const DELAY = 150;
const LEFT = 58, RIGHT = 8, TOP = 12, BOTTOM = 22;
const MOST = 5000;
const SHAPES = {
  waiting: "M0-4.5A4.5 4.5 0 1 0 .01-4.5Z",
  intime: "M0-3.6A3.6 3.6 0 1 0 .01-3.6Z",
  late: "M0-5.8L5.8 0L0 5.8L-5.8 0Z",
  failed: "M-4.5-4.5L4.5 4.5M-4.5 4.5L4.5-4.5",
};
const STEPS = [300, 600, 1250, 2500, 5000, 10000, 20000];

function node(name, attributes = {}, ...inside) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

class Picture {
  constructor(svg, target) {
    this.svg = svg;
    this.target = target;
    this.dots = new Map();
    this.spans = [];
    this.top = STEPS[2];
    this.drawnTop = 0;
    this.axes = svg.appendChild(node("g"));
    // What moves is cut off where the picture ends; each picture has a clip of its own.
    const id = `clip-${Math.random().toString(36).slice(2)}`;
    this.clip = node("rect", { y: 0 });
    svg.prepend(node("clipPath", { id }, this.clip));
    const inside = svg.insertBefore(node("g", { "clip-path": `url(#${id})` }), this.axes);
    const above = svg.appendChild(node("g", { "clip-path": `url(#${id})` }));
    this.bands = inside.appendChild(node("g"));
    this.marks = above.appendChild(node("g"));
    new ResizeObserver(() => this.resize()).observe(svg);
    this.resize();
  }

  resize() {
    this.width = this.svg.clientWidth;
    this.height = this.svg.clientHeight;
    this.milliseconds = this.width < 600 ? 5000 : 10000;
    this.clip.setAttribute("x", LEFT);
    this.clip.setAttribute("width", Math.max(0, this.width - LEFT));
    this.clip.setAttribute("height", this.height);
    this.perMs = (this.width - LEFT - RIGHT) / this.milliseconds;
    this.drawnTop = 0;
    for (const dot of this.dots.values()) dot.placed = false;
  }

  y(ms) {
    const bottom = this.height - BOTTOM;
    return bottom - (Math.min(ms, this.top) / this.top) * (bottom - TOP);
  }

  take(dots) {
    for (const [number, due, took, status] of dots) {
      const known = this.dots.get(number);
      if (known) Object.assign(known, { took, status, placed: false });
      else this.dots.set(number, { due, took, status, mark: null, state: "", placed: false });
    }
    while (this.dots.size > MOST) this.forget(this.dots.keys().next().value);
  }

  forget(number) {
    this.dots.get(number).mark?.remove();
    this.dots.delete(number);
  }

  // The highest that is shown at this moment.
  highest(now) {
    let found = 0;
    for (const dot of this.dots.values()) if (dot.due <= now) found = Math.max(found, this.height_of(dot, now));
    return found;
  }

  height_of(dot, now) {
    return dot.took === null || dot.due + dot.took > now ? now - dot.due : dot.took;
  }

  state_of(dot, now) {
    if (dot.took === null || dot.due + dot.took > now) return now - dot.due > this.target ? "waiting overdue" : "waiting";
    if (dot.status < 200 || dot.status > 299) return "failed";
    return dot.took > this.target ? "late" : "intime";
  }

  draw(now, top) {
    const moved = Math.abs(top - this.drawnTop) > 0.5;
    this.top = top;
    if (moved) this.axis();
    const from = now - this.milliseconds;
    const shift = `translate(${(LEFT - from * this.perMs).toFixed(2)} 0)`;
    this.marks.setAttribute("transform", shift);
    this.bands.setAttribute("transform", shift);
    for (const [number, dot] of this.dots) {
      if (dot.due < from - 1000) this.forget(number);
      else if (dot.due <= now) this.place(dot, now, moved);
    }
    this.shade(now);
  }

  place(dot, now, moved) {
    if (!dot.mark) dot.mark = this.marks.appendChild(node("path"));
    const state = this.state_of(dot, now);
    if (state !== dot.state) {
      dot.state = state;
      dot.placed = false;
      dot.mark.setAttribute("class", state);
      dot.mark.setAttribute("d", SHAPES[state.split(" ")[0]]);
      if (state === "late" || state === "failed") this.marks.append(dot.mark);  // above the others
    }
    if (dot.placed && !moved) return;
    const y = this.y(this.height_of(dot, now));
    dot.mark.setAttribute("transform", `translate(${(dot.due * this.perMs).toFixed(2)} ${y.toFixed(1)})`);
    dot.placed = !state.startsWith("waiting");
  }

  // Blockers, from the press until the last one has left.
  shade(now) {
    const shown = this.spans.filter((span) => span.start <= now);
    while (this.bands.childElementCount > 2 * shown.length) this.bands.lastChild.remove();
    while (this.bands.childElementCount < 2 * shown.length)
      this.bands.append(node("rect", { class: "span", y: TOP }), node("line", { class: "edge", y1: TOP }));
    shown.forEach((span, number) => {
      const [band, edge] = [this.bands.children[2 * number], this.bands.children[2 * number + 1]];
      const x = span.start * this.perMs, bottom = this.height - BOTTOM;
      band.setAttribute("x", x);
      band.setAttribute("width", Math.max(2, (Math.min(span.end ?? now, now) - span.start) * this.perMs));
      band.setAttribute("height", bottom - TOP);
      edge.setAttribute("x1", x);
      edge.setAttribute("x2", x);
      edge.setAttribute("y2", bottom);
    });
  }

  axis() {
    this.drawnTop = this.top;
    const bottom = this.height - BOTTOM, right = this.width - RIGHT;
    const step = [50, 100, 250, 500, 1000, 2500, 5000, 10000].find((each) => this.top / each <= 4.5) ?? 20000;
    const parts = [];
    for (let ms = 0; ms <= this.top; ms += step) {
      const close = ms > 0 && Math.abs(this.y(ms) - this.y(this.target)) < 17;
      parts.push(node("line", { class: "grid", x1: LEFT, x2: right, y1: this.y(ms), y2: this.y(ms) }));
      if (ms > 0 && !close) parts.push(label(LEFT - 6, this.y(ms) + 4, ms < 1000 ? `${ms} ms` : `${ms / 1000} s`, "end"));
    }
    const aim = this.y(this.target);
    parts.push(node("line", { class: "target", x1: LEFT, x2: right, y1: aim, y2: aim }));
    parts.push(label(LEFT - 6, aim + 4, `${this.target} ms`, "end", "aim"));
    const seconds = this.milliseconds / 1000;
    for (let ago = 0; ago <= seconds; ago += seconds > 5 ? 2 : 1) {
      const x = right - ago * 1000 * this.perMs;
      parts.push(label(ago ? x : right, this.height - 6, ago ? `−${ago} s` : "now", ago ? "middle" : "end"));
    }
    this.axes.replaceChildren(...parts);
  }
}

function label(x, y, text, anchor, kind = "") {
  return node("text", { x, y, "text-anchor": anchor, class: kind }, text);
}
