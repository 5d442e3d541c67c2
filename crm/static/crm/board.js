// Dragging a card presses its own form's button for the column it is dropped on.
(() => {
  let dragged = null;
  const columns = document.querySelectorAll("[data-stage]");

  document.querySelectorAll("[data-lead][draggable]").forEach((card) => {
    card.addEventListener("dragstart", (event) => {
      dragged = card;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", card.dataset.lead);
      card.classList.add("board-dragged");
    });
    card.addEventListener("dragend", () => {
      dragged = null;
      card.classList.remove("board-dragged");
      columns.forEach((column) => column.classList.remove("board-target"));
    });
  });

  columns.forEach((column) => {
    const takes = () => dragged && dragged.closest("[data-stage]") !== column;
    column.addEventListener("dragover", (event) => {
      if (!takes()) return;
      event.preventDefault();
      column.classList.add("board-target");
    });
    column.addEventListener("dragleave", (event) => {
      if (!column.contains(event.relatedTarget)) column.classList.remove("board-target");
    });
    column.addEventListener("drop", (event) => {
      if (!takes()) return;
      event.preventDefault();
      const form = dragged.querySelector("form");
      const stage = document.createElement("input");
      stage.type = "hidden";
      stage.name = "stage";
      stage.value = column.dataset.stage;
      form.append(stage);
      form.submit();
    });
  });
})();
