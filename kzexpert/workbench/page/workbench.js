"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const said = byId("said");

  // On a narrow screen the list folds once a judgement is open; on a wide one it scrolls to it, and nothing else does.
  const open = document.querySelector(".ledger [aria-current]");
  if (byId("act") && matchMedia("(max-width: 64rem)").matches) byId("ledger-fold").open = false;
  else if (open) byId("ledger").scrollTop = open.offsetTop - byId("ledger").clientHeight / 2;

  // What comes behind a button that is gone takes its focus.
  addEventListener("htmx:afterSettle", (event) => event.target.querySelector?.("[autofocus]")?.focus());
  addEventListener("htmx:sendError", () => { said.textContent = "The workbench does not answer: it has been stopped. What you wrote is still here."; });

  // --- what if -------------------------------------------------------------------------------------------------------
  const trial = byId("what-if");
  trial?.addEventListener("input", (event) => {
    const shown = event.target.parentElement.querySelector("output");
    const value = Number(event.target.value);
    if (shown) shown.value = value ? `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}` : "left out";
  });
  trial?.addEventListener("reset", () => setTimeout(() => {
    trial.querySelectorAll("[type=range]").forEach((item) => item.dispatchEvent(new Event("input", { bubbles: true })));
    trial.requestSubmit();
  }));

  // --- acts of reviewers -----------------------------------------------------------------------------------------------
  const act = byId("act");
  if (!act) return;
  const form = act.querySelector("form");
  addEventListener("click", (event) => {
    const button = event.target.closest(".act");
    if (!button) return;
    const { kind, name } = button.dataset;
    form.reset();
    form.elements.kind.value = kind;
    form.elements.name.value = name;
    byId("act-title").textContent = kind === "judgement" ? "Review the judgement" : `Review the ${kind}`;
    byId("act-name").textContent = kind === "judgement" ? document.querySelector("main h1").textContent : name;
    act.querySelectorAll(".whole").forEach((item) => {
      item.hidden = item.querySelector("input").disabled = kind !== "judgement";
    });
    form.elements.reason.required = kind !== "judgement";
    byId("act-said").textContent = said.textContent = "";
    act.showModal();
  });
  act.querySelector(".cancel").addEventListener("click", () => act.close());
  addEventListener("recorded", () => act.close());
})();
