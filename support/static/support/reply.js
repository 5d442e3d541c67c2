"use strict";
// The box below a ticket's conversation: canned texts, the names of chosen files, and a warning
// before what was typed is lost.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("reply-form");
  if (!form) return;
  const message = form.elements.message;
  const names = form.querySelector(".reply-files-names");
  const nothing = names.textContent;

  const canned = form.querySelector(".reply-canned");
  canned?.addEventListener("change", () => {
    const typed = message.value.trimEnd();
    message.value = typed ? `${typed}\n\n${canned.value}` : canned.value;
    canned.value = "";
    message.focus();
  });

  form.addEventListener("change", (event) => {
    if (event.target !== form.elements.files) return;
    // Not on to the theme's own listener: it fails where no text field stands beside the files.
    event.stopPropagation();
    const chosen = Array.from(event.target.files, (file) => file.name);
    names.textContent = chosen.join(", ") || nothing;
  }, { capture: true });

  let sending = false;
  form.addEventListener("submit", () => { sending = true; });
  window.addEventListener("beforeunload", (event) => {
    if (!sending && message.value.trim()) event.preventDefault();
  });
});
