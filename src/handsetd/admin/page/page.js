// What the views need beyond htmx: the menu, the banner while handsetd is gone, what stays across updates.
// Every view is readable without it.
"use strict";
(() => {
  const $ = (selector, root) => (root || document).querySelector(selector);
  const $$ = (selector, root) => [...(root || document).querySelectorAll(selector)];

  // The menu folds on narrow displays.
  const menu = $("#menu");
  if (menu) {
    document.body.classList.add("folds");
    menu.hidden = false;
    menu.addEventListener("click", () => {
      const open = document.body.classList.toggle("open");
      menu.setAttribute("aria-expanded", String(open));
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && document.body.classList.contains("open")) menu.click();
    });
  }

  // The banner: shown when the stream of updates or a request fails, until the daemon lives again. Then the
  // page is reloaded, since it may be of another version; forms are kept.
  let gone = false;
  let leaving = false;
  // A browser keeps a page that was left, for the button Back, with its stream of updates; six of them are all
  // the connections to one host. So the stream is closed, and the page reloaded when it is shown again.
  const streams = [];
  if (window.htmx) htmx.createEventSource = (url) => {
    const stream = new EventSource(url, { withCredentials: true });
    streams.push(stream);
    return stream;
  };
  window.addEventListener("pagehide", () => {
    leaving = true;
    for (const stream of streams.splice(0)) stream.close();
  });
  window.addEventListener("pageshow", (event) => {
    leaving = false;
    if (event.persisted) location.reload();
  });
  const lives = () => fetch("/health/live", { cache: "no-store" }).then((reply) => reply.ok, () => false);
  const watch = async () => {
    if (gone || leaving) return;
    gone = true;
    // A stream also ends at a reload or a log-out.
    if (await lives()) { gone = false; return; }
    $("#gone").hidden = false;
    const again = async () => {
      if (await lives()) location.reload(); else setTimeout(again, 1000);
    };
    setTimeout(again, 1000);
  };
  document.addEventListener("htmx:sseError", watch);
  document.addEventListener("htmx:sendError", watch);

  // Empty filters are left out of the address.
  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.target.matches("[data-filters]")) return;
    const parameters = event.detail.formData;
    for (const [name, value] of [...parameters.entries()]) if (value === "") parameters.delete(name);
  });

  // What must happen once has a key: a second click within a moment has that of the first, also if the list
  // was replaced meanwhile, so that the daemon knows it again.
  const MOMENT = 3000;
  const keys = new Map();
  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.target.matches("[data-once]")) return;
    const { path, headers } = event.detail;
    let known = keys.get(path);
    if (!known || MOMENT < Date.now() - known.at) {
      const random = [...crypto.getRandomValues(new Uint8Array(16))];
      known = { key: random.map((byte) => byte.toString(16).padStart(2, "0")).join(""), at: Date.now() };
      keys.set(path, known);
    }
    headers["Idempotency-Key"] = known.key;
  });

  // Updates leave open what is open, and the focus where it is.
  let open = new Set();
  let focused = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    open = new Set($$("details[id][open]", event.detail.target).map((details) => details.id));
    const active = document.activeElement;
    focused = active && event.detail.target.contains(active) ? path(active) : null;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    for (const id of open) { const details = document.getElementById(id); if (details) details.open = true; }
    localTimes(event.detail.target);
    if (focused && !document.activeElement.closest("main")) { const again = $(focused); if (again) again.focus(); }
  });
  // A selector that finds the same control in the next version of a list.
  const path = (element) => {
    for (const name of ["id", "aria-label", "href", "name"]) {
      const value = element.getAttribute(name);
      if (value) return `${element.localName}[${name}="${CSS.escape(value)}"]`;
    }
    const details = element.closest("details[id]");
    return details ? `#${CSS.escape(details.id)} > ${element.localName}` : null;
  };

  // Lists that are paused ignore updates.
  for (const button of $$("[data-pauses]")) {
    button.hidden = false;
    const list = document.getElementById(button.dataset.pauses);
    button.addEventListener("click", () => {
      const paused = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(paused));
      list.dataset.paused = String(paused);
      if (!paused) htmx.trigger(list, "refresh");
    });
    list.addEventListener("htmx:beforeRequest", (event) => {
      if (event.target === list && list.dataset.paused === "true") event.preventDefault();
    });
  }

  // Times are sent in UTC, and shown in the time of the reader.
  const two = (number) => String(number).padStart(2, "0");
  const localTimes = (root) => {
    for (const time of $$("time[datetime]", root)) {
      const at = new Date(time.dateTime);
      if (isNaN(at)) continue;
      time.title = `${time.dateTime} (UTC)`;
      time.textContent = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ` +
        `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
    }
  };
  localTimes(document);

  // What is written into a form is kept for this tab, until it is sent or the address fills in another.
  for (const form of $$("form[data-keep]")) {
    const key = `form:${form.dataset.keep}`;
    const save = () => sessionStorage.setItem(key, JSON.stringify([...new FormData(form)].filter(([name]) => name !== "csrf")));
    const fill = (pairs) => {
      for (const [name, value] of pairs) {
        const field = form.elements.namedItem(name);
        if (field && "value" in field) field.value = value;
      }
    };
    const kept = location.search ? null : JSON.parse(sessionStorage.getItem(key) || "null");
    form.addEventListener("input", save);
    form.addEventListener("change", save);
    document.addEventListener("htmx:afterRequest", (event) => {
      if (event.detail.successful && event.detail.pathInfo.requestPath === "/page/send") sessionStorage.removeItem(key);
    });
    if (!kept) continue;
    const verb = form.elements.namedItem("verb");
    const wanted = kept.find(([name]) => name === "verb");
    fill(kept);
    const ready = verb && wanted && verb.value === wanted[1]
      ? htmx.ajax("GET", `/page/fields?verb=${encodeURIComponent(verb.value)}`, "#fields")
      : Promise.resolve();
    ready.then(() => { fill(kept); form.dispatchEvent(new Event("input", { bubbles: true })); });
  }
})();
