"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const facts = read("facts");
  const cells = new Map(facts.cells.map((cell) => [cell[0], cell]));
  const cellOf = ([address, label, printed, file, sheet, cell, corrected, rules]) =>
    ({ address, label, printed, corrected, rules, source: [facts.files[file], sheet, cell].filter(Boolean).join("　") });
  const ruleOf = ([id, instance, title, severity, status, statement, leftLabel, left, rightLabel, right, difference, allowed, ...sides]) =>
    ({ id, instance, title, severity, status, statement, leftLabel, left, rightLabel, right, difference, allowed, sides });

  // Everything that a ledger printed goes in as text, never as HTML.
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children.filter((child) => child !== null && child !== ""));
    return element;
  };
  const chip = (status) => make("span", { class: `sq ${status}` }, facts.statuses[status][1]);
  const pairs = (list, attributes = {}) => make("dl", attributes, ...list.flatMap(([name, ...said]) =>
    [make("dt", {}, name), make("dd", {}, ...said)]));
  const lines = (text) => text ? text.split("\n") : [];

  // --- figures ------------------------------------------------------------------------------------------------------

  const tip = document.getElementById("tip");
  const shownRules = 6;
  let shownFor = null;
  let leaving = 0;

  function trace(figure) {
    const said = [];
    const { place, published, note, plus, minus } = figure.dataset;
    if (plus !== undefined) {
      const added = lines(plus);
      said.push(["本表算出", `${added[0]}${added.length > 1 ? ` 至 ${added.at(-1)} 中的 ${added.length} 个明细相加` : ""}${minus ? `，减 ${minus}` : ""}`]);
    }
    const found = lines(figure.dataset.address).map((address) => cells.get(address)).filter(Boolean).map(cellOf);
    if (published) {
      const [table, row, column] = lines(published);
      said.push(["发布的表", make("code", {}, `${table}　${row}　${column}`)]);
      if (!found.length) said.push(["出处", "由评分或核对算出，没有对应的账面单元格"]);
    }
    for (const cell of found) {
      said.push([found.length > 1 ? "由" : "单元格", cell.label]);
      said.push(["地址", make("code", {}, cell.address)]);
      said.push(["列示为", `${cell.printed}${cell.corrected ? `，更正为 ${cell.corrected}` : ""}`]);
      said.push(["出处", make("code", {}, cell.source)]);
    }
    if (place) said.push(["报告", lines(place).join("、")]);
    if (note) said.push(["更正", note]);
    const parts = [pairs(said)];
    const rules = [...new Set(found.flatMap((cell) => cell.rules))].map((number) => ruleOf(facts.rules[number]));
    if (rules.length) {
      // What is not plainly equal is what a reader looks for.
      const order = Object.keys(facts.statuses);
      rules.sort((one, other) => order.indexOf(other.status) - order.indexOf(one.status));
      parts.push(make("div", { class: "more" }, `参加 ${rules.length} 条规则`));
      for (const rule of rules.slice(0, shownRules)) {
        parts.push(make("div", {}, chip(rule.status), ` ${facts.statuses[rule.status][0]}　${rule.title}`));
      }
      if (rules.length > shownRules) parts.push(make("div", { class: "more" }, `另有 ${rules.length - shownRules} 条`));
    }
    return parts;
  }

  function show(figure) {
    clearTimeout(leaving);
    if (shownFor === figure) return;
    hide();
    shownFor = figure;
    tip.replaceChildren(...trace(figure));
    tip.hidden = false;
    figure.setAttribute("aria-describedby", "tip");
    const at = figure.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = tip;
    const room = document.documentElement.clientWidth;
    const below = at.bottom + 6 + height <= window.innerHeight || at.top < height + 6;
    tip.style.left = `${Math.max(8, Math.min(at.left, room - width - 8)) + window.scrollX}px`;
    tip.style.top = `${(below ? at.bottom + 6 : at.top - height - 6) + window.scrollY}px`;
  }

  function hide() {
    clearTimeout(leaving);
    shownFor?.removeAttribute("aria-describedby");
    shownFor = null;
    tip.hidden = true;
    tip.style.left = tip.style.top = "0"; // so that a hidden tooltip never widens the page
  }

  const traced = ".fig, .sum";
  const figureAt = (event) => event.target.closest?.(traced);
  document.addEventListener("pointerover", (event) => {
    if (figureAt(event)) show(figureAt(event));
    else if (event.target.closest?.("#tip")) clearTimeout(leaving);
  });
  document.addEventListener("pointerout", (event) => {
    if (figureAt(event) || event.target.closest?.("#tip")) {
      clearTimeout(leaving);
      leaving = setTimeout(() => document.activeElement?.matches(traced) || hide(), 150);
    }
  });
  document.addEventListener("focusin", (event) => figureAt(event) ? show(figureAt(event)) : hide());
  document.addEventListener("focusout", (event) => figureAt(event) && hide());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { hide(); close(); }
  });

  // --- one tab stop for a table or the wall, arrow keys within it ---------------------------------------------------

  function rove(container, items, next) {
    const all = items();
    if (!all.length) return;
    all[0].tabIndex = 0;
    container.addEventListener("focusin", (event) => {
      const now = items();
      if (now.includes(event.target)) for (const item of now) item.tabIndex = item === event.target ? 0 : -1;
    });
    container.addEventListener("keydown", (event) => {
      const now = items();
      const at = now.indexOf(event.target);
      const to = at < 0 ? null : next(event.key, now, at);
      if (to) { event.preventDefault(); to.focus(); }
    });
  }
  // The nearest item above or below, by where it is drawn.
  function vertical(items, at, down) {
    const from = items[at].getBoundingClientRect();
    const middle = from.left + from.width / 2;
    let best = null;
    for (const item of items) {
      const box = item.getBoundingClientRect();
      const far = down ? box.top - from.bottom : from.top - box.bottom;
      if (!box.width || far < -2) continue;
      const price = far * 4 + Math.abs(box.left + box.width / 2 - middle);
      if (!best || price < best.price) best = { item, price };
    }
    return best?.item ?? null;
  }
  const step = (key, items, at) => ({
    ArrowRight: () => items[at + 1], ArrowLeft: () => items[at - 1], Home: () => items[0], End: () => items.at(-1),
    ArrowDown: () => vertical(items, at, true), ArrowUp: () => vertical(items, at, false),
  })[key]?.() ?? null;
  for (const table of document.querySelectorAll(".grid, .headline, #text")) {
    const figures = [...table.querySelectorAll(traced)];
    rove(table, () => figures, step);
  }

  // --- the wall -----------------------------------------------------------------------------------------------------

  const wall = document.getElementById("wall");
  const detail = document.getElementById("detail");
  const squares = [...wall.querySelectorAll(".squares .sq")];
  rove(wall.querySelector(".bricks"), () => squares.filter((square) => !square.hidden), step);

  function choose(square) {
    for (const other of squares) other.removeAttribute("aria-current");
    square.setAttribute("aria-current", "true");
    const rule = ruleOf(facts.rules[square.dataset.rule]);
    const closer = make("button", { type: "button", class: "close", "aria-label": "关闭" }, "×");
    closer.addEventListener("click", () => { close(); square.focus(); });
    const sides = rule.sides.flatMap((numbers, side) => numbers.map((number) => {
      const cell = cellOf(facts.cells[number]);
      return make("li", {},
        make("div", {}, make("span", {}, `${side ? "右" : "左"}　${cell.label}`), make("b", {}, cell.corrected || cell.printed)),
        cell.corrected ? make("div", { class: "soft" }, `原印 ${cell.printed}，已更正`) : null,
        make("code", {}, cell.address), make("br"), make("code", {}, cell.source));
    }));
    detail.replaceChildren(
      closer,
      make("div", {}, chip(rule.status), ` ${facts.statuses[rule.status][0]}　`,
        make("span", { class: "soft" }, rule.severity === "error" ? "必须成立" : "提示")),
      make("h4", {}, rule.title),
      make("p", {}, rule.statement),
      make("dl", { class: "equation" },
        make("dt", {}, `左　${rule.leftLabel}`), make("dd", { class: "strong" }, rule.left),
        make("dt", {}, `右　${rule.rightLabel}`), make("dd", { class: "strong" }, rule.right),
        make("dt", {}, "差额"), make("dd", {}, rule.difference),
        make("dt", {}, "四舍五入能解释"), make("dd", {}, rule.allowed)),
      make("div", { class: "soft" }, make("code", {}, `${rule.id}　${rule.instance}`)),
      make("ul", {}, ...sides));
    detail.scrollTop = 0;
    detail.classList.add("open");
    // On a narrow screen the rule covers the lower part of the wall: keep what was chosen in sight.
    if (getComputedStyle(detail).position === "fixed") square.scrollIntoView({ block: "start" });
  }
  function close() { detail.classList.remove("open"); }
  wall.addEventListener("click", (event) => {
    const square = event.target.closest(".squares .sq");
    if (square) choose(square);
    const filter = event.target.closest("[data-filter]");
    if (filter) only(filter);
  });
  // Moving over the wall by keyboard reads it, once something has been chosen.
  wall.addEventListener("focusin", (event) => {
    if (event.target.matches(".squares .sq:focus-visible") && detail.classList.contains("open")) choose(event.target);
  });

  function only(filter) {
    const status = filter.dataset.filter;
    for (const other of wall.querySelectorAll("[data-filter]")) other.setAttribute("aria-pressed", String(other === filter));
    for (const square of squares) square.hidden = Boolean(status) && square.dataset.status !== status;
    for (const kind of [".rule", ".severity"]) {
      for (const group of wall.querySelectorAll(kind)) group.hidden = !group.querySelector(".squares .sq:not([hidden])");
    }
    const left = squares.filter((square) => !square.hidden);
    for (const square of squares) square.tabIndex = square === left[0] ? 0 : -1;
  }

  // --- the desk: what to look at, picked out by words, unit, project and rule ---------------------------------------

  const desk = document.getElementById("desk");
  const finder = desk.querySelector(".finder");
  const matters = [...desk.querySelectorAll(".matter")];
  const counted = document.getElementById("desk-count");
  const said = counted.textContent;
  finder.hidden = false;

  function pick() {
    const wanted = Object.fromEntries(["words", "units", "projects", "rule"].map((name) => [name, finder.elements[name]?.value.trim() ?? ""]));
    const words = wanted.words.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (text) => words.every((word) => text.toLowerCase().includes(word));
    let shown = 0;
    let places = 0;
    for (const matter of matters) {
      const own = [...matter.querySelectorAll(".place")];
      const about = has(matter.querySelector("h3").textContent);
      let left = 0;
      for (const place of own) {
        const kept = ["units", "projects"].every((name) => !wanted[name] || lines(place.dataset[name]).includes(wanted[name]))
          && (about || has(place.textContent));
        place.hidden = !kept;
        if (kept) left += 1;
      }
      // A matter that no place is known of is about no unit and no project, but is not gone.
      const any = own.length ? left : about && !wanted.units && !wanted.projects;
      matter.hidden = !any || (wanted.rule !== "" && matter.dataset.kind !== wanted.rule);
      if (!matter.hidden) { shown += 1; places += left; }
      const details = matter.querySelector("details");
      // What was asked for is not left folded away.
      if (details) details.open = !matter.hidden && left < own.length;
    }
    counted.textContent = Object.values(wanted).some(Boolean) ? `${shown} 项，${places} 处（共 ${said}）` : said;
  }
  finder.addEventListener("input", pick);
  finder.addEventListener("reset", () => setTimeout(pick));
  finder.addEventListener("submit", (event) => event.preventDefault());

  // A cell's name leads to the figure in its table; 勾稽墙 to the rule's square.
  desk.addEventListener("click", (event) => {
    const link = event.target.closest("[data-cell], [data-instance]");
    if (!link) return;
    const { cell, instance } = link.dataset;
    const figures = cell === undefined ? [] : [...document.querySelectorAll("#forms .fig")];
    const found = cell === undefined
      ? squares.find((square) => square.dataset.rule === instance)
      : figures.find((figure) => figure.dataset.address === cell);
    if (!found) return;
    event.preventDefault();
    const hiding = found.closest("details");
    if (hiding) hiding.open = true;
    found.scrollIntoView({ block: "center" });
    found.focus({ preventScroll: true });
    if (cell === undefined) choose(found);
  });

  // Behind the webserver the province's page has an address of its own.
  const province = document.getElementById("to-province");
  if (province && location.protocol.startsWith("http")) province.href = `../province${province.hash}`;

  // --- details: opened by what links to them, and for print ---------------------------------------------------------

  // From elsewhere, as the province's page: #rule=<id>/<instance>.
  const revealRule = () => {
    const [, id, instance] = /^#rule=([^/]*)\/(.*)$/.exec(location.hash) ?? [];
    const square = id && squares.find((each) => each.dataset.ruleId === id && each.dataset.instance === decodeURIComponent(instance));
    if (!square) return;
    square.scrollIntoView({ block: "center" });
    square.focus({ preventScroll: true });
    choose(square);
  };
  window.addEventListener("hashchange", revealRule);
  revealRule();
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const hiding = target && target.closest("details");
    if (hiding) hiding.open = true;
  };
  window.addEventListener("hashchange", reveal);
  reveal();
  for (const button of document.querySelectorAll("[data-open]")) {
    button.addEventListener("click", () => {
      const all = [...document.querySelectorAll(`${button.dataset.open} details`)];
      const open = !all.every((each) => each.open);
      for (const each of all) each.open = open;
      button.textContent = open ? "全部收起" : "全部展开";
    });
  }
  let opened = [];
  window.addEventListener("beforeprint", () => {
    hide();
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const each of opened) each.open = true;
  });
  window.addEventListener("afterprint", () => { for (const each of opened) each.open = false; });

  // --- charts -------------------------------------------------------------------------------------------------------

  window.drawCharts = () => {
    const specs = read("specs");
    for (const place of document.querySelectorAll("[data-chart]")) {
      window.vegaEmbed(place, specs[place.dataset.chart], { mode: "vega-lite", renderer: "svg", actions: false, logLevel: 1 })
        .catch((error) => place.replaceChildren(`图没有画成：${error.message}。数见下表。`));
    }
  };
})();
