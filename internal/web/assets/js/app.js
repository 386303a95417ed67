// Everything works without this file; it only makes some things quicker or kinder.
import "htmx.org";

// A form goes once: a second press while the first is on its way does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.method !== "post") return;
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
});

// Coming back to a page kept by the browser: its forms may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  }
});

// The page prints from the browser's own menu; the button is a shorter way.
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) window.print();
});

function ready() {
  for (const button of document.querySelectorAll("[data-print][hidden]")) button.hidden = false;
  for (const toast of document.querySelectorAll(".av-toast:not(.is-static)")) setTimeout(() => toast.remove(), 6000);
}

// A part of the page was replaced: say so to who does not see it.
document.addEventListener("htmx:after:swap", (event) => {
  ready();
  const heading = event.target.querySelector?.("[data-focus]");
  if (heading) {
    heading.tabIndex = -1;
    heading.focus();
  }
});

ready();
