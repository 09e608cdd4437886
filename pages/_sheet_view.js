// The sheet's picture with shapes in millimetres over it. Streamlit calls the default function with each change of the
// data; what the user has chosen here (zoom, overlays) stays in the view and is never asked of the server.

const SVG = "http://www.w3.org/2000/svg";
const ACTUAL_SIZE = 96 / 25.4; // CSS pixels to the millimetre
const MOST_ZOOM = 8 * ACTUAL_SIZE;
const DRAG_PX = 4;
const ANSWER_MS = 10_000;
const PADDING_PX = 8;
const BETWEEN_PX = 12;
const CAPTION_PX = 22;
const LAYERS = [
  ["cut", "Cut line"],
  ["trim", "Trim"],
  ["bleed", "Bleed"],
  ["quiet", "Quiet zones"],
  ["numbers", "Slot numbers"],
  ["margin", "Printer margin"],
];
const MEMORY = "cardmaker overlays";

const views = new WeakMap();

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  let view = views.get(parentElement);
  if (!view) {
    view = new View(parentElement);
    views.set(parentElement, view);
  }
  view.send = (skip, turn) => setTriggerValue("skip", { skip, turn });
  view.take(data);
  return () => {
    view.close();
    views.delete(parentElement);
  };
}

class View {
  constructor(parent) {
    this.zoom = null; // CSS pixels to the millimetre; null: fit
    this.papers = [];
    this.takes = 0;
    this.skip = [];
    this.turn = null; // counts what Python was told
    this.takenBack = null; // the turn that a double click undid
    this.toggled = 0;
    this.root = make("div", { class: "view" });
    this.bar = this.root.appendChild(make("div", { class: "bar", role: "toolbar", "aria-label": "Zoom" }));
    this.desk = this.root.appendChild(make("div", { class: "desk fits" }));
    this.lying = this.desk.appendChild(make("div", { class: "lying" }));
    this.root.appendChild(this.switches());
    this.zoomButtons();
    this.listen();
    parent.appendChild(this.root);
    this.observer = new ResizeObserver(() => this.lay());
    this.observer.observe(this.desk);
  }

  close() {
    this.observer.disconnect();
    this.root.remove();
  }

  // -- what Python says --

  async take(data) {
    if (data.told === this.takenBack) return; // what follows is the sheet as it was
    const take = ++this.takes;
    this.desk.setAttribute("aria-busy", "true");
    const pictures = await Promise.all(data.pages.map((page) => this.loaded(page)));
    if (take !== this.takes) return; // another one is on its way
    this.desk.removeAttribute("aria-busy");
    this.apply(data, pictures);
  }

  // An image that is ready to be shown, so that nothing is ever blank in between.
  async loaded(page) {
    const shown = this.papers.flatMap((paper) => paper.images).find((image) => image.getAttribute("src") === page.src);
    if (shown) return shown;
    const image = make("img", { src: page.src, draggable: "false" });
    await image.decode().catch(() => {}); // its alt text then says what is missing
    return image;
  }

  apply(data, pictures) {
    const through = data.view === "through" && data.pages.length > 1;
    const count = through ? 1 : data.pages.length;
    const before = this.papers.length;
    while (this.papers.length > count) this.papers.pop().figure.remove();
    while (this.papers.length < count) this.papers.push(this.paper());
    this.data = data;
    this.hear(data);
    this.lying.classList.toggle("captioned", data.view !== "page");
    this.papers.forEach((paper, index) => {
      const images = through ? pictures : [pictures[index]];
      const pages = through ? data.pages : [data.pages[index]];
      const changed = paper.images.length > 0 && images.some((image) => !paper.images.includes(image));
      images.forEach((image, layer) => this.place(image, pages[layer], layer));
      paper.hold.replaceChildren(...images);
      paper.images = images;
      paper.overlay = pages[0].overlay;
      paper.caption.textContent = through ? "Front, the back shining through" : sideName(paper.overlay.side);
      paper.caption.hidden = data.view === "page";
      this.drawShapes(paper);
      this.drawSlots(paper);
      if (changed && before === count) flash(paper.figure);
    });
    this.lay();
    this.turnTo(data.focus);
  }

  // Zooms to the slot that a finding is about, once.
  turnTo(focus) {
    const turn = focus ? focus.turn : 0;
    const isNew = this.focused !== undefined && this.focused !== turn;
    this.focused = turn;
    if (!isNew) return;
    const index = this.papers.length > 1 ? this.data.pages.findIndex(({ page }) => page === focus.page) : 0;
    const paper = this.papers[Math.max(index, 0)];
    this.zoomTo(null);
    this.zoomToSlot(paper, focus.slot);
    flash(paper.figure);
  }

  // What was clicked here stands until Python has answered it: a run that began before must not undo it.
  hear(data) {
    const isAwaited = this.turn !== null && data.told !== this.turn && Date.now() - this.toggled < ANSWER_MS;
    if (isAwaited) return;
    this.turn = data.told;
    this.skip = data.pages[0].overlay.places.filter((place) => place.skipped).map((place) => place.slot);
  }

  place(image, page, layer) {
    const { mirrorsRows } = page.overlay;
    image.alt = page.alt;
    image.className = layer ? "behind" : "";
    image.style.transform = layer ? (mirrorsRows ? "scaleY(-1)" : "scaleX(-1)") : "";
  }

  paper() {
    const figure = this.lying.appendChild(make("figure", { class: "paper" }));
    const hold = figure.appendChild(make("div", {}));
    const svg = figure.appendChild(draw("svg", { role: "group" }));
    const slots = draw("g", {});
    const shapes = draw("g", { "aria-hidden": "true" });
    svg.append(slots, shapes);
    const caption = figure.appendChild(make("figcaption", {}));
    return { figure, hold, svg, slots, shapes, caption, images: [], buttons: new Map() };
  }

  // -- the shapes --

  drawShapes(paper) {
    const { width, height, radius, places, quiet, printable } = paper.overlay;
    paper.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    paper.svg.setAttribute(
      "aria-label",
      `Slots of the ${paper.overlay.side}. Arrow keys go from slot to slot, Enter skips one, Z zooms to it.`,
    );
    const round = Math.min(radius, ...places.slice(0, 1).map(({ trim }) => Math.min(trim[2], trim[3]) / 2));
    const trims = places.map((place) => place.trim);
    const bleeds = places.flatMap((place) => place.bleed);
    const isCircle = trims.length > 0 && round >= Math.min(trims[0][2], trims[0][3]) / 2 - 0.001;
    paper.shapes.replaceChildren(
      layer("margin", [filled(frame([0, 0, width, height], printable)), ...lined([printable])]),
      layer("quiet", [...quiet.map((rect) => box(rect, "fill")), ...lined(quiet)]),
      layer("bleed", lined(bleeds)),
      layer("trim", lined(trims)),
      layer("cut", lined(trims, round)),
      layer(
        "numbers",
        places.map((place) => number(place, isCircle)),
      ),
    );
  }

  drawSlots(paper) {
    const { places } = paper.overlay;
    const left = places.length - this.skip.length;
    const radius = paper.overlay.radius;
    const there = new Set(places.map((place) => place.slot));
    for (const [slot, button] of paper.buttons) {
      if (!there.has(slot)) {
        button.remove();
        paper.buttons.delete(slot);
      }
    }
    if (!there.has(paper.current)) paper.current = places[0]?.slot;
    for (const place of places) {
      let button = paper.buttons.get(place.slot);
      if (!button) {
        button = paper.slots.appendChild(draw("g", { class: "slot", role: "button" }));
        button.dataset.slot = place.slot;
        paper.buttons.set(place.slot, button);
      }
      const skipped = this.skip.includes(place.slot);
      const locked = !skipped && left === 1;
      button.setAttribute("tabindex", place.slot === paper.current ? "0" : "-1");
      button.setAttribute("aria-disabled", locked);
      button.classList.toggle("waiting", skipped !== place.skipped);
      this.press(button, place, skipped, locked);
      const crossed = draw("g", { class: "crossed", "aria-hidden": "true" });
      const [x, y, width, height] = place.trim;
      const words = draw("text", { x: x + width / 2, y: y + height / 2 });
      words.textContent = "skipped";
      crossed.append(box(place.trim, "fill", radius), line([x, y, x + width, y + height]), words);
      const title = draw("title", {});
      title.textContent = locked
        ? `Slot ${place.slot}: at least one slot has to stay`
        : `Slot ${place.slot}: click to ${skipped ? "use it again" : "skip it"}`;
      button.replaceChildren(
        title,
        box(place.trim, "touch", radius),
        crossed,
        box(place.trim, "ring outer", radius),
        box(place.trim, "ring", radius),
      );
    }
  }

  press(button, place, skipped, locked) {
    const state = skipped ? ", skipped" : locked ? ", the last one in use" : "";
    button.setAttribute("aria-pressed", skipped);
    button.setAttribute("aria-label", `Slot ${place.slot}, row ${place.row + 1} column ${place.column + 1}${state}`);
  }

  // -- skipping --

  // Shows the change at once. Python hears of all that are skipped, so that none is lost when several come quickly.
  toggle(slot) {
    const skipped = !this.skip.includes(slot);
    const left = this.data.pages[0].overlay.places.length - this.skip.length;
    if (skipped && left === 1) return;
    this.skip = skipped ? [...this.skip, slot].sort((a, b) => a - b) : this.skip.filter((other) => other !== slot);
    for (const paper of this.papers) {
      const button = paper.buttons.get(slot);
      const place = paper.overlay.places.find((each) => each.slot === slot);
      button.classList.add("waiting");
      this.press(button, place, skipped, false);
    }
    this.turn += 1;
    this.toggled = Date.now();
    this.send(this.skip, this.turn);
  }

  // -- zoom --

  fitting() {
    const { width, height } = this.papers[0].overlay;
    const [wide, high] = [this.desk.clientWidth, this.desk.clientHeight].map((side) => side - 2 * PADDING_PX);
    const caption = this.data.view === "page" ? 0 : CAPTION_PX;
    if (this.papers.length === 1) return { scale: Math.min(wide / width, (high - caption) / height), stacked: false };
    const abreast = Math.min((wide - BETWEEN_PX) / 2 / width, (high - caption) / height);
    const stacked = Math.min(wide / width, (high - BETWEEN_PX - 2 * caption) / 2 / height);
    return { scale: Math.max(abreast, stacked), stacked: stacked > abreast };
  }

  lay() {
    if (!this.papers.length || !this.desk.clientWidth) return;
    this.desk.classList.toggle("fits", this.zoom === null);
    this.desk.classList.toggle("roomy", this.zoom !== null);
    const { scale: fit, stacked } = this.fitting();
    const scale = this.zoom ?? fit;
    this.scale = scale;
    this.lying.classList.toggle("stacked", stacked);
    for (const { figure, overlay } of this.papers) {
      figure.style.width = `${overlay.width * scale}px`;
      figure.style.height = `${overlay.height * scale}px`;
      figure.style.setProperty("--mm", 1 / scale);
      figure.classList.toggle("tight", overlay.places[0]?.trim[2] * scale < 56);
    }
    this.fit.setAttribute("aria-pressed", this.zoom === null);
    this.actual.setAttribute("aria-pressed", this.zoom === ACTUAL_SIZE);
    this.said.textContent = `${Math.round((scale / ACTUAL_SIZE) * 100)} %`;
  }

  // Keeps the point of the sheet that lies there, in pixels from the desk's corner, where it is.
  zoomTo(scale, x = this.desk.clientWidth / 2, y = this.desk.clientHeight / 2) {
    const { desk, lying } = this;
    const at = lying.getBoundingClientRect();
    const from = desk.getBoundingClientRect();
    const across = (x + from.left - at.left) / at.width;
    const down = (y + from.top - at.top) / at.height;
    const least = this.fitting().scale;
    this.zoom = scale === null || scale <= least ? null : Math.min(scale, MOST_ZOOM);
    if (scale === ACTUAL_SIZE) this.zoom = scale;
    this.lay();
    desk.scrollLeft = across * lying.offsetWidth - x;
    desk.scrollTop = down * lying.offsetHeight - y;
  }

  zoomToSlot(paper, slot) {
    const place = paper.overlay.places.find((each) => each.slot === slot);
    if (!place) return;
    const { desk } = this;
    const [x, y, width, height] = place.trim;
    const scale = Math.min(desk.clientWidth / width, desk.clientHeight / height) * 0.9;
    this.zoomTo(Math.abs(this.scale - scale) < 0.01 ? null : scale);
    const { offsetLeft, offsetTop } = paper.figure;
    desk.scrollLeft = offsetLeft + (x + width / 2) * this.scale - desk.clientWidth / 2;
    desk.scrollTop = offsetTop + (y + height / 2) * this.scale - desk.clientHeight / 2;
  }

  zoomButtons() {
    this.fit = this.button("Fit", "Show the whole sheet", () => this.zoomTo(null));
    this.actual = this.button("100 %", "As large as it will be printed", () => this.zoomTo(ACTUAL_SIZE));
    const less = this.button("−", "Zoom out", () => this.zoomTo(this.scale / 1.4));
    const more = this.button("+", "Zoom in (Ctrl + wheel)", () => this.zoomTo(this.scale * 1.4));
    this.said = make("span", { class: "zoomed", "aria-live": "polite" });
    const hint = make("span", { class: "hint" });
    hint.textContent = "Click a slot to skip it, twice to zoom to it";
    this.bar.append(this.fit, this.actual, less, more, this.said, make("span", { class: "gap" }), hint);
  }

  button(words, title, act) {
    const button = make("button", { type: "button", title, "aria-label": words.length > 1 ? words : title });
    button.textContent = words;
    button.addEventListener("click", act);
    return button;
  }

  // -- overlays --

  switches() {
    const bar = make("div", { class: "bar", role: "group", "aria-label": "Show over the sheet" });
    const name = bar.appendChild(make("span", { class: "name" }));
    name.textContent = "Show";
    const chosen = remembered();
    for (const [layer, words] of LAYERS) {
      const button = make("button", { type: "button" });
      const set = (on) => {
        button.setAttribute("aria-pressed", on);
        this.root.classList.toggle(`show-${layer}`, on);
      };
      button.append(sign(layer), document.createTextNode(words));
      button.addEventListener("click", () => {
        set(button.getAttribute("aria-pressed") !== "true");
        remember(LAYERS.map(([each]) => each).filter((each) => this.root.classList.contains(`show-${each}`)));
      });
      set(chosen.includes(layer));
      bar.append(button);
    }
    return bar;
  }

  // -- mouse and keys --

  listen() {
    const { desk } = this;
    desk.addEventListener("click", (event) => this.click(event));
    desk.addEventListener("dblclick", (event) => this.doubleClick(event));
    desk.addEventListener("keydown", (event) => this.key(event));
    desk.addEventListener("focusin", (event) => this.focus(event));
    desk.addEventListener("pointerdown", (event) => this.grab(event));
    desk.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
        event.preventDefault();
        const from = desk.getBoundingClientRect();
        const factor = Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) / 200);
        this.zoomTo(this.scale * factor, event.clientX - from.left, event.clientY - from.top);
      },
      { passive: false },
    );
  }

  at(event) {
    const button = event.target.closest?.(".slot");
    const paper = button && this.papers.find((each) => each.slots.contains(button));
    return paper ? { paper, slot: Number(button.dataset.slot) } : null;
  }

  click(event) {
    const at = this.at(event);
    if (this.dragged || !at || event.detail > 1) return;
    this.before = this.skip;
    this.toggle(at.slot);
  }

  // The first of the two clicks has skipped the slot already: nothing waits to see whether a second one comes.
  doubleClick(event) {
    const at = this.at(event);
    if (!at) return;
    if (this.skip !== this.before) {
      this.takenBack = this.turn;
      this.toggle(at.slot);
    }
    this.zoomToSlot(at.paper, at.slot);
  }

  key(event) {
    const at = this.at(event);
    if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
    const { places } = at.paper.overlay;
    const here = places.find((place) => place.slot === at.slot);
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (event.key === "Enter" || event.key === " ") this.toggle(at.slot);
    else if (event.key === "z" || event.key === "Z") this.zoomToSlot(at.paper, at.slot);
    else if (moves[event.key]) {
      const [down, across] = moves[event.key];
      const next = places.find((p) => p.row === here.row + down && p.column === here.column + across);
      if (next) at.paper.buttons.get(next.slot).focus();
    } else return;
    event.preventDefault();
  }

  focus(event) {
    const at = this.at(event);
    if (!at) return;
    at.paper.buttons.get(at.paper.current)?.setAttribute("tabindex", "-1");
    at.paper.current = at.slot;
    at.paper.buttons.get(at.slot).setAttribute("tabindex", "0");
  }

  // Fingers scroll by themselves.
  grab(event) {
    this.dragged = false;
    if (event.button !== 0 || event.pointerType === "touch" || this.zoom === null) return;
    const { desk } = this;
    const from = { x: event.clientX, y: event.clientY, left: desk.scrollLeft, top: desk.scrollTop };
    const ended = new AbortController();
    const move = (moved) => {
      const [x, y] = [moved.clientX - from.x, moved.clientY - from.y];
      if (!this.dragged && Math.hypot(x, y) < DRAG_PX) return;
      this.dragged = true;
      desk.classList.add("dragged");
      desk.scrollLeft = from.left - x;
      desk.scrollTop = from.top - y;
    };
    const end = () => {
      desk.classList.remove("dragged");
      ended.abort();
    };
    window.addEventListener("pointermove", move, { signal: ended.signal });
    window.addEventListener("pointerup", end, { signal: ended.signal });
    window.addEventListener("pointercancel", end, { signal: ended.signal });
  }
}

// -- drawing --

function make(name, attributes) {
  return given(document.createElement(name), attributes);
}

function draw(name, attributes) {
  return given(document.createElementNS(SVG, name), attributes);
}

function given(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function layer(name, shapes) {
  const group = draw("g", { class: name, "data-layer": name });
  group.append(...shapes);
  return group;
}

function box([x, y, width, height], kind, radius = 0) {
  return draw("rect", { x, y, width, height, rx: radius, ry: radius, class: kind });
}

function line([x1, y1, x2, y2]) {
  return draw("line", { x1, y1, x2, y2, class: "line" });
}

// Each rectangle's outline upon a white one.
function lined(rects, radius = 0) {
  return ["halo", "line"].flatMap((kind) => rects.map((rect) => box(rect, kind, radius)));
}

function frame(outer, inner) {
  const path = ([x, y, width, height]) => `M${x} ${y}h${width}v${height}h${-width}z`;
  return path(outer) + path(inner);
}

function filled(d) {
  return draw("path", { d, class: "fill" });
}

function number({ slot, trim: [x, y, width, height] }, isCircle) {
  const group = draw("g", { class: isCircle ? "middle" : "corner" });
  const [left, top] = isCircle ? [x + width / 2, y + height / 2] : [x, y];
  const words = draw("text", {});
  words.textContent = slot;
  group.append(draw("circle", {}), words);
  const placed = draw("g", { transform: `translate(${left} ${top})` });
  placed.append(group);
  return placed;
}

// What the layer looks like, on its button.
function sign(layer) {
  const svg = draw("svg", { viewBox: "0 0 14 14", class: `sign ${layer}`, "aria-hidden": "true" });
  if (layer === "numbers") {
    const words = draw("text", { x: 7, y: 8, "text-anchor": "middle", "dominant-baseline": "central", class: "digit" });
    words.textContent = "4";
    svg.append(words);
  } else if (layer === "margin") {
    svg.append(filled(frame([0, 0, 14, 14], [3.5, 3.5, 7, 7])), box([3.5, 3.5, 7, 7], "line"));
  } else {
    svg.append(...(layer === "quiet" ? [box([1, 1, 12, 12], "fill")] : []));
    svg.append(box([1, 1, 12, 12], "line", layer === "cut" ? 3.5 : 0));
  }
  return svg;
}

function flash(figure) {
  figure.classList.remove("changed");
  void figure.offsetWidth; // or the same animation would not start again
  figure.classList.add("changed");
}

function sideName(side) {
  return side === "back" ? "Back" : "Front";
}

function remembered() {
  try {
    const chosen = JSON.parse(sessionStorage.getItem(MEMORY));
    return Array.isArray(chosen) ? chosen : ["cut"];
  } catch {
    return ["cut"];
  }
}

function remember(chosen) {
  try {
    sessionStorage.setItem(MEMORY, JSON.stringify(chosen));
  } catch {
    // Where nothing may be kept, the overlays last as long as the page.
  }
}
