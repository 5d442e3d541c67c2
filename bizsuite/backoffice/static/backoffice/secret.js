// The page with new secrets: copying them, and an address that is safe to reload.
"use strict";

const panel = document.querySelector("[data-replace-address]");
if (panel) history.replaceState(null, "", panel.dataset.replaceAddress);

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const secret = button.parentElement.querySelector("[data-secret]");
    const label = button.querySelector("[data-label]");
    try {
      await navigator.clipboard.writeText(secret.textContent);
      label.textContent = button.dataset.copied;
    } catch {
      // No clipboard without HTTPS: select it, so that Ctrl+C does.
      getSelection().selectAllChildren(secret);
    }
  });
}
