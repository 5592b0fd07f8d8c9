// The field for phones: names and groups that match what is being typed, joined with "&".
"use strict";
(() => {
  const MAX_OPTIONS = 8;
  for (const field of document.querySelectorAll("input[data-recipients]")) {
    const names = [...document.getElementById(field.dataset.recipients).options]
      .map((option) => ({ name: option.value, kind: option.textContent }));
    field.removeAttribute("list");
    const list = document.createElement("ul");
    list.id = `${field.id}-options`;
    list.className = "options";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Phones and groups");
    field.after(list);
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"],
      ["aria-expanded", "false"], ["aria-controls", list.id]]) field.setAttribute(name, value);
    let active = -1;

    const parts = () => field.value.split("&");
    const show = () => {
      const all = parts();
      const typed = all[all.length - 1].trim().toLowerCase();
      const chosen = new Set(all.slice(0, -1).map((part) => part.trim()));
      const found = names.filter(({ name, kind }) => !chosen.has(name) && name !== all[all.length - 1].trim() &&
        (name.toLowerCase().includes(typed) || kind.toLowerCase().includes(typed)));
      list.replaceChildren(...found.slice(0, MAX_OPTIONS).map(({ name, kind }, index) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${index}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.name = name;
        const words = document.createElement("small");
        words.textContent = kind;
        option.append(name, " ", words);
        // Before the field loses the focus.
        option.addEventListener("pointerdown", (event) => { event.preventDefault(); choose(name); });
        return option;
      }));
      active = -1;
      list.hidden = found.length === 0;
      field.setAttribute("aria-expanded", String(!list.hidden));
      field.removeAttribute("aria-activedescendant");
    };
    const hide = () => { list.hidden = true; field.setAttribute("aria-expanded", "false"); };
    const choose = (name) => {
      const all = parts();
      all[all.length - 1] = name;
      field.value = all.join("&");
      hide();
      field.dispatchEvent(new Event("input", { bubbles: true }));
      hide();
    };
    const move = (by) => {
      const options = [...list.children];
      if (options.length === 0) return;
      active = (active + by + options.length) % options.length;
      options.forEach((option, index) => option.setAttribute("aria-selected", String(index === active)));
      field.setAttribute("aria-activedescendant", options[active].id);
    };
    field.addEventListener("input", () => { if (document.activeElement === field) show(); });
    field.addEventListener("focus", show);
    field.addEventListener("blur", hide);
    field.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) show();
        move(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Enter" && !list.hidden && 0 <= active) {
        event.preventDefault();
        choose(list.children[active].dataset.name);
      } else if (event.key === "Escape") {
        hide();
      }
    });
  }
})();
