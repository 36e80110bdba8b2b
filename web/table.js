import { element } from "./elements.js";

// The server keeps to less; what is drawn here must not depend on that.
const MOST = { bytes: 8_000_000, sheets: 20, rows: 200, columns: 60, characters: 300 };
const NUMBER = /^[-+(]?[\p{Sc}\s]*\d[\d.,\s]*[\p{Sc}%)\s]*$/u;

/**
 * The first rows of each sheet of a spreadsheet, as tables.
 * @param {{url: string, bytes: number}} version the one called `table`
 * @returns {Promise<HTMLElement[]>}
 * @throws {Error} where it can't be had or read
 */
export async function tablesOf({ url, bytes }) {
  if (bytes > MOST.bytes) throw new Error("larger than a table of some rows can be");
  const answer = await fetch(url, { credentials: "omit" });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const { sheets, cut } = await answer.json();
  const made = sheets.slice(0, MOST.sheets).map(section);
  if (cut || sheets.length > MOST.sheets) made.push(element("p", { textContent: "The file has more sheets." }));
  return made;
}

function section({ name, rows, cut }) {
  const width = Math.min(MOST.columns, Math.max(0, ...rows.map((row) => row.length)));
  const shown = rows.slice(0, MOST.rows);
  const title = element("h3", { textContent: name || "Table" });
  if (width === 0) return element("section", {}, title, element("p", { textContent: "Empty." }));
  const head = element("tr", {}, element("td"), ...Array.from({ length: width }, (_, at) => heading("col", letters(at))));
  const body = shown.map((row, at) => element("tr", {}, heading("row", String(at + 1)), ...cells(row, width)));
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
  // To be scrolled by keyboard, which takes something that can be focused.
  const box = element("div", { className: "table", role: "region", tabIndex: 0, "aria-label": name || "Table" }, table);
  const more = cut || rows.length > MOST.rows ? element("p", { textContent: "These are its first rows and columns." }) : null;
  return element("section", {}, title, box, more);
}

function heading(scope, textContent) {
  return element("th", { scope, textContent });
}

function cells(row, width) {
  return Array.from({ length: width }, (_, at) => {
    const text = String(row[at] ?? "").slice(0, MOST.characters);
    return element("td", { textContent: text, className: NUMBER.test(text) ? "number" : "" });
  });
}

/** 0 → "A", 25 → "Z", 26 → "AA", as spreadsheets name their columns. */
function letters(at) {
  return (at > 25 ? letters(Math.floor(at / 26) - 1) : "") + String.fromCharCode(65 + (at % 26));
}
