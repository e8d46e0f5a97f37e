"use strict";

/* Sorts the list of results by a column, and shows the rows that hold some words. */

const table = document.querySelector("table");
const body = table.tBodies[0];
const heads = Array.from(table.tHead.rows[0].cells);

function keyOf(row, place) {
  const value = row.cells[place].dataset.value;
  return value === "" || Number.isNaN(Number(value)) ? value.toLowerCase() : Number(value);
}

function compare(one, other) {
  if (one === "" || other === "") return (one === "") - (other === ""); // what is not known stands last
  return typeof one === typeof other ? (one > other) - (one < other) : typeof one === "number" ? -1 : 1;
}

heads.forEach((head, place) => {
  head.querySelector("button").addEventListener("click", () => {
    const way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
    const rows = Array.from(body.rows).map((row) => [keyOf(row, place), row]);
    rows.sort(([one], [other]) => (one === "" || other === "" ? 1 : way) * compare(one, other));
    body.append(...rows.map(([, row]) => row));
  });
});

document.getElementById("filter").addEventListener("input", ({ target }) => {
  const words = target.value.toLowerCase().split(/\s+/);
  for (const row of body.rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
});
