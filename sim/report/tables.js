"use strict";

/* Tables that sort by a click on a head, show the rows that hold some words, and can be saved as CSV. */

function keyOf(cell) {
  const text = cell.dataset.value ?? cell.firstChild?.textContent.trim() ?? "";
  const digits = text.replace(/,/g, "").match(/^[-+]?[\d.]+(e[-+]?\d+)?(?=$|\s)/i);
  return digits ? Number(digits[0]) : text.toLowerCase();
}

/* Numbers stand before words, and what is not known stands last. */
function compare(one, other, way) {
  if (one === "" || other === "") return (one === "") - (other === "");
  if (typeof one !== typeof other) return typeof one === "number" ? -1 : 1;
  return way * ((one > other) - (one < other));
}

function makeSortable(table, head, place) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = head.textContent;
  head.replaceChildren(button);
  button.addEventListener("click", () => {
    const way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
    const rows = Array.from(table.tBodies[0].rows, (row) => [keyOf(row.cells[place]), row]);
    rows.sort(([one], [other]) => compare(one, other, way));
    table.tBodies[0].append(...rows.map(([, row]) => row));
  });
}

function addFilter(table, bar) {
  const label = document.createElement("label"), input = document.createElement("input");
  input.type = "search";
  label.append("Show rows with ", input);
  bar.append(label);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const row of table.tBodies[0].rows) {
      row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
    }
  });
}

/* Columns that are in the way are left out, of the file that is saved too. */
function addColumns(table, bar) {
  const frame = document.createElement("details"), title = document.createElement("summary");
  title.textContent = "Columns";
  frame.className = "columns";
  frame.append(title);
  Array.from(table.tHead.rows[0].cells).forEach((head, place) => {
    const label = document.createElement("label"), box = document.createElement("input");
    Object.assign(box, { type: "checkbox", checked: true });
    label.append(box, ` ${head.textContent}`);
    frame.append(label);
    box.addEventListener("change", () => {
      for (const row of table.rows) row.cells[place].hidden = !box.checked;
    });
  });
  bar.after(frame);
}

function addSaving(table, bar) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Save as CSV";
  bar.append(button);
  button.addEventListener("click", () => {
    const quoted = (cell) => `"${(cell.dataset.value ?? cell.textContent).trim().replaceAll('"', '""')}"`;
    const rows = Array.from(table.rows).filter((row) => !row.hidden);
    const text = rows.map((row) => Array.from(row.cells).filter((cell) => !cell.hidden).map(quoted).join(",")).join("\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/csv" }));
    link.download = `${document.title.split(" · ")[0].replace(/\W+/g, "-")}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
}

for (const table of document.querySelectorAll("table.sortable")) {
  const bar = document.createElement("p");
  bar.className = "controls";
  addFilter(table, bar);
  addSaving(table, bar);
  table.parentElement.before(bar);
  addColumns(table, bar);
  Array.from(table.tHead.rows[0].cells).forEach((head, place) => makeSortable(table, head, place));
}
