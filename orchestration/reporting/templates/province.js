"use strict";
(() => {
  // Behind the webserver pages have addresses of their own; on a disk they are files.
  if (location.protocol.startsWith("http")) {
    for (const link of document.querySelectorAll("a[data-department]")) {
      const page = /report\.html/.test(link.getAttribute("href")) ? "report" : "gates";
      link.href = `${encodeURIComponent(link.dataset.department)}/${page}${link.hash}`;
    }
  }

  // One tab stop for the wall, arrow keys within it.
  const wall = document.querySelector("table.wall");
  const rows = [...wall.tBodies[0].rows];
  const linksOf = (row) => [...row.querySelectorAll("a")];
  const shownRows = () => rows.filter((row) => !row.hidden);
  const only = (link) => {
    for (const each of wall.querySelectorAll("a")) each.tabIndex = each === link ? 0 : -1;
  };
  only(wall.querySelector("a"));
  wall.addEventListener("focusin", (event) => { if (event.target.matches("a")) only(event.target); });
  wall.addEventListener("keydown", (event) => {
    const row = event.target.closest("tbody tr");
    if (!row) return;
    const now = shownRows();
    const column = (link) => link.closest("th, td").cellIndex;
    const links = linksOf(row);
    const at = links.indexOf(event.target);
    const beside = (step) => {
      for (let n = now.indexOf(row) + step; n >= 0 && n < now.length; n += step) {
        const found = linksOf(now[n]).find((link) => column(link) === column(event.target));
        if (found) return found;
      }
      return null;
    };
    const to = {
      ArrowRight: () => links[at + 1], ArrowLeft: () => links[at - 1], Home: () => links[0], End: () => links.at(-1),
      ArrowDown: () => beside(1), ArrowUp: () => beside(-1),
    }[event.key]?.();
    if (to) { event.preventDefault(); to.focus(); }
  });

  // Which departments the wall shows.
  const finder = document.querySelector(".finder");
  const said = document.getElementById("shown");
  const all = said.textContent;
  finder.hidden = false;
  function pick() {
    const words = finder.elements.words.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const state = finder.elements.state.value;
    for (const row of rows) {
      const text = row.dataset.words.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word)) || (state !== "" && row.dataset.state !== state);
    }
    const left = shownRows();
    said.textContent = left.length < rows.length ? `${left.length} 个部门（共 ${rows.length} 个）` : all;
    const first = left.map((row) => row.querySelector("a")).find(Boolean);
    if (first) only(first);
  }
  finder.addEventListener("input", pick);
  finder.addEventListener("reset", () => setTimeout(pick));
  finder.addEventListener("submit", (event) => event.preventDefault());

  // The ranking, by any column. Figures are compared as exact text of one scale: no amount becomes a binary number.
  const compare = (one, other) => {
    if (!one || !other || one === "None" || other === "None") return one === other ? 0 : !one || one === "None" ? 1 : -1;
    const decimal = /^-?\d+(\.\d+)?$/;
    if (!decimal.test(one) || !decimal.test(other)) return one.localeCompare(other, "zh");
    const scaled = (text) => { const [whole, part = ""] = text.split("."); return BigInt(whole + part.padEnd(6, "0")); };
    const [a, b] = [scaled(one), scaled(other)];
    return a < b ? -1 : a > b ? 1 : 0;
  };
  const ranking = document.querySelector("table.ranking");
  ranking.tHead.addEventListener("click", (event) => {
    const button = event.target.closest("[data-sort]");
    if (!button) return;
    const head = button.closest("th");
    const falling = head.getAttribute("aria-sort") !== "descending" && button.dataset.sort !== "name"
      || head.getAttribute("aria-sort") === "ascending";
    for (const other of ranking.tHead.querySelectorAll("th[aria-sort]")) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const value = (row) => row.cells[head.cellIndex].dataset.value;
    const sorted = [...ranking.tBodies[0].rows].sort((one, other) => {
      const blank = (row) => !value(row) || value(row) === "None";
      if (blank(one) !== blank(other)) return blank(one) ? 1 : -1;
      return (falling ? -1 : 1) * compare(value(one), value(other));
    });
    ranking.tBodies[0].append(...sorted);
  });
})();
