"use strict";
// The page in English, for whoever chooses it: every text that the catalogue knows, also what scripts write later. What is
// filed stays Chinese: forms, annexes and the report's text.
(() => {
  const held = (id) => JSON.parse(document.getElementById(id).textContent);
  const { first, statements, whole, patterns } = held("english");
  held("facts").rules.forEach((rule, number) => { if (statements[number]) whole[rule[5]] = statements[number]; });
  const readers = patterns.map(([pattern, english, said]) => [new RegExp(`^(?:${pattern})$`, "su"), english, said]);
  const FILED = "#forms table, #forms summary, #text > :not(h2), code, script, style";
  const READ = ["title", "aria-label", "placeholder"];
  const chinese = new Map(); // what stood there: node -> text, element -> attribute -> text
  let now = "zh";

  function read(text) {
    const core = text.trim();
    if (!/[\u3400-\u9fff]/.test(core)) return null;
    let english = whole[core];
    for (let n = 0; english === undefined && n < readers.length; n++) {
      const groups = readers[n][0].exec(core)?.groups;
      if (groups) english = readers[n][1].replace(/\{(\w+)\}/g, (_, name) =>
        readers[n][2].includes(name) ? read(groups[name]) ?? groups[name] : groups[name]);
    }
    if (english === undefined) {
      const parts = core.split("　");
      const said = parts.length > 1 ? parts.map((part) => read(part)) : [];
      if (!said.some((part) => part !== null)) return null;
      english = said.map((part, n) => part ?? parts[n]).join("  ");
    }
    return text.replace(core, () => english.trim());
  }

  function toEnglish(node) {
    if (node.nodeType === Node.TEXT_NODE) {
      const parent = node.parentElement;
      if (!parent || parent.closest(FILED)) return;
      if (parent instanceof HTMLOptionElement) parent.value = parent.value; // what is chosen is Chinese, as all data
      const english = read(node.data);
      if (english !== null && english !== node.data) { chinese.set(node, node.data); node.data = english; }
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || node.matches(FILED)) return;
    for (const name of READ) {
      const english = node.hasAttribute(name) ? read(node.getAttribute(name)) : null;
      if (english !== null) {
        chinese.set(node, { ...chinese.get(node), [name]: node.getAttribute(name) });
        node.setAttribute(name, english);
      }
    }
    for (const child of [...node.childNodes]) toEnglish(child);
  }
  function toChinese() {
    for (const [node, stood] of chinese) {
      if (typeof stood === "string") node.data = stood;
      else for (const [name, text] of Object.entries(stood)) node.setAttribute(name, text);
    }
    chinese.clear();
  }

  const watcher = new MutationObserver((changes) => {
    watcher.disconnect();
    for (const change of changes) {
      for (const node of change.addedNodes) toEnglish(node);
      if (change.type === "characterData") toEnglish(change.target);
    }
    watch();
  });
  const watch = () => watcher.observe(document.body, { childList: true, subtree: true, characterData: true });

  function choose(language) {
    if (language === now) return;
    watcher.disconnect();
    now = language;
    document.documentElement.lang = language === "en" ? "en" : "zh-CN";
    if (language === "en") { toEnglish(document.body); watch(); } else toChinese();
    for (const button of choice.children) button.setAttribute("aria-pressed", String(button.lang.startsWith(now)));
  }

  const choice = document.createElement("div");
  choice.className = "languages";
  for (const [lang, name] of [["zh-CN", "中文"], ["en", "English"]]) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", lang, textContent: name });
    button.setAttribute("aria-pressed", String(lang.startsWith(now)));
    button.addEventListener("click", () => choose(lang.slice(0, 2)));
    choice.append(button);
  }
  document.body.prepend(choice);
  choose(first);
})();
