"use strict";
// Finds a printed cell by whatever people have at hand: the same names, and the same patterns, as `ledgergate explain`.
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const facts = read("facts");
  const { year, department, fileCell, saidYear, names: shorter } = read("names");
  const cells = facts.cells.map(([address, label, printed, file, sheet, cell, corrected, rules]) =>
    ({ address, label, printed, file: facts.files[file], sheet, cell, corrected, rules }));
  const known = new Map(cells.map((cell) => [cell.address, cell]));
  const whole = (pattern, text) => new RegExp(`^(?:${pattern})$`, "su").exec(text)?.groups ?? null;
  const squeeze = (text) => (text ?? "").replace(/[\s\u200b\ufeff]/g, "");
  const names = new Map(); // a cell's label, and what it is called in short -> addresses
  const name = (text, address) => names.set(text, [...(names.get(text) ?? []), address]);
  for (const cell of cells) name(squeeze(cell.label), cell.address);
  for (const [text, those] of Object.entries(shorter)) for (const address of those) if (known.has(address)) name(text, address);
  const lines = (text) => text ? text.split("\n") : [];

  const sameFile = (ours, given) => {
    const [one, other] = [ours, given.replaceAll("\\", "/")].map((path) => path.split("/").filter(Boolean));
    const shared = Math.min(one.length, other.length);
    return one.slice(-shared).join("/") === other.slice(-shared).join("/");
  };
  // How much of two texts is the same, in the same order: from 0 to 1.
  const likeness = (one, other) => {
    let row = new Uint16Array(other.length + 1);
    for (const character of one) {
      const next = new Uint16Array(other.length + 1);
      for (let n = 1; n <= other.length; n++) {
        next[n] = other[n - 1] === character ? row[n - 1] + 1 : Math.max(row[n], next[n - 1]);
      }
      row = next;
    }
    return 2 * row[other.length] / (one.length + other.length || 1);
  };
  const nearest = (text, pairs) => [...new Set(pairs
    .map(([name, address]) => [likeness(text, name), address])
    .filter(([like]) => like >= 0.6)
    .sort(([one], [other]) => other - one)
    .map(([, address]) => address))].slice(0, 5);

  function named(given) {
    const text = given.trim();
    const said = whole(saidYear, text);
    if (said && Number(said.year) !== year) return { addresses: [], nearest: [], otherYear: said.year };
    const rest = (said ? said.rest : text).trim();
    for (const address of [text, `${year}/${rest}`, `${year}/${department}/${rest}`]) if (known.has(address)) return { addresses: [address], nearest: [] };
    const inFile = whole(fileCell, text);
    if (inFile) {
      const at = inFile.cell.replaceAll("$", "").toUpperCase();
      const those = cells.filter((cell) => cell.file && sameFile(cell.file, inFile.file));
      const found = those.filter((cell) => cell.cell === at && (!inFile.sheet || squeeze(cell.sheet) === squeeze(inFile.sheet)));
      const near = found.length ? [] : nearest(at, those.map((cell) => [cell.cell, cell.address]));
      return { addresses: found.map((cell) => cell.address), nearest: near };
    }
    if (/[!#]/.test(rest)) {
      const places = [...document.querySelectorAll(".fig[data-place]")].flatMap((figure) =>
        lines(figure.dataset.place).map((place) => [place, figure]));
      const here = places.find(([place]) => place === rest)?.[1];
      if (here) return { addresses: lines(here.dataset.address), nearest: [], figure: here };
      return { addresses: [], nearest: nearest(rest, places.map(([place, figure]) => [place, lines(figure.dataset.address)[0]])) };
    }
    const wanted = squeeze(rest);
    const found = names.get(wanted) ?? [];
    if (found.length) return { addresses: found, nearest: [] };
    const pairs = [...[...names].map(([text, [address]]) => [text, address]),
      ...cells.map((cell) => [cell.address.slice(5), cell.address])];
    return { addresses: [], nearest: nearest(rest.includes("/") ? rest : wanted, pairs) };
  }

  // --- what people see ----------------------------------------------------------------------------------------------

  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const figuresOf = (address) => [...document.querySelectorAll(".fig[data-address]")]
    .filter((figure) => lines(figure.dataset.address).includes(address));

  function goTo(figure) {
    for (let around = figure.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
    figure.scrollIntoView({ block: "center" });
    figure.focus({ preventScroll: true }); // which shows where it is from, and its rules
  }
  function shown(address) {
    const cell = known.get(address);
    const figures = figuresOf(address);
    const item = make("li", { "data-found": address });
    item.append(make("b", {}, cell.label || address), " ", cell.corrected || cell.printed,
      make("br"), make("code", {}, [address, cell.file, cell.sheet, cell.cell].filter(Boolean).join("　")));
    if (figures.length) {
      const button = make("button", { type: "button" }, "在报告里看");
      button.addEventListener("click", () => goTo(figures.find((each) => each.dataset.place) ?? figures[0]));
      item.append(" ", button);
    }
    return item;
  }

  // No form: beside the UI the page is shown in a sandbox, where none is sent, not even to the page itself.
  const form = make("div", { class: "lookup", role: "search", "aria-label": "查单元格" },
    make("label", {}, make("span", {}, "查单元格"), make("input", {
      type: "search", autocomplete: "off", placeholder: "表3 第17行 本年调整",
      title: "消息里的叫法、地址、报告里的位置（表3!E20）或文件与格（表3.csv E20）",
    })));
  const answer = make("div", { class: "found", "aria-live": "polite" });
  form.append(answer);
  document.querySelector("header.top nav").after(form);

  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !(event.target instanceof HTMLInputElement)) return;
    const text = form.querySelector("input").value;
    if (!text.trim()) return answer.replaceChildren();
    const { addresses, nearest: near, figure, otherYear } = named(text);
    if (otherYear) return answer.replaceChildren(make("p", {}, `本页是 ${year} 年度，不是 ${otherYear} 年度`));
    if (figure) goTo(figure);
    const offered = addresses.length ? addresses : near;
    const said = addresses.length > 1 ? "不止一格" : addresses.length ? "" : near.length ? "没有这一格；相近的有" : figure ? "" : "没有这一格";
    answer.replaceChildren(...(said ? [make("p", {}, said)] : []), make("ol", {}, ...offered.map(shown)));
  });
})();
