// Metadata rows: there is always one empty row at the end to type into.
"use strict";

document.addEventListener("input", (event) => {
  const row = event.target.closest("[data-pairs-row]");
  if (!row || row.nextElementSibling) return;
  const added = row.cloneNode(true);
  for (const field of added.querySelectorAll("input, textarea")) field.value = "";
  row.after(added);
});
